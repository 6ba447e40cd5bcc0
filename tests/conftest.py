"""Fixtures: the real MNIST files, and a small project with a dataset that is made here."""

import copy
import fcntl
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import yaml
from loopback import Server, serving
from numpy.typing import NDArray

from pipeline.__main__ import main
from pipeline.base import records
from pipeline.gates import profile
from pipeline.rows import idx

ROOT = Path(__file__).parent.parent
os.environ.pop("COLUMNS", None)  # a worker of pytest-xdist has a width, though no terminal
# Each test commits under this name, so it passes on a machine whose git has no user name.
for who in ("AUTHOR", "COMMITTER"):
    os.environ |= {f"GIT_{who}_NAME": "t", f"GIT_{who}_EMAIL": "t@example.invalid"}
NAMES = {"train": "train", "test": "t10k"}
Run = Callable[..., subprocess.CompletedProcess[str]]
# Two stages in one process, which imports scikit-learn once.
METHOD_THEN_TRAIN = "import sys; from pipeline.__main__ import main; sys.exit(main(['method']) or main(['train']))"


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A name without bytes: a gzip file holds its time, and both workers must collect the same names."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def mnist() -> Path:
    """A folder with the four real MNIST files: copies of the project's own, or else downloaded once."""
    folder = ROOT / ".pytest_cache/d/mnist"  # also with -p no:cacheprovider
    folder.mkdir(parents=True, exist_ok=True)
    params, source = str(ROOT / "params.yaml"), str(ROOT / "data/raw")
    call = ["download", "--params", params, "--raw", str(folder), "--source", source]
    with (folder.parent / "mnist.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # a second worker would remove this worker's unfinished files
        code = main(call)
    if code != 0:
        if os.environ.get("CI"):
            pytest.fail("no source has the MNIST files; CI must not pass without them")
        pytest.skip("the MNIST files are not here, and no source can be reached")
    return folder


def tiny_arrays(rows: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images uint8[rows, 28, 28] and labels uint8[rows]; each of three classes has its bar in another place."""
    random = np.random.default_rng(seed)
    labels = np.resize(np.arange(3, dtype=np.uint8), rows)
    images = np.zeros((rows, 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[6:22, 4 + 7 * label : 8 + 7 * label] = random.integers(100, 255, (16, 4))
    return images, labels


def write_files(folder: Path, first_seed: int) -> None:
    """Write the four raw files of a dataset of 300 + 60 rows into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (split, rows) in enumerate([("train", 300), ("test", 60)], first_seed):
        images, labels = tiny_arrays(rows, seed)
        for array, name in [(images, "images-idx3"), (labels, "labels-idx1")]:
            (folder / f"{NAMES[split]}-{name}-ubyte").write_bytes(idx.encode(array))


@functools.cache
def tiny_record(first_seed: int) -> dict[str, Any]:
    """The record of the tiny dataset, measured once in each process; make a copy before you change it."""
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder), first_seed)
        record: dict[str, Any] = msgspec.to_builtins(profile.of_folder(Path(folder), None, "tiny", 0))
    return record | {"class_names": ["left", "middle", "right"]}


def write_tiny(folder: Path, first_seed: int = 0) -> dict[str, Any]:
    """Write the four raw files of the tiny dataset into `folder`; return its record."""
    write_files(folder, first_seed)
    return copy.deepcopy(tiny_record(first_seed))


def make_project(folder: Path, mirror: Path) -> Path:
    """Copy the project into a new git and DVC repository, with the tiny dataset in `mirror`; return `folder`."""
    tracked = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "pipeline", ".dvc", ".dvcignore"]
    names = subprocess.run(tracked, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in [*names, ".gitignore", "dvc.yaml", "requirements/run.txt"]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "pipeline/datasets/tiny.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(write_tiny(mirror)))))
    train = {"method": "logistic_regression", "validation": {"rows": 60, "seed": 0, "by": None}, "C": None}
    content = {"dataset": "tiny", "provenance": False, "gate": {}, "train": train}
    (folder / "params.yaml").write_text(yaml.safe_dump(content))
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    return folder


def edit(path: Path, **changes: object) -> None:
    """Change keys of a YAML file; `train__C` is the key C under train."""
    content = yaml.safe_load(path.read_text())
    for name, value in changes.items():
        *parents, key = name.split("__")
        inner = content
        for parent in parents:
            inner = inner[parent]
        inner[key] = value
    path.write_text(yaml.safe_dump(content))


def environment(mirror: Path) -> dict[str, str]:
    """The environment variables of a project: this interpreter first on PATH, the raw files from `mirror`."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "PIPELINE_SOURCE": str(mirror)}


def call_in(folder: Path, mirror: Path) -> Run:
    """A function that runs a command in `folder`, with the raw files from `mirror`."""

    def call(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=folder, env=environment(mirror) | variables, capture_output=True, text=True, check=False
        )

    return call


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project in its own repository; its raw files are in `mirror/` beside it."""
    return make_project(tmp_path / "project", tmp_path / "mirror")


@pytest.fixture
def run(project: Path, tmp_path: Path) -> Run:
    """Run a command in the project: `run("dvc", "repro")`."""
    return call_in(project, tmp_path / "mirror")


@pytest.fixture
def here(project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run `python -m pipeline` in this process, in the project: `here("gate")`. It takes the code of ROOT."""
    monkeypatch.chdir(project)
    monkeypatch.setattr(records, "FOLDER", project / "pipeline/datasets")
    monkeypatch.setenv("PIPELINE_SOURCE", str(project.parent / "mirror"))

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        capfd.readouterr()
        return subprocess.CompletedProcess(arguments, main(arguments), *capfd.readouterr())

    return call


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server on loopback, without a proxy."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as server:
        yield server


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder `project` that `make(folder)` leaves in `folder`; one worker makes it for both workers."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with folder.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            (folder / "made").touch()
    return folder / "project"


@pytest.fixture(scope="session")
def reproduced_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project after its first `dvc repro`; copy it, do not change it."""

    def make(folder: Path) -> None:
        project = make_project(folder / "project", folder / "mirror")
        done = call_in(project, folder / "mirror")("dvc", "repro")
        assert done.returncode == 0, done.stderr
        (folder / "stdout").write_text(done.stdout)

    return once(tmp_path_factory, "reproduced", make)


@pytest.fixture
def reproduced(project: Path, reproduced_once: Path) -> Path:
    """The project after its first `dvc repro`."""
    shutil.copytree(reproduced_once, project, dirs_exist_ok=True)
    return project


def commit(run: Run, message: str = "a state") -> str:
    """Commit everything in the project; return the commit."""
    run("git", "add", "--all")
    done = run("git", "commit", "--quiet", "--message", message)
    assert done.returncode == 0, done.stderr
    return run("git", "rev-parse", "HEAD").stdout.strip()
