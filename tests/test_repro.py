"""scripts/repro.py: `dvc repro` that ends with the exit code and the line of the stage that failed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, Run, edit

REPRO = (sys.executable, "-m", "scripts.repro")


@pytest.fixture(autouse=True)
def _script(project: Path) -> None:
    (project / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/repro.py", project / "scripts")


@pytest.mark.parametrize(
    ("stage", "change", "code", "line"),
    [
        ("download", {}, 3, "download: error: data/raw: no source gave "),
        ("method", {"train__method": "nope"}, 2, "method: error: train.method: expected one of "),
    ],
)
def test_the_last_line_and_the_exit_code_are_those_of_the_stage(
    project: Path, run: Run, stage: str, change: dict[str, object], code: int, line: str
) -> None:
    edit(project / "params.yaml", **change)
    done = run(*REPRO, stage, PIPELINE_SOURCE="/nowhere")
    assert done.returncode == code
    assert done.stderr.splitlines()[-1].startswith(f"repro: exit code {code}: {line}")
    assert f"ERROR: failed to reproduce '{stage}'" in done.stderr


def test_plain_dvc_repro_names_all_datasets_for_one_that_is_misspelt(project: Path, run: Run) -> None:
    edit(project / "params.yaml", dataset="tyni")
    done = run("dvc", "repro")
    assert done.returncode == 255
    (line,) = (line for line in done.stderr.splitlines() if "expected one of" in line)
    assert line.startswith("download: error: dataset: expected one of emnist-balanced, ")
    assert line.endswith(", mnist, tiny, found 'tyni'")
    assert "No such file" not in done.stderr


def test_a_failure_of_dvc_itself_is_its_own(run: Run) -> None:
    done = run(*REPRO, "nonsense")
    assert done.returncode == 255
    assert "repro: exit code" not in done.stderr


def test_what_succeeds_says_nothing_more(project: Path, run: Run) -> None:
    done = run(*REPRO, "download")
    assert (done.returncode, done.stderr) == (0, "")
    assert (project / "data/raw/train-labels-idx1-ubyte").is_file()


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_make_repro_recovers_and_then_runs_it() -> None:
    call = ["make", "--no-print-directory", "--dry-run", "--assume-old=.venv/run.txt", "repro"]
    theirs = os.environ | {"VENV": "/theirs"}  # a folder of the user, which make must not touch
    said = subprocess.run(call, cwd=ROOT, env=theirs, capture_output=True, text=True, check=True).stdout
    python = ".venv/bin/python"
    assert said.split() == [python, "scripts/recover.py", python, "-m", "scripts.repro"]
