"""The action: another repository gates its own IDX data; its steps run as written, in a caller's folder."""

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT, write_tiny
from runner import Job, definition, equip

ACTION = definition("action.yml")
HOSTILE = "import pathlib; pathlib.Path('owned').touch(); raise SystemExit('owned')\n"
Gate = Callable[..., Job]


@pytest.fixture(scope="module")
def action(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The action as the runner lays it down, outside the caller's folder."""
    folder = tmp_path_factory.mktemp("actions")
    shutil.copytree(ROOT / "pipeline", folder / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "params.yaml", folder)
    equip(folder)
    return folder


@pytest.fixture
def caller(tmp_path: Path) -> Path:
    """Another repository: data of its own, their record, and files named as ours that must not count."""
    folder = tmp_path / "caller"
    record = write_tiny(folder / "data")
    (folder / "mine.yaml").write_text(json.dumps(record))
    for name in (
        "pipeline/__init__.py",
        "pipeline/__main__.py",
        "numpy.py",
        "sitecustomize.py",
        "logging/__init__.py",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(HOSTILE)
    (folder / "params.yaml").write_text("dataset: [theirs]\n")
    (folder / "Makefile").write_text(".venv/run.txt:\n\ttouch owned\n")
    return folder


@pytest.fixture
def gate(action: Path, caller: Path, tmp_path: Path) -> Gate:
    """Runs the action with these inputs, by default on the caller's own data and record."""

    def run(**given: str) -> Job:
        defaults = {name: spec.get("default") for name, spec in ACTION["inputs"].items()}
        inputs = defaults | {"path": "data", "dataset": "mine.yaml"} | given
        contexts = {f"inputs.{name}": value for name, value in inputs.items()}
        contexts["steps.python.outputs.python-path"] = sys.executable
        job = Job(caller, tmp_path / "temp", contexts, {"GITHUB_ACTION_PATH": str(action)}).run(ACTION["runs"])
        assert not (caller / "owned").exists()
        return job

    return run


@pytest.mark.slow
def test_damaged_data_fail_with_annotations_and_a_report(gate: Gate, caller: Path) -> None:
    labels = caller / "data/train-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-300] + bytes(300))
    job = gate(checksums="false", report="report")
    assert job.code == 1
    assert "::error title=train%3A label" in job.said("Gate")
    assert "<html" in (caller / "report/index.html").read_text()


@pytest.mark.slow
def test_other_bytes_fail_unless_checksums_are_off_whatever_else_the_repository_holds(
    gate: Gate, caller: Path
) -> None:
    images = caller / "data/t10k-images-idx3-ubyte"
    images.write_bytes(images.read_bytes()[:-1] + b"\1")
    before = set(caller.rglob("*"))
    job = gate()
    assert job.code == 1
    assert "::error title=" in job.said("Gate")
    assert "SHA-256" in job.said("Gate")
    shutil.rmtree(job.temp)
    job = gate(checksums="false")
    assert job.code == 0, job.ran[-1]
    assert re.fullmatch(r"check: data: \d+ expectations checked, none failed\n", job.said("Gate"))
    assert set(caller.rglob("*")) == before


@pytest.mark.parametrize(
    ("inputs", "code", "says"),
    [
        ({"checksums": "no"}, 2, "::error title=Gate::checksums: expected true or false\n"),
        ({"dataset": "mnits"}, 2, "::error title=Gate::it could not run (exit code 2)"),
        ({"path": "--output=owned"}, 3, "::error title=Gate::it could not run (exit code 3)"),
        ({"path": "$(touch owned)"}, 3, "::error title=Gate::it could not run (exit code 3)"),
    ],
)
def test_a_wrong_input_fails_as_such(gate: Gate, inputs: dict[str, str], code: int, says: str) -> None:
    job = gate(**inputs)
    assert job.code == code, job.ran[-1]
    assert says in job.said("Gate")


@pytest.mark.slow
def test_mnist_itself_passes_with_the_inputs_left_out(gate: Gate, mnist: Path) -> None:
    job = gate(path=str(mnist), dataset=ACTION["inputs"]["dataset"]["default"])
    assert job.code == 0, job.ran[-1]
