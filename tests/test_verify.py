"""verify: dvc.lock against the tree, and against a run in a clean clone."""

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, Run, commit, edit

from pipeline.commands import verify as command
from pipeline.history.lock import Lock, parse
from pipeline.history.verify import clean_clone, verification
from pipeline.history.verify.verification import DIFFERENT, EQUIVALENT, IDENTICAL

VERIFY = (sys.executable, "-m", "pipeline", "verify")
MODEL, PREDICTIONS = "data/model/model.skops", "metrics/predictions.csv"
Change = Callable[[dict[str, Any]], object]


def entry(stages: dict[str, Any], stage: str, path: str, kind: str = "outs") -> dict[str, Any]:
    """The entry of a dvc.lock for one path of a stage."""
    return next(item for item in stages[stage][kind] if item["path"] == path)


def changed(change: Change) -> Lock:
    content = yaml.safe_load((ROOT / "dvc.lock").read_text())
    change(content["stages"])
    return parse(yaml.safe_dump(content).encode(), "dvc.lock")


def other_model(stages: dict[str, Any]) -> None:
    entry(stages, "train", MODEL)["md5"] = entry(stages, "evaluate", MODEL, "deps")["md5"] = "0" * 32


def other_predictions(stages: dict[str, Any]) -> None:
    entry(stages, "evaluate", PREDICTIONS)["md5"] = "0" * 32


LOCK = changed(lambda stages: None)


def inputs(stage: str, fewer: int = 0) -> tuple[str, str]:
    """The stage, and how many inputs its row names: its command, its params and each dependency."""
    return stage, f"{2 + len(LOCK.stages[stage].deps) - fewer} inputs"


def verdicts(change: Change) -> dict[tuple[str, str], str]:
    """The rows that are not identical, if a reproduction gives the committed dvc.lock with a change."""
    rows = verification.compare(LOCK, changed(change))
    return {(row.stage, row.record): row.verdict for row in rows if row.verdict != IDENTICAL}


def test_the_same_lock_is_identical_in_every_row() -> None:
    rows = verification.compare(LOCK, LOCK)
    assert {row.verdict for row in rows} == {IDENTICAL}
    assert [row.record for row in rows if row.stage == "download"] == [inputs("download")[1], "data/raw"]
    assert len(rows) == len(LOCK.stages) + len(LOCK.outs)


def test_another_model_with_the_same_predictions_is_equivalent() -> None:
    assert verdicts(other_model) == {("train", MODEL): EQUIVALENT, inputs("evaluate"): EQUIVALENT}


def test_another_model_with_other_predictions_is_different() -> None:
    def both(stages: dict[str, Any]) -> None:
        other_model(stages)
        other_predictions(stages)

    found = verdicts(both)
    assert set(found) == {("train", MODEL), inputs("evaluate"), ("evaluate", PREDICTIONS)}
    assert set(found.values()) == {DIFFERENT}


@pytest.mark.parametrize(
    ("change", "row"),
    [
        (lambda stages: stages["train"].update(cmd="true"), inputs("train")),
        (lambda stages: stages["train"]["params"]["params.yaml"]["train"].update(C=3), inputs("train")),
        (lambda stages: entry(stages, "inspect", "data/raw", "deps").update(md5="x"), inputs("inspect")),
        (lambda stages: stages["gate"]["deps"].pop(), inputs("gate", fewer=1)),
        (lambda stages: entry(stages, "convert", "data/parquet").update(md5="x"), ("convert", "data/parquet")),
        (lambda stages: stages["gate"]["outs"].pop(0), ("gate", "metrics/passed.json")),
    ],
)
def test_anything_else_is_different(change: Change, row: tuple[str, str]) -> None:
    assert verdicts(change) == {row: DIFFERENT}


def test_a_stage_that_only_one_lock_has_is_different_in_every_row() -> None:
    for change in (lambda stages: stages.pop("evaluate"), lambda stages: stages.update(report=stages["evaluate"])):
        assert set(verdicts(change).values()) == {DIFFERENT}
        assert len(verdicts(change)) == 1 + len(LOCK.stages["evaluate"].outs)


def test_packages_other_than_the_pinned_ones_are_named() -> None:
    pins = (ROOT / "requirements/run.txt").read_text()
    assert list(clean_clone.foreign_packages(pins)) == []
    other = "absent-package==1.0\npyarrow==1.2.3 ; python_version >= '3.11' \\\n    --hash=sha256:00\n"
    (words,) = clean_clone.foreign_packages(other)
    assert words.endswith("is installed, 1.2.3 is pinned")


def rewrite(change: Change) -> Callable[[Path], object]:
    """A change of dvc.lock."""

    def apply(project: Path) -> None:
        content = yaml.safe_load((project / "dvc.lock").read_text())
        change(content["stages"])
        (project / "dvc.lock").write_text(yaml.safe_dump(content))

    return apply


def test_a_wrong_call_is_one_line(reproduced: Path, run: Run) -> None:
    commit(run)
    for call in (["nowhere"], ["workspace"], ["--lock", "HEAD"]):
        done = run(*VERIFY, *call)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_the_workspace_s_raw_files_are_offered_where_each_can_be_proven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command.own_files() is None
    shutil.copy(ROOT / "params.yaml", tmp_path)
    assert command.own_files() is None
    (tmp_path / "data/raw").mkdir(parents=True)
    for dataset, offered in [("mnist", "data/raw"), ("kmnist", None), ("absent", None)]:
        edit(tmp_path / "params.yaml", dataset=dataset)
        assert command.own_files() == offered


@pytest.mark.slow
def test_an_experiment_is_reproduced_and_nothing_of_it_stays_and_a_commit_whose_lock_lags_is_not(
    reproduced: Path, run: Run, tmp_path: Path
) -> None:
    commit(run)
    assert run("dvc", "exp", "run", "--name", "weak", "-S", "train.C=0.001").returncode == 0
    shutil.rmtree(reproduced / ".dvc/cache")
    (temporary := tmp_path / "temporary").mkdir()
    before = sorted(os.walk(reproduced))
    done = run(*VERIFY, "weak", TMPDIR=str(temporary), PIPELINE_SOURCE="../mirror/{name}")
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert len(rows) == len(LOCK.stages) + len(LOCK.outs)
    assert {row[-1] for row in rows} == {IDENTICAL}
    assert list(temporary.iterdir()) == []
    assert sorted(os.walk(reproduced)) == before

    run("git", "restore", "--source=HEAD", "dvc.lock")
    commit(run, "another C and its metrics, but not its lock")
    (reproduced / "params.yaml").write_text("not: committed")  # which is said
    done = run(*VERIFY)
    assert done.returncode == 1
    warning = r"verify: warning: uncommitted changes are no part of HEAD \(\w+\): params.yaml\n"
    assert re.search(warning, done.stderr)
    first, *others = done.stdout.splitlines()
    assert first.split()[:2] == ["lock", "method:"]
    assert any(row.split()[0] == "train" and DIFFERENT in row for row in others)


@pytest.mark.slow
def test_fabricated_metrics_are_found_though_the_lock_fits_and_another_model_is_equivalent(
    reproduced: Path, run: Run
) -> None:
    scores = json.loads((reproduced / "metrics/test.json").read_text()) | {"errors": -1}
    (reproduced / "metrics/test.json").write_text(json.dumps(scores))
    (reproduced / "metrics/validation.json").write_text("no JSON")
    assert run("dvc", "commit", "--force").returncode == 0, "dvc.lock now has the fabricated metrics"
    rewrite(other_model)(reproduced)
    (reproduced / "data/model/model.skops").unlink()
    assert run(*VERIFY, "--lock").returncode == 0
    commit(run)
    done = run(*VERIFY, "HEAD")
    assert done.returncode == 1
    assert re.search(rf"^train +{MODEL} +{EQUIVALENT} ", done.stdout, re.MULTILINE)
    found = {words[0]: words for words in map(str.split, done.stdout.splitlines()) if DIFFERENT in words}
    assert found.keys() == {"card", "evaluate", "train"}
    assert found["train"][1:4] == ["metrics/validation.json", "different", hashlib.md5(b"no JSON").hexdigest()]
    assert found["evaluate"][1:] == ["metrics/test.json", "different", "errors", "-1", "->", "0"]
    assert found["card"][2:4] == ["inputs", "different"]
    assert "not reproduced; see the rows that are different" in done.stderr


@pytest.mark.slow
def test_a_pipeline_that_fails_in_the_clone_is_said(reproduced: Path, run: Run) -> None:
    edit(reproduced / "pipeline/datasets/tiny.yaml", train__expect__images__ink__each=[60, 63])
    commit(run)
    done = run(*VERIFY)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("`dvc repro` failed in a clean clone; its output is above\n")
    shutil.rmtree(reproduced / "data/raw")
    nowhere = {"PIPELINE_SOURCE": str(reproduced / "nowhere"), "PIP_INDEX_URL": "http://127.0.0.1:9"}
    assert run(*VERIFY, **nowhere).returncode == 3
