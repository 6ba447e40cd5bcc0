"""scripts/recover.py: what DVC left cut is taken away, and nothing else."""

import sys
from pathlib import Path

import pytest
import zc.lockfile
from conftest import ROOT, Run

RECOVER = (sys.executable, str(ROOT / "scripts/recover.py"))


def cut(path: Path, size: int = 0) -> None:
    path.write_bytes(path.read_bytes()[:size])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dvc.lock", ".dvc/tmp/rwlock"])
def test_dvc_stops_at_an_empty_file_and_goes_on_once_recovered(reproduced: Path, run: Run, name: str) -> None:
    run("git", "add", "dvc.lock")
    cut(reproduced / name)
    stopped = run("dvc", "repro")
    assert (stopped.returncode, "Traceback" in stopped.stderr) == (255, False)
    assert Path(name).name in stopped.stderr.replace("RWLock", "rwlock")
    assert run(*RECOVER).stderr.startswith("recover: ")
    assert run("dvc", "repro").stdout.count("didn't change, skipping") == 8


def test_a_lock_that_git_does_not_have_is_removed(reproduced: Path, run: Run) -> None:
    cut(reproduced / "dvc.lock", 20)
    assert "; removed" in run(*RECOVER).stderr
    assert not (reproduced / "dvc.lock").exists()


def test_whole_files_and_none_are_left_as_they_are(reproduced: Path, run: Run) -> None:
    before = (reproduced / "dvc.lock").read_bytes()
    (reproduced / ".dvc/tmp/rwlock").unlink()
    done = run(*RECOVER)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (reproduced / "dvc.lock").read_bytes() == before


def test_settings_that_cannot_be_read_are_left_to_dvc(reproduced: Path, run: Run) -> None:
    (reproduced / ".dvc/config").write_text("[core")
    done = run(*RECOVER)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_conflict_is_left_to_people(reproduced: Path, run: Run) -> None:
    lock = reproduced / "dvc.lock"
    for branch, text in [("base", "a"), ("ours", "b"), ("theirs", "c")]:
        run("git", "checkout", "--quiet", "-b", branch, *(["base"] if branch == "theirs" else []))
        lock.write_text(f"{text}\n")
        run("git", "add", "--force", "dvc.lock")
        run("git", "commit", "--quiet", "--message", branch)
    assert run("git", "merge", "ours").returncode == 1
    conflict = lock.read_text()
    assert "<<<<<<<" in conflict
    assert "unmerged" in run(*RECOVER).stderr
    assert lock.read_text() == conflict


@pytest.mark.slow
def test_while_another_dvc_is_at_work_nothing_is_touched(reproduced: Path, run: Run) -> None:
    cut(reproduced / "dvc.lock")
    other = zc.lockfile.LockFile(str(reproduced / ".dvc/tmp/lock"))
    try:
        assert run(*RECOVER).stderr == ""
    finally:
        other.close()
    assert (reproduced / "dvc.lock").read_bytes() == b""
