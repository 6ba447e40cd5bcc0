"""The command `compare` as a process, after real runs of the pipeline."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, Run, edit
from revised import git

COMPARE = (sys.executable, "-m", "pipeline", "compare")
HEAVY = {"pyarrow", "PIL", "pandas", "sklearn", "great_expectations", "dvc", "fsspec", "aiohttp", "skops"}


def test_no_library_is_imported_that_a_comparison_does_not_need() -> None:
    code = (
        "import sys; from pipeline.__main__ import main\n"
        "assert main(['compare', 'HEAD', 'HEAD']) == 0\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_is_gone_is_no_error() -> None:
    with subprocess.Popen(
        [*COMPARE, "workspace"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141  # as of a program that SIGPIPE ends


@pytest.mark.slow
def test_experiments_and_the_workspace_are_compared_as_the_pipeline_leaves_them(
    reproduced: Path, run: Run
) -> None:
    git(reproduced, "add", "--all")
    git(reproduced, "commit", "--quiet", "--message", "first")
    done = run("dvc", "exp", "run", "--name", "weak", "-S", "train.C=1e-9")
    assert done.returncode == 0, done.stderr
    git(reproduced, "restore", ".")
    done = run(*COMPARE, "weak", "HEAD", "--format", "json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["params"] == {"train.C": [1e-9, None]}
    assert {"data/model/README.md", "data/model/model.skops"} == found["data"].keys()
    assert found["metrics"]["test.log_loss"][0] > found["metrics"]["test.log_loss"][1]
    assert found["base"]["revision"].startswith("weak (")

    edit(reproduced / "params.yaml", train__C=1e-9)
    assert run("dvc", "repro").returncode == 0
    done = run(*COMPARE, "weak")
    assert (done.returncode, "changed" in done.stdout) == (0, False), "the same run is the same in every byte"
