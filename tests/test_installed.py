"""The gates installed from a wheel, alone: in an empty environment, in an empty folder, outside any checkout."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml
from conftest import ROOT, write_files

from pipeline.base import dataset, records

pytestmark = [pytest.mark.slow, pytest.mark.network]
PAGE = (ROOT / "docs/check.md").read_text()
UV = [sys.executable, "-m", "uv"]
ADDRESS = "https://git.example/team/mnist.git"  # of this repository, in the pages
NO_NETWORK = re.compile(
    r"dns error|client error \(Connect\)|timed out|Name or service|Could not resolve|Network is"
)
UNTRUE = (
    r"\bmake\b|python -m pipeline|Traceback|`dvc repro`(?! or `dvc pull` in its project)"  # of what is installed
)
PARAMS = "dataset: mnist\ngate: {}\ntrain: {method: linear, validation: {rows: 1, seed: 0}}\n"


def run(*command: str | Path, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with nothing of this process's environment that leads to the project."""
    keep = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIPELINE", "GIT_DIR"))
    }
    return subprocess.run(command, cwd=folder, env=keep | variables, capture_output=True, text=True, check=False)


def brought(done: subprocess.CompletedProcess[str]) -> str:
    """The output of a command that installs; the test is skipped if there is no network, but not in CI."""
    said = done.stdout + done.stderr
    if done.returncode and NO_NETWORK.search(said) and not os.environ.get("CI"):
        pytest.skip(f"the package index cannot be reached: {said.strip().splitlines()[-1]}")
    assert done.returncode == 0, said
    return said


def documented(key: str) -> dict[str, Any]:
    """The YAML of docs/check.md that has this key."""
    found = map(yaml.safe_load, re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
    content: dict[str, Any] = next(content for content in found if key in content)
    return content


def shifted(folder: Path) -> None:
    """Move each label of train one row up."""
    path = folder / "train-labels-idx1-ubyte"
    content = path.read_bytes()
    path.unlink()  # it may be a link to another folder's
    path.write_bytes(content[:8] + content[9:] + content[8:9])


def write_data(folder: Path, mnist: Path | None = None) -> None:
    """Four raw files: the tiny dataset, or links to MNIST."""
    write_files(folder, 0)
    for path in folder.iterdir() if mnist else ():
        path.unlink()
        path.symlink_to(mnist / path.name if mnist else path)


class Installed(NamedTuple):
    """An environment with the wheel and its base dependencies, and a folder that is no checkout."""

    bin: Path
    folder: Path

    def script(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the script. What it says must hold here, where there is neither make nor a DVC project."""
        done = run(self.bin / "mnist-gates", *arguments, folder=self.folder)
        assert not re.search(UNTRUE, done.stdout + done.stderr), done
        return done

    def python(self, code: str) -> subprocess.CompletedProcess[str]:
        return run(self.bin / "python", "-c", code, folder=self.folder)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--wheel", "--quiet", "--no-build-isolation", "--python", sys.executable]
    brought(run(*UV, "build", *options, "--out-dir", folder, ROOT, folder=folder))
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the scripts of an environment with the wheel, and the versions that the locks name."""
    folder = tmp_path_factory.mktemp("environment")
    brought(run(*UV, "venv", "--quiet", "--python", sys.executable, folder / "venv", folder=folder))
    python = folder / "venv/bin/python"
    pins = ["--constraint", str(ROOT / "requirements/run.txt")]
    brought(run(*UV, "pip", "install", "--quiet", "--python", python, *pins, wheel, folder=folder))
    return python.parent


@pytest.fixture
def installed(environment: Path, tmp_path: Path) -> Installed:
    (tmp_path / "empty").mkdir()
    return Installed(environment, tmp_path / "empty")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project as a repository of its own, with what is not committed yet."""
    folder = tmp_path_factory.mktemp("repository")
    tracked = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "pipeline"]
    names = subprocess.run(tracked, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in [*names, ".pre-commit-hooks.yaml", "pyproject.toml", "README.md"]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return committed(folder)


def committed(folder: Path) -> Path:
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "a state"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def test_the_wheel_has_the_package_whole_and_nothing_else(wheel: Path) -> None:
    own = {path.relative_to(ROOT).as_posix() for path in (ROOT / "pipeline").rglob("*.*")}
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert found == {name for name in own if name.endswith((".py", ".yaml", "py.typed"))}
    assert {"pipeline/py.typed", "pipeline/datasets/mnist.yaml"} < found


def test_mnist_passes_and_damaged_mnist_does_not(installed: Installed, mnist: Path) -> None:
    (installed.folder / "params.yaml").write_text("theirs: 1\n")
    write_data(installed.folder / "data/raw", mnist)
    line = re.search(r"^mnist-gates (check .*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert line
    done = installed.script(*line[1].split())
    assert done.returncode == 0, done.stderr
    assert done.stderr == "check: data/raw: 121 expectations checked, none failed, 2 warnings\n"
    shifted(installed.folder / "data/raw")
    done = installed.script("check", "data/raw", "--no-checksums", "--docs", "report")
    assert done.returncode == 1
    assert "label_offset" in done.stdout
    assert "<html" in (installed.folder / "report/index.html").read_text()


def test_rows_are_converted_loaded_and_exported_again(installed: Installed, mnist: Path) -> None:
    (installed.folder / "params.yaml").write_text(PARAMS)
    done = installed.script("convert", "--raw", str(mnist))
    assert done.returncode == 0, done.stderr
    done = installed.python("import pipeline; x, y = pipeline.load('train'); print(x.shape, int(y.sum()))")
    labels = np.frombuffer((mnist / "train-labels-idx1-ubyte").read_bytes()[8:], np.uint8)
    assert done.stdout == f"(60000, 28, 28) {labels.sum()}\n", done.stderr
    assert installed.script("export", "again").returncode == 0
    for file in records.find("mnist").files:
        assert (installed.folder / "again" / file.name).read_bytes() == (mnist / file.name).read_bytes()


def test_what_gitlab_runs_gives_the_junit_file_that_it_reads(installed: Installed) -> None:
    write_data(installed.folder / "data")
    assert installed.script("profile", "data", "--name", "mine", "--output", "mine.yaml").returncode == 0
    job = documented("gates")["gates"]
    setup, gates = job["script"]
    assert setup == f"pip install git+{ADDRESS}@COMMIT"
    assert job["artifacts"]["when"] == "always"
    python = re.fullmatch(r"python:3\.(\d+)", job["image"])
    assert python
    assert 11 <= int(python[1]) <= 14
    program, *arguments = gates.split()
    assert program == "mnist-gates"
    for change, code in [(None, 0), (shifted, 1)]:
        if change:
            change(installed.folder / "data")
        assert installed.script(*arguments).returncode == code
        tree = ElementTree.parse(installed.folder / job["artifacts"]["reports"]["junit"])
        cases = list(tree.iter("testcase"))
        assert all(case.get("name") and case.get("classname") for case in cases)  # GitLab needs both
        assert any(case.find("failure") is not None for case in cases) == bool(code)
        assert all((installed.folder / path / "index.html").is_file() for path in job["artifacts"]["paths"])


def test_the_suites_are_written(installed: Installed) -> None:
    done = installed.script("suite", "--dataset", "mnist")
    assert (done.returncode, done.stderr) == (0, "")
    assert set(json.loads(done.stdout)) >= set(dataset.Split.__args__)  # type: ignore[attr-defined]


def test_help_and_what_needs_an_extra(installed: Installed) -> None:
    done = installed.script("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: mnist-gates ")
    assert installed.python("import dvc").returncode == 1
    (installed.folder / "params.yaml").write_text(PARAMS)
    for name in ("download", "method", "train", "evaluate", "onnx"):
        done = installed.script(name)
        assert done.returncode == 3
        assert re.fullmatch(
            rf"{name}: error: package \w+ is missing; install `mnist-gates\[pipeline]`\n", done.stderr
        )
    for call in ("check none", "check none --dataset none.yaml", "profile none", "export x", "convert"):
        done = installed.script(*call.split())
        assert (done.returncode, done.stderr.count("\n")) == (3, 1), done
    for call in ("verify", "verify --lock", "compare HEAD"):
        done = installed.script(*call.split())
        assert (done.returncode > 1, done.stderr.count("\n")) == (True, 1), done


def test_uvx_runs_it_from_the_repository(repository: Path, tmp_path: Path) -> None:
    (line,) = re.findall(rf"^uvx --from git\+{ADDRESS} (.*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    done = run(*UV, "tool", "run", "--from", f"git+{repository.as_uri()}", *line.split(), folder=tmp_path)
    assert brought(done).startswith("usage: mnist-gates ") or "\nusage: mnist-gates " in done.stdout


def test_pre_commit_runs_the_gates(installed: Installed, repository: Path) -> None:
    folder = installed.folder
    write_data(folder / "data")
    assert installed.script("profile", "data", "--name", "mine", "--output", "mine.yaml").returncode == 0
    config = documented("repos")
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True, check=True
    ).stdout.strip()
    config["repos"][0] |= {"repo": str(repository), "rev": revision}
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    committed(folder)

    def hook() -> subprocess.CompletedProcess[str]:
        home = str(folder.parent / "home")
        return run(sys.executable, "-m", "pre_commit", "run", "--verbose", folder=folder, PRE_COMMIT_HOME=home)

    assert "no files to check" in hook().stdout
    (folder / "mine.yaml").write_text((folder / "mine.yaml").read_text() + "# read\n")
    subprocess.run(["git", "add", "mine.yaml"], cwd=folder, check=True)
    assert "expectations checked, none failed" in brought(hook())
    shifted(folder / "data")
    subprocess.run(["git", "add", "data"], cwd=folder, check=True)
    done = hook()
    assert done.returncode == 1
    assert "label_offset" in done.stdout
