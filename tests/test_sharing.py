"""Data through real remotes, from clone to clone: pushed, pulled, released, cut off half-way, damaged, healed."""

import hashlib
import math
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from conftest import Run, call_in, once
from loopback import contents
from servers import REMOTES, Remote, flip

pytestmark = pytest.mark.slow
# DVC takes on trust: a read-only file in its cache, and any file whose time is as it was when it was last read.
DISTRUST = """chmod -R u+w .dvc/cache/files && rm -r "$(dvc doctor | sed -n 's/^Repo.site_cache_dir: //p')" && """
Clone = Callable[[str], tuple[Path, Run]]


@pytest.fixture(scope="module")
def changed_once(reproduced_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same project with other data and another model: for copying, not for changing."""

    def make(folder: Path) -> None:
        shutil.copytree(reproduced_once.parent, folder, dirs_exist_ok=True)
        record, params = folder / "project/pipeline/datasets/tiny.yaml", folder / "project/params.yaml"
        names = {"class_names": ["near", "middle", "far"]}
        record.write_text(yaml.safe_dump(yaml.safe_load(record.read_text()) | names))
        params.write_text(params.read_text().replace("C: null", "C: 2"))
        done = call_in(folder / "project", folder / "mirror")("dvc", "repro")
        assert done.returncode == 0, done.stderr

    return once(tmp_path_factory, "changed", make)


@pytest.fixture(params=REMOTES)
def remote(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Remote]:
    (tmp_path / "remote").mkdir()
    with REMOTES[request.param](tmp_path / "remote") as remote:
        for name, value in remote.variables.items():
            monkeypatch.setenv(name, value)
        yield remote


@pytest.fixture
def hub(tmp_path: Path) -> str:
    """Where the commits are shared: a bare git repository."""
    subprocess.run(["git", "init", "--quiet", "--bare", tmp_path / "hub.git"], check=True)
    return str(tmp_path / "hub.git")


@pytest.fixture
def first(reproduced_once: Path, changed_once: Path, remote: Remote, hub: str, tmp_path: Path) -> tuple[Path, Run]:
    """The project with a remote and two releases; its commits are in the hub, nothing is pushed yet."""
    shutil.copytree(changed_once.parent, tmp_path, dirs_exist_ok=True)
    project, run = tmp_path / "project", call_in(tmp_path / "project", tmp_path / "mirror")
    for command in remote.setup:
        assert run("dvc", "remote", *command).returncode == 0
    for version, state in {"v1.0.0": reproduced_once, "v2.0.0": changed_once}.items():
        shutil.copytree(state, project, ignore=shutil.ignore_patterns(".dvc", ".git", "data"), dirs_exist_ok=True)
        tags = [["tag", "--message", version, f"{artifact}@{version}"] for artifact in ("dataset", "model")]
        for command in (["add", "--all"], ["commit", "--quiet", "--message", version], *tags):
            assert run("git", *command).returncode == 0
    assert run("git", "push", "--quiet", "--tags", hub, "HEAD").returncode == 0
    return project, run


@pytest.fixture
def clone(hub: str, tmp_path: Path) -> Clone:
    """Clone the hub into a folder of the given name, which no run has been in."""

    def clone(name: str) -> tuple[Path, Run]:
        subprocess.run(["git", "clone", "--quiet", hub, tmp_path / name], check=True)
        return tmp_path / name, call_in(tmp_path / name, tmp_path / "nowhere")

    return clone


GITS = {"data/.gitignore", "data/model/.gitignore", "data/model/README.md"}  # beside the data, but in git


def data(project: Path) -> dict[str, bytes]:
    """The bytes of every output in data/ by its path; the report in data/docs is none."""
    paths = [
        path
        for path in (project / "data").rglob("*")
        if path.is_file() and str(path.relative_to(project)) not in GITS
    ]
    named = {str(path.relative_to(project / "data")): path.read_bytes() for path in paths}
    return {name: body for name, body in named.items() if not name.startswith("docs/")}


def check_unchanged(run: Run) -> None:
    done = run("dvc", "repro")
    assert done.stdout.count("didn't change, skipping") == 8
    assert "Running stage" not in done.stdout
    assert run("git", "status", "--porcelain").stdout == ""


def is_whole(name: str, body: bytes) -> bool:
    return hashlib.md5(body).hexdigest() == name.removesuffix(".dir")


# Python runs this before `dvc push` itself, which then dies as its fourth file is to take its name in storage.
DIES = """\
import os, signal, sys
def watch(event, arguments, renamed=[]):
    if event == "os.rename" and "/storage/" in str(arguments[1]):
        renamed.append(arguments)
        if len(renamed) == 4:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
"""


def kill_a_push(project: Path, remote: Remote) -> None:
    """SIGKILL `dvc push` as it writes: into a folder at the fourth file, elsewhere once the connection is held."""
    (project.parent / "sitecustomize.py").write_text(DIES if remote.dam is None else "")
    path = os.pathsep.join([str(project.parent), os.environ.get("PYTHONPATH", "")])
    command = [str(Path(sys.executable).parent / "dvc"), "push", "--quiet"]
    if remote.dam:
        remote.dam.limit = 150_000  # all but the training images fit through
    with subprocess.Popen(command, cwd=project, env=os.environ | {"PYTHONPATH": path}) as push:
        if remote.dam:
            assert remote.dam.held.wait(60)
            push.kill()
            remote.dam.limit = math.inf
    assert push.returncode == -signal.SIGKILL


def test_a_push_killed_half_way_loses_nothing_and_a_second_clone_pulls_all(
    first: tuple[Path, Run], remote: Remote, clone: Clone
) -> None:
    project, run = first
    assert run("dvc", "push", "data/model/model.skops").returncode == 0
    kill_a_push(project, remote)
    half = remote.objects()
    assert half
    parts = {name for name in half if name.endswith(".tmp")}
    assert all(is_whole(name, half[name]) for name in half.keys() - parts)
    second, run_second = clone("second")
    assert data(second) == {}
    assert run_second("dvc", "pull").returncode != 0
    assert data(second).items() < data(project).items()
    assert run("dvc", "push").returncode == 0
    assert half.keys() - parts < remote.objects().keys()
    assert run_second("dvc", "pull").returncode == 0
    assert data(second) == data(project)
    check_unchanged(run_second)


# What notices is DVC in the clone, as it hashes what it pulls: one remote across a network stands for both.
@pytest.mark.parametrize(
    ("remote", "damaged"), [("folder", "files"), ("folder", "listings"), ("s3", "files")], indirect=["remote"]
)
def test_damage_in_the_remote_is_noticed_and_healed(
    first: tuple[Path, Run], remote: Remote, hub: str, clone: Clone, damaged: str
) -> None:
    project, run = first
    assert run("dvc", "remote", "modify", "storage", "verify", "true").returncode == 0
    run("git", "commit", "--quiet", "--all", "--message", "verify")
    assert run("git", "push", "--quiet", hub, "HEAD").returncode == 0
    assert run("dvc", "push").returncode == 0
    for name, body in remote.objects().items():
        if name.endswith(".dir") == (damaged == "listings"):
            flip(remote.path(name), body.find(b"t10k") if b"t10k" in body else body.find(b"test"), remote.files)
    second, run_second = clone("second")
    pull = ("bash", "-c", "dvc pull && dvc status --quiet")
    assert run_second(*pull).returncode != 0
    if damaged == "files":
        assert data(second) == {}
    assert run("dvc", "push").stdout == "Everything is up to date.\n"  # DVC asks for names, not for bytes
    remote.files.rm(remote.root, recursive=True)
    assert run("dvc", "push").returncode == 0
    assert run_second("bash", "-c", DISTRUST + "dvc pull --force").returncode == 0
    assert run_second(*pull).returncode == 0
    assert data(second) == data(project)


def lose(project: Path) -> None:
    for name in data(project):
        (project / "data" / name).unlink()


@pytest.mark.parametrize("remote", ["folder"], indirect=True)
@pytest.mark.parametrize("command", ["dvc pull --force --all-commits", "dvc repro"], ids=["remote", "no remote"])
def test_a_damaged_cache_is_noticed_and_healed(first: tuple[Path, Run], command: str) -> None:
    project, run = first
    good = data(project)
    if "pull" in command:
        assert run("dvc", "push", "--all-commits").returncode == 0
    check_unchanged(run)
    objects = [path for path in (project / ".dvc/cache/files").rglob("*") if path.is_file()]
    for path in objects:
        if path.suffix != ".dir":
            flip(str(path), path.stat().st_size // 2)
    lose(project)
    assert run("dvc", "checkout").returncode == 0
    assert run("dvc", "status").stdout == "Data and pipelines are up to date.\n"  # it trusts read-only files
    assert all(body != good[name] for name, body in data(project).items())
    for path in objects:
        if path.suffix == ".dir":
            flip(str(path), path.stat().st_size // 2)
    assert run("bash", "-c", DISTRUST + command).returncode == 0
    assert data(project) == good
    lose(project)
    assert run("dvc", "checkout").returncode == 0
    assert data(project) == good
    check_unchanged(run)


READ = """\
import sys, dvc.api
with dvc.api.open("data/model/model.skops", repo=sys.argv[1], rev="model@v1.0.0", mode="rb") as file:
    sys.stdout.write(file.read().hex())
"""


@pytest.mark.parametrize("remote", ["s3"], indirect=True)  # from a folder: test_workflow_page.py
def test_another_repository_takes_a_release_by_its_tag(
    first: tuple[Path, Run], reproduced_once: Path, hub: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")  # the project's own repository says so itself
    project, run = first
    assert run("dvc", "push", "--all-tags").returncode == 0
    (other := tmp_path / "other").mkdir()
    run_other = call_in(other, tmp_path / "nowhere")
    for command in (
        ["git", "init", "--quiet"],
        ["dvc", "init", "--quiet"],
        ["dvc", "get", hub, "data/parquet", "--rev", "dataset@v1.0.0", "--out", "got"],
        ["dvc", "import", hub, "data/parquet", "--rev", "dataset@v1.0.0"],
        ["dvc", "artifacts", "get", hub, "model", "--rev", "v1.0.0"],
    ):
        done = run_other(*command)
        assert done.returncode == 0, done.stderr
    released = data(reproduced_once)
    parquet = {name.removeprefix("parquet/"): body for name, body in released.items() if "parquet/" in name}
    assert contents(other / "got") == contents(other / "parquet") == parquet
    model = released["model/model.skops"]
    assert (other / "model.skops").read_bytes() == model
    assert run_other(sys.executable, "-c", READ, hub).stdout == model.hex()
    assert model != (project / "data/model/model.skops").read_bytes()
    done = run_other("dvc", "update", "--rev", "dataset@v2.0.0", "parquet.dvc")
    assert done.returncode == 0, done.stderr
    assert contents(other / "parquet") == contents(project / "data/parquet") != parquet
