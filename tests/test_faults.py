"""Faults: `dvc repro` is killed anywhere, started twice at once, or the disk is full. The next run repairs it."""

import functools
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, Run, call_in, edit, environment, once, write_tiny
from disks import small_disks
from moments import Write, held

RECOVER = (sys.executable, str(ROOT / "scripts/recover.py"))
# In the order in which a run reaches them.
MOMENTS: dict[str, str | Write] = {
    "DVC has emptied its list of what runs": Write(".dvc/tmp/rwlock", 1),
    "download has written its files and replaced none": r"\.part -> \S*data/raw/",
    "DVC copies data/raw into its cache": r"\.dvc/cache/files/md5/../\w+$",
    "convert has replaced one of its files": r"\.part -> \S*data/parquet/test\.parquet",
    "between convert and gate": "-m pipeline gate",
    "train has replaced its report and not the model": r"\.part -> \S*data/model/model\.skops",
    "DVC has taken the model away, to put back its copy": r"\.tmp -> \S*data/model/model\.skops",
    "DVC has emptied dvc.lock": Write("dvc.lock", 1),
    "DVC has written half of dvc.lock": Write("dvc.lock", 2),
    "between train and evaluate": "-m pipeline evaluate",
    "evaluate has replaced all of its files but one": r"\.part -> \S*metrics/misclassified\.png",
}


def renew(project: Path) -> None:
    """Change the raw files and the split: every stage must run, and writes other results than before."""
    record = yaml.safe_dump(write_tiny(project.parent / "mirror", first_seed=2))
    (project / "pipeline/datasets/tiny.yaml").write_text(record)
    edit(project / "params.yaml", train__validation__rows=90)


def results(project: Path) -> dict[str, bytes]:
    """dvc.lock and every output, by path."""
    files = [path for folder in ("data", "metrics") for path in (project / folder).rglob("*") if path.is_file()]
    return {
        str(path.relative_to(project)): path.read_bytes()
        for path in [project / "dvc.lock", *files]
        if project / "data/docs" not in path.parents and not path.name.startswith(".")
    }


@pytest.fixture(scope="module")
def undisturbed(reproduced_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after its second `dvc repro`, on other data. Copy it; do not change it."""

    def make(folder: Path) -> None:
        shutil.copytree(reproduced_once.parent, folder, dirs_exist_ok=True)
        renew(folder / "project")
        done = call_in(folder / "project", folder / "mirror")("dvc", "repro")
        assert done.stdout.count("Running stage") == 8, done.stderr

    return once(tmp_path_factory, "undisturbed", make)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace, to stop within a write")
def test_killed_at_any_moment_and_started_again_it_ends_in_the_same(
    reproduced: Path, undisturbed: Path, run: Run
) -> None:
    renew(reproduced)
    for moment in MOMENTS.values():
        run("git", "add", "dvc.lock")
        with held(reproduced, moment) as repro:
            repro.kill()
        if isinstance(moment, Write):
            run(*RECOVER)  # as `make repro` does; after most such kills, DVC alone stops with an error
    done = run("dvc", "repro")
    assert done.returncode == 0, done.stderr
    assert results(reproduced) == results(undisturbed)
    assert not list(reproduced.rglob(".*.part"))


@pytest.mark.slow
def test_what_a_killed_checkout_leaves_is_no_part_of_the_data(reproduced: Path, run: Run) -> None:
    expected = results(reproduced)
    (reproduced / "data/parquet/train.parquet").unlink()
    with held(reproduced, r"\.tmp -> \S*/train\.parquet", "dvc", "checkout", "data/parquet") as checkout:
        checkout.kill()
    assert len(list((reproduced / "data/parquet").glob(".*.tmp"))) == 1
    done = run("dvc", "repro")
    assert (done.returncode, done.stdout.count("Running stage")) == (0, 1), done.stderr
    assert results(reproduced) == expected


WAITING = '''"""A method that waits for a file to go, the first time it is trained."""
import sys, time
from pathlib import Path
from sklearn.linear_model import LogisticRegression
def estimator(C=1.0):
    first = "train" in sys.argv and not Path("started").exists()
    if first:
        Path("started").touch()
    while first and Path("wait").exists():
        time.sleep(0.02)
    return LogisticRegression(C=C)
'''


@pytest.mark.slow
def test_a_stage_that_outlives_its_dvc_replaces_nothing(
    reproduced: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", "/bin/sh")  # on Debian, it stays between DVC and the command
    (reproduced / "pipeline/methods/waiting.py").write_text(WAITING)
    (reproduced / "wait").touch()
    edit(reproduced / "params.yaml", train__method="waiting", train__C=1.0)
    with held(reproduced, "-m pipeline train") as repro:
        (repro.scratch / "released").touch()
        while not (reproduced / "started").exists():
            assert repro.process.poll() is None
        repro.process.kill()
        repro.process.wait()
        assert run("dvc", "repro").returncode == 0
        expected = results(reproduced)
        (reproduced / "wait").unlink()
        printed = repro.release()  # ends with the stage
    assert (
        "train: error: metrics/validation.json: not written, because the DVC that runs this stage is gone"
        in printed
    )
    assert results(reproduced) == expected
    assert run("dvc", "status").stdout == "Data and pipelines are up to date.\n"


BUSY = r"ERROR: failed to reproduce '\w+': '\S+' is busy, it is being blocked by:\n  \(PID \d+\): \S+dvc repro\n"
WAITED = (
    "ERROR: Unable to acquire lock. Most likely another DVC process is running"  # after three seconds of trying
)


@pytest.mark.slow
def test_a_second_repro_meanwhile_stops_with_a_message_and_harms_nothing(reproduced: Path, run: Run) -> None:
    expected = results(reproduced)
    (reproduced / "data/model/model.skops").unlink()
    with held(reproduced, r"\.part -> \S*data/model/model\.skops") as first:
        second = run("dvc", "repro")
        printed = first.release()
    assert (first.process.returncode, second.returncode) == (0, 255), printed
    assert re.match(BUSY, second.stderr), second.stderr
    assert "Running stage" not in second.stdout
    assert results(reproduced) == expected


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(2))
def test_of_two_started_at_once_one_runs_the_stage(reproduced: Path, tmp_path: Path, attempt: int) -> None:
    expected = results(reproduced)
    (reproduced / "metrics/test.json").unlink()
    start = functools.partial(subprocess.Popen[str], ["dvc", "repro"], cwd=reproduced, text=True)
    pipe, variables = subprocess.PIPE, environment(tmp_path / "mirror")
    both = [start(stdout=pipe, stderr=pipe, env=variables) for _ in range(2)]
    printed = [process.communicate() for process in both]
    assert sum(out.count("Running stage 'evaluate'") for out, _ in printed) == 1
    assert 0 in {process.returncode for process in both}
    for process, (_, err) in zip(both, printed, strict=True):
        assert process.returncode == 0 or re.match(f"{BUSY}|{WAITED}", err), err
    assert results(reproduced) == expected


# The folder whose disk is full, the bytes that are left there, the stage that fails and the file that it names.
# With 4096 bytes, there is room for the first file of a stage and not for the next.
FULL = [
    ("data", 8192, "download", "data/raw/"),
    ("metrics", 0, "inspect", "metrics/raw.json"),
    ("data", 28672, "convert", "data/parquet/test.parquet"),
    ("metrics", 4096, "gate", "metrics/"),
    ("data", 0, "gate", "data/docs"),
    ("data/model", 0, "train", "data/model/model.skops"),
    ("metrics", 4096, "evaluate", "metrics/"),
]


@pytest.mark.slow
def test_a_full_disk_leaves_the_last_good_results_of_the_stage(reproduced: Path, undisturbed: Path) -> None:
    stages = yaml.safe_load((reproduced / "dvc.yaml").read_text())["stages"]
    renew(reproduced)
    with small_disks(reproduced, "data", "data/model", "metrics") as disks:
        for folder, left, stage, named in FULL:
            outs = tuple(next(iter(out)) for key in ("outs", "metrics") for out in stages[stage].get(key, []))
            before = {name: content for name, content in results(disks.project).items() if name.startswith(outs)}
            with disks.full(folder, left):
                done = disks.run("dvc", "repro")
            message = (
                rf"{stage}: error: {named}\S*: No space left on device; make room, then run it again\nERROR: "
            )
            assert re.fullmatch(message + rf"failed to reproduce '{stage}': .* exited with 3\n", done.stderr), done
            after = results(disks.project)
            assert before == {name: after.get(name) for name in before}, stage
            assert not list(disks.project.rglob(".*.part"))
        done = disks.run("dvc", "repro")
        assert done.returncode == 0, done.stderr
        assert results(disks.project) == results(undisturbed)


@pytest.mark.slow
def test_a_disk_too_full_for_dvc_itself_costs_no_result(reproduced: Path) -> None:
    expected = results(reproduced)
    (reproduced / "data/model/model.skops").unlink()
    shutil.rmtree(reproduced / ".dvc/cache")
    with small_disks(reproduced, ".dvc") as disks:
        for left in (0, 32768):  # no room for its own list; room for the list and not for the copy in the cache
            with disks.full(".dvc", left):
                done = disks.run("dvc", "repro")
            assert (done.returncode, "Traceback" in done.stderr) == (255, False)
            assert "ERROR: failed to reproduce" in done.stderr
        disks.run(*RECOVER)
        assert disks.run("dvc", "repro").returncode == 0
        assert results(disks.project) == expected
