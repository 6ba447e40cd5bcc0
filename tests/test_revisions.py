"""Names of revisions, and their files, in real git and DVC repositories."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.base.errors import ConfigError, PipelineError, UnavailableError
from pipeline.history import revisions
from pipeline.history.revisions import find, read

GIT = ["git", "-c", "protocol.file.allow=always"]


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run([*GIT, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder: Path, content: str) -> str:
    """Commit `file` with this content; return the hash of the commit."""
    (folder / "file").write_text(content)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", content)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two commits on `main`, first and second; it is the current folder."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder, "first")
    commit(folder, "second")
    monkeypatch.chdir(folder)
    return folder


def test_a_branch_a_tag_and_a_commit_are_found_by_every_name_that_git_has(repository: Path) -> None:
    first, second = git(repository, "rev-parse", "HEAD~1"), git(repository, "rev-parse", "HEAD")
    git(repository, "branch", "feature/one", "HEAD~1")
    git(repository, "tag", "light", "HEAD~1")
    git(repository, "tag", "--annotate", "--message", "a tag with an object of its own", "heavy", "HEAD~1")
    for name in (
        "feature/one",
        "refs/heads/feature/one",
        "light",
        "heavy",
        "heavy^{}",
        first,
        first[:7],
        "HEAD~1",
    ):
        assert find(name).commit == first, name
        assert read(find(name), "file") == b"first"
    for name in ("main", "HEAD", "@", "main@{0}", second[:12]):
        assert find(name).commit == second, name


def test_a_revision_is_shown_by_its_name_and_its_commit(repository: Path) -> None:
    second = git(repository, "rev-parse", "HEAD")
    assert str(find("main")) == f"main ({second[:7]})"
    assert str(find(second[:9])) == second[:9]
    assert str(find("workspace")) == "workspace"


def test_the_workspace_is_what_is_on_disk_whatever_a_branch_is_called(repository: Path) -> None:
    git(repository, "branch", "workspace")
    (repository / "file").write_text("third, not committed")
    assert find("workspace").commit is None
    assert read(find("workspace"), "file") == b"third, not committed"
    assert read(find("refs/heads/workspace"), "file") == b"second"


NONE = [
    "nope", "", " ", "a b", "-x", "--all", "--help", "-", "HEAD~1..HEAD", "HEAD~1...HEAD", "..", "HEAD:", ":file",
    "HEAD:file", ":/first", "^HEAD", "HEAD^!", "HEAD^@", "*", "main\n", "m\xe4in", "\udcff", "0" * 40,
]  # fmt: skip


def test_what_is_no_revision_is_said_in_one_line(repository: Path) -> None:
    for name in NONE:
        with pytest.raises(
            ConfigError, match="expected a git revision, a DVC experiment or `workspace`, found none"
        ):
            find(name)


def test_a_file_that_a_revision_lacks_is_named_with_the_revision(repository: Path) -> None:
    with pytest.raises(UnavailableError, match=r"^main \(\w{7}\): metrics/none.json: not in this revision$"):
        read(find("main"), "metrics/none.json")
    with pytest.raises(UnavailableError, match=r"^workspace: none.json: not found; run `dvc repro`$"):
        read(find("workspace"), "none.json")


def test_a_project_in_a_subfolder_reads_its_own_files(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = repository / "projects/digits"
    project.mkdir(parents=True)
    (project / "file").write_text("of the project")
    commit(repository, "third")
    monkeypatch.chdir(project)
    assert read(find("HEAD"), "file") == b"of the project"
    with pytest.raises(UnavailableError, match="not in this revision"):
        read(find("HEAD~1"), "file")


def test_bytes_come_as_they_are_committed(repository: Path) -> None:
    content = bytes(range(256)) + b"\r\n\r\n"
    (repository / "bytes").write_bytes(content)
    (repository / ".gitattributes").write_text("bytes diff=upper\n")
    git(repository, "config", "diff.upper.textconv", "tr a-z A-Z <")
    commit(repository, "third")
    assert read(find("HEAD"), "bytes") == content


def test_a_shallow_clone_says_to_fetch_what_it_lacks(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = repository.parent / "clone"
    git(repository, "clone", "--quiet", "--depth", "1", repository.as_uri(), str(clone))
    monkeypatch.chdir(clone)
    assert read(find("HEAD"), "file") == b"second"
    with pytest.raises(ConfigError, match=r"HEAD~1: .* this clone is shallow: fetch it first"):
        find("HEAD~1")


def test_a_repository_without_commits_has_no_revision_but_the_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "--quiet")
    monkeypatch.chdir(tmp_path)
    assert find("workspace").commit is None
    with pytest.raises(ConfigError, match=r"HEAD: expected .* found none"):
        find("HEAD")


def test_a_bare_repository_has_revisions_but_no_project(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = repository.parent / "bare.git"
    git(repository, "clone", "--quiet", "--bare", str(repository), str(bare))
    monkeypatch.chdir(bare)
    with pytest.raises(UnavailableError, match="file: not in this revision"):
        read(find("main"), "file")


def test_outside_of_git_only_the_workspace_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert find("workspace").commit is None
    with pytest.raises(UnavailableError, match="not a git repository"):
        find("HEAD")


def test_git_missing_from_the_path_is_said(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert read(find("workspace"), "file") == b"second"
    with pytest.raises(UnavailableError, match="git: not found; install it"):
        find("HEAD")


def experiment(folder: Path, name: str, content: str, *options: str) -> str:
    """Save the workspace with `dvc exp save`; return its commit. The workspace goes back to HEAD."""
    (folder / "file").write_text(content)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    call = ["dvc", "exp", "save", "--name", name, *options]
    done = subprocess.run(call, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    git(folder, "restore", ".")
    refs = git(folder, "for-each-ref", "--format=%(objectname)", f"refs/exps/*/*/{name}", "--contains", "HEAD")
    return refs.splitlines()[-1]


def oracle(name: str) -> str:
    """The commit that DVC itself finds for a name; empty if the name is ambiguous."""
    code = "import sys; from dvc.scm import Git, resolve_rev; print(resolve_rev(Git('.'), sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, name], capture_output=True, text=True, check=False)
    return done.stdout.strip()


@pytest.mark.slow
def test_an_experiment_is_found_by_dvcs_own_rules(repository: Path) -> None:
    dvc = Path(sys.executable).parent / "dvc"
    subprocess.run([str(dvc), "init", "--quiet"], cwd=repository, check=True)
    commit(repository, "a project of DVC")
    old = experiment(repository, "twice", "experiment on the old commit")
    only = experiment(repository, "once", "experiment of one name")
    commit(repository, "a commit later")
    assert (find("once").commit, find("twice").commit) == (only, old) == (oracle("once"), oracle("twice"))
    assert read(find("once"), "file") == b"experiment of one name"
    assert str(find("once")) == f"once ({only[:7]})"

    new = experiment(repository, "twice", "experiment on the new commit")
    assert old != new
    assert find("twice").commit == new == oracle("twice"), "the one that was started from the current commit"
    commit(repository, "a commit later still")
    assert oracle("twice") == ""
    with pytest.raises(ConfigError, match=r"twice: expected .*, found 2 experiments of that name"):
        find("twice")

    branch = git(repository, "rev-parse", "HEAD~2")
    git(repository, "branch", "once", branch)
    assert find("once").commit == branch == oracle("once"), "a branch goes before an experiment"


def test_every_failure_of_git_is_one_line(repository: Path) -> None:
    (repository / ".git/HEAD").write_text("nonsense\n")
    with pytest.raises(PipelineError) as failure:
        revisions.git("rev-parse", "HEAD")
    assert str(failure.value).startswith("git rev-parse: ")
    assert "\n" not in str(failure.value)


def test_within_a_hook_git_works_on_the_repository_that_it_is_called_in(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (other := tmp_path / "other").mkdir()
    for name, value in {"GIT_DIR": ".git", "GIT_WORK_TREE": ".", "GIT_INDEX_FILE": ".git/index"}.items():
        monkeypatch.setenv(name, str(repository / value))
    revisions.git("init", "--quiet", str(other))
    assert (
        Path(revisions.git("-C", str(other), "rev-parse", "--absolute-git-dir").decode().strip()) == other / ".git"
    )
