"""verify --lock: dvc.lock against dvc.yaml, code, params and metrics of the workspace, without data."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zc.lockfile
from conftest import Run, edit
from test_verify import MODEL, VERIFY, entry, rewrite

from pipeline.history.lock import Entry, Lock, Stage
from pipeline.history.verify import step


@pytest.fixture
def bare(reproduced: Path) -> Path:
    """A project without its data, like a fresh clone."""
    card = (reproduced / "data/model/README.md").read_bytes()
    shutil.rmtree(reproduced / "data")
    (reproduced / "data/model").mkdir(parents=True)
    (reproduced / "data/model/README.md").write_bytes(card)  # git holds it
    shutil.rmtree(reproduced / ".dvc/cache")
    return reproduced


def test_the_lock_of_a_fresh_clone_is_in_step(bare: Path, run: Run) -> None:
    done = run(*VERIFY, "--lock")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "verify: every dvc.lock is in step with its dvc.yaml, code, params and metrics\n"


Change = Callable[[Path], object]
MODIFIED: dict[str, Change] = {
    "train: changed deps: pipeline/models (modified)": lambda p: (p / "pipeline/models/onnx.py").write_text("1"),
    "gate: changed deps: pipeline/gates (modified)": lambda p: (p / "pipeline/gates/evidence/probe.py").unlink(),
    "inspect: changed deps: pipeline/rows (deleted)": lambda p: shutil.rmtree(p / "pipeline/rows"),
    "train: changed deps: params.yaml.train (modified)": lambda p: edit(p / "params.yaml", train__C=3),
    "evaluate: changed outs: metrics/test.json (modified)": lambda p: (p / "metrics/test.json").write_text("{}"),
    "card: changed deps: metrics (modified)": lambda p: None,
    "evaluate: changed outs: metrics/recall.csv (deleted)": lambda p: (p / "metrics/recall.csv").unlink(),
    "gate: changed command": lambda p: edit(p / "dvc.yaml", stages__gate__cmd="true"),
    "report: not in dvc.lock": lambda p: edit(p / "dvc.yaml", stages__report={"cmd": "true"}),
    "download: frozen, so DVC does not look": lambda p: edit(p / "dvc.yaml", stages__download__frozen=True),
}
REWRITTEN: dict[str, Change] = {
    "evaluate: not in dvc.lock": rewrite(lambda stages: stages.pop("evaluate")),
    "old: not in dvc.yaml": rewrite(lambda stages: stages.update(old=stages["inspect"])),
    "inspect: data/raw: another hash than that of the stage that writes it": rewrite(
        lambda stages: entry(stages, "inspect", "data/raw", "deps").update(md5="0" * 32)
    ),
    "gate: data/parquet: another hash than that of the stage that writes it": rewrite(
        lambda stages: entry(stages, "gate", "data/parquet", "deps").update(md5="0" * 32)
    ),
    "gate: pipeline/base: another hash than an earlier stage has": rewrite(
        lambda stages: entry(stages, "gate", "pipeline/base", "deps").update(md5="0" * 32)
    ),
}
MODEL_REWRITTEN: dict[str, Change] = {
    f"evaluate: {MODEL}: another hash than": rewrite(
        lambda stages: entry(stages, "train", MODEL).update(md5="0" * 32)
    ),
}
NO_STAGES: list[dict[str, Change]] = [
    {"gate: not in dvc.yaml": lambda p: (p / "dvc.yaml").write_text("{}")},
    {"gate: not in dvc.yaml": lambda p: (p / "dvc.yaml").write_text("")},
]


@pytest.mark.parametrize("changes", [MODIFIED, REWRITTEN, MODEL_REWRITTEN, *NO_STAGES])
def test_a_lock_out_of_step_is_named_with_all_that_is(bare: Path, run: Run, changes: dict[str, Change]) -> None:
    for change in changes.values():
        change(bare)
    done = run(*VERIFY, "--lock")
    assert done.returncode == 1
    assert done.stderr.startswith(
        "verify: error: not in step; run `dvc repro`, also of leaderboard/dvc.yaml if it is named here, "
        "and commit:\n"
    )
    assert [finding for finding in changes if finding not in done.stderr] == []


def test_stages_that_read_a_file_of_a_folder_are_held_to_each_other() -> None:
    """The stage that writes the folder has no hash of the file."""
    path = "data/parquet/train.parquet"
    convert = Stage("convert", outs=[Entry("data/parquet", f"{'c' * 32}.dir")])
    stages = {"convert": convert, "train": Stage("train", [Entry(path, "a" * 32)])}
    stages["score"] = Stage("score", [Entry(path, "b" * 32)])
    declared = {name: {"cmd": name} for name in stages}
    assert step.findings_on(Lock(stages), declared, {}) == [
        f"score: {path}: another hash than an earlier stage has"
    ]


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ({"data/model": "modified"}, []),
        ({"data": "deleted"}, []),
        ({"data/model": "modified", "metrics": "modified"}, ["card: changed deps: metrics (modified)"]),
        ({"metrics": "deleted"}, ["card: changed deps: metrics (deleted)"]),
    ],
)
def test_a_folder_that_holds_outputs_may_lack_data_but_nothing_else(
    status: dict[str, str], found: list[str]
) -> None:
    declared: dict[str, Any] = {
        "train": {"outs": ["data/model/model.skops", {"metrics/validation.json": {"cache": False}}]},
        "card": {},
    }
    recorded = Lock({name: Stage(name) for name in declared})
    absent = [{"changed outs": {"data/model/model.skops": "deleted"}}]
    assert step.findings_on(recorded, declared, {"train": absent, "card": [{"changed deps": status}]}) == found


def test_a_folder_is_judged_if_its_data_are_there() -> None:
    declared = {"train": {"outs": ["data/model/model.skops"]}, "card": {}}
    recorded = Lock({name: Stage(name) for name in declared})
    status = {"card": [{"changed deps": {"data/model": "modified"}}, "changed command"]}
    assert step.findings_on(recorded, declared, status) == [
        "card: changed deps: data/model (modified)",
        "card: changed command",
    ]


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (lambda p: (p / "dvc.lock").unlink(), 3, "dvc.lock: not found; run `dvc repro` and commit it"),
        (lambda p: (p / "dvc.lock").write_text("<<<<<<< HEAD\na: 1\n"), 2, "dvc.lock: expected YAML, found"),
        (lambda p: (p / "dvc.lock").write_text("stages: 3\n"), 2, "dvc.lock: Expected `object`"),
        (lambda p: (p / "dvc.yaml").write_text("stages: {"), 2, "dvc.yaml: expected YAML, found"),
    ],
)
def test_a_lock_that_is_none_is_one_line(
    bare: Path, run: Run, change: Callable[[Path], object], code: int, message: str
) -> None:
    change(bare)
    done = run(*VERIFY, "--lock")
    assert (done.returncode, done.stderr.count("\n")) == (code, 1)
    assert done.stderr.startswith(f"verify: error: {message}")


@pytest.mark.slow
def test_while_another_dvc_is_at_work_the_lock_is_not_judged(bare: Path, run: Run) -> None:
    other = zc.lockfile.LockFile(str(bare / ".dvc/tmp/lock"))
    try:
        done = run(*VERIFY, "--lock")
    finally:
        other.close()
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
