"""verify --lock: dvc.lock against dvc.yaml, code, params and metrics of the tree, without data."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import zc.lockfile
from conftest import Run, edit
from test_verify import MODEL, VERIFY, entry, rewrite


@pytest.fixture
def bare(reproduced: Path) -> Path:
    """A project without its data, as a fresh clone is."""
    card = (reproduced / "data/model/README.md").read_bytes()
    shutil.rmtree(reproduced / "data")
    (reproduced / "data/model").mkdir(parents=True)
    (reproduced / "data/model/README.md").write_bytes(card)  # which git holds
    shutil.rmtree(reproduced / ".dvc/cache")
    return reproduced


def test_the_lock_of_a_fresh_clone_is_in_step(bare: Path, run: Run) -> None:
    done = run(*VERIFY, "--lock")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "verify: every dvc.lock is in step with its dvc.yaml, code, params and metrics\n"


Change = Callable[[Path], object]
MODIFIED: dict[str, Change] = {
    "train: changed deps: pipeline/model.py (modified)": lambda p: (p / "pipeline/model.py").write_text("1"),
    "train: changed deps: pipeline/metrics.py (deleted)": lambda p: (p / "pipeline/metrics.py").unlink(),
    "train: changed deps: params.yaml.train (modified)": lambda p: edit(p / "params.yaml", train__C=3),
    "evaluate: changed outs: metrics/test.json (modified)": lambda p: (p / "metrics/test.json").write_text("{}"),
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
    "train: data/parquet/train.parquet: another hash than an earlier stage has": rewrite(
        lambda stages: entry(stages, "train", "data/parquet/train.parquet", "deps").update(md5="0" * 32)
    ),
    "gate: pipeline/files.py: another hash than": rewrite(
        lambda stages: entry(stages, "gate", "pipeline/files.py", "deps").update(md5="0" * 32)
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
        "verify: error: not in step; run `dvc repro`, of leaderboard/dvc.yaml too where it is named, and commit:\n"
    )
    assert [finding for finding in changes if finding not in done.stderr] == []


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
