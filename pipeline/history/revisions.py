"""Revisions of the project, and their files in git. The workspace is a revision too."""

import contextlib
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

from pipeline.base.errors import ConfigError, UnavailableError

WORKSPACE = "workspace"
HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")


class Revision(NamedTuple):
    """A commit, and the name that the user gave. If commit is None, the revision is the files on the disk."""

    name: str
    commit: str | None

    def __str__(self) -> str:
        commit = self.commit or self.name
        return self.name if commit.startswith(self.name) else f"{self.name} ({commit[:7]})"


def find(name: str) -> Revision:
    """The revision of this name: a branch, a tag, a commit, a DVC experiment, or `workspace`.

    Raises ConfigError if nothing has this name, UnavailableError outside a git repository.
    """
    if name == WORKSPACE:
        return Revision(name, None)
    if not name.startswith("^"):  # `^` means all other commits
        with contextlib.suppress(UnavailableError):
            printed = git("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")
            return Revision(name, printed.decode().split()[-1])  # some versions print the option too
    found = _experiments(name)
    commits = [commit for _, commit in found]
    if len(found) > 1:  # DVC's own rule: take the experiment that was started from the current commit
        head = git("rev-parse", "HEAD").decode().strip()
        commits = [commit for base, commit in found if base == head] or commits
    if len(commits) != 1:
        expected = "a git revision, a DVC experiment or `workspace`"
        shallow = git("rev-parse", "--is-shallow-repository").strip() == b"true"
        none = f"none{'; this clone is shallow: fetch it first' if shallow else ''}"
        reason = f"{len(commits)} experiments of that name" if commits else none
        raise ConfigError(f"{name}: expected {expected}, found {reason}")
    return Revision(name, commits[0])


def _experiments(name: str) -> list[tuple[str, str]]:
    """For each DVC experiment of this name: the commit that it was started from, and its own commit."""
    listed = git("for-each-ref", "--format=%(objectname) %(refname)", "refs/exps").decode().splitlines()
    parts = [(line.split()[0], line.split()[1].split("/")) for line in listed]
    return [(ref[2] + ref[3], commit) for commit, ref in parts if len(ref) == 5 and ref[4] == name]


def read(revision: Revision, path: str) -> bytes:
    """The content of a file at a revision. Raises UnavailableError if the revision has no such file."""
    try:
        return git("show", f"{revision.commit}:./{path}") if revision.commit else Path(path).read_bytes()
    except (UnavailableError, FileNotFoundError):
        hint = "not in this revision" if revision.commit else "not found; run `dvc repro`"
        raise UnavailableError(f"{revision}: {path}: {hint}") from None


def git(*arguments: str) -> bytes:
    """The output of a git command. Raises UnavailableError, with git's own words, if the command fails."""
    # Inside a git hook these variables name the user's repository, whatever the current folder is.
    environment = {key: value for key, value in os.environ.items() if key not in HOOKS}
    try:
        done = subprocess.run(["git", *arguments], env=environment, capture_output=True, check=False)
    except FileNotFoundError:
        raise UnavailableError("git: not found; install it") from None
    if done.returncode:
        raise UnavailableError(f"git {arguments[0]}: {' '.join(done.stderr.decode(errors='replace').split())}")
    return done.stdout
