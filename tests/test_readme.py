"""The README: its commands run as written, its code reads the data, its picture is the pipeline's."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import ROOT, Run, commit, edit, tiny_arrays

from pipeline.__main__ import STAGES

README = (ROOT / "README.md").read_text()


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def lines(text: str = README) -> list[str]:
    return [line for block in blocks("sh", text) for line in block.splitlines()]


# `make` and .ci/run set up an environment and run this very suite; benchmarks take minutes; the tiny project's
# model is not one that can be exported, tests/test_onnx_export.py runs that command; nor who wrote its images
# known, tests/test_provenance_gates.py runs that one.
WRITERS = "dvc exp run -S provenance"
OTHERS = ("make ", ".ci/run", "python -m benchmarks.", "python -m scripts.", "python -m pipeline onnx", WRITERS)
LINES = lines()
METHODS = README.partition("\n## The methods\n")[2].partition("\n## ")[0]
METHOD, *READERS = blocks("python")


@pytest.fixture
def committed(reproduced: Path, run: Run) -> Path:
    """A project with the default method alone on its leaderboard, all of it reproduced and committed."""
    (reproduced / "leaderboard").mkdir()
    for name in ("dvc.yaml", "params.yaml", "rows.csv"):
        shutil.copy(ROOT / "leaderboard" / name, reproduced / "leaderboard" / name)
    edit(reproduced / "leaderboard/dvc.yaml", stages__score__matrix__method=["gradient_svm"])
    assert run("dvc", "repro", "leaderboard/dvc.yaml").returncode == 0
    commit(run)
    return reproduced


def add_nearest(project: Path) -> None:
    """What "The methods" tells to do by hand."""
    assert "Save this as `pipeline/methods/nearest.py`:" in METHODS
    assert "add `nearest` to the list in `leaderboard/dvc.yaml`" in " ".join(METHODS.split())
    (project / "pipeline/methods/nearest.py").write_text(METHOD)
    edit(project / "leaderboard/dvc.yaml", stages__score__matrix__method=["gradient_svm", "nearest"])


def test_what_is_not_run_here_is_there() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for line in LINES:
        if line.startswith("make "):
            assert line.split()[1] in targets
        elif line.startswith(OTHERS[2:4]):
            module = line.split()[2]
            assert (ROOT / f"{module.replace('.', '/')}.py").is_file()
    assert os.access(ROOT / ".ci/run", os.X_OK)


def stdout(run: Run, command: str) -> str:
    done = run("bash", "-c", command)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_the_commands_run_as_written(committed: Path, run: Run) -> None:
    commands = [line for line in LINES if not line.startswith(OTHERS)]
    assert len(commands) > 10
    for command in commands:
        if "train.method=nearest" in command:
            add_nearest(committed)
        stdout(run, command)


def test_a_method_of_one_s_own_is_listed_scored_and_trained(committed: Path, run: Run) -> None:
    listing, board, *trials = (line for line in lines(METHODS) if not line.startswith(OTHERS))
    listed = f"{'nearest':<24} k nearest neighbours on the pixels.\n"
    assert listed not in stdout(run, listing)
    add_nearest(committed)
    assert listed in stdout(run, listing)
    stdout(run, board)
    with (committed / "leaderboard/leaderboard.csv").open(newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["name"] == "nearest")
    assert (float(row["test_error_rate"]), row["test_n"], row["not_run"]) == (0, "60", "")
    trained = []
    for line in trials:
        stdout(run, line)
        if line.startswith("dvc exp run"):
            record = json.loads((committed / "metrics/method.json").read_text())
            trained.append((record["method"], record["arguments"]))
    assert trained == [
        ("nearest", {"neighbours": 5}),
        ("sklearn.neighbors:NearestCentroid", {"metric": "manhattan"}),
    ]


@pytest.mark.parametrize("code", READERS, ids=["pipeline", "pyarrow", "pandas", "polars", "duckdb", "datasets"])
def test_the_code_reads_the_images(reproduced: Path, run: Run, tmp_path: Path, code: str) -> None:
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "huggingface")}
    done = run(sys.executable, "-c", f"{code}\nimport numpy as np; np.save('images.npy', images)", **offline)
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.load(reproduced / "images.npy"), tiny_arrays(300, 0)[0])


def test_the_picture_of_the_pipeline_is_what_dvc_draws() -> None:
    drawn = subprocess.run(
        [str(Path(sys.executable).parent / "dvc"), "dag", "--mermaid", "card"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert blocks("mermaid")[0].strip() == drawn.strip()


def test_every_stage_output_and_parameter_is_described() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    beside = yaml.safe_load((ROOT / "leaderboard/dvc.yaml").read_text())["stages"]
    assert set(stages) | set(beside) - {"methods"} == set(STAGES)
    for name, stage in stages.items():
        assert f"| `{name}` |" in README
        for out in stage.get("outs", []) + stage.get("metrics", []):
            assert Path(next(iter(out))).name in README


def test_the_error_rate_is_the_measured_one() -> None:
    scores = json.loads((ROOT / "metrics/test.json").read_text())
    rate, low, high = (f"{scores[key]:.2%}" for key in ("error_rate", "error_rate_low", "error_rate_high"))
    words = " ".join(README.split())
    assert f"gets {scores['errors']} of the {scores['n']:,} test digits wrong" in words
    assert f"an error rate of {rate}, 95% interval {low} to {high}" in words
