"""A clone has the bytes of the commit, whatever the settings of the user's git say of line ends."""

import subprocess
from pathlib import Path

import pytest
from conftest import ROOT


def git(folder: Path, *arguments: str) -> list[str]:
    done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.fixture(params=["autocrlf=true", "eol=crlf"])
def clone(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A clone of the project as a git for Windows makes it, with the .gitattributes of the working tree."""
    folder, setting = tmp_path / "clone", f"core.{request.param}"
    git(tmp_path, "clone", "--quiet", "--no-checkout", "-c", setting, str(ROOT), str(folder))
    (folder / ".git/info/attributes").write_bytes((ROOT / ".gitattributes").read_bytes())
    git(folder, "checkout", "--quiet", "--force", "HEAD")
    return folder


def test_no_byte_of_a_clone_is_another(clone: Path) -> None:
    known = {path: line.split()[1] for line in git(clone, "ls-files", "--stage") for path in [line.split("\t")[1]]}
    found = git(clone, "hash-object", "--no-filters", *known)
    assert [path for path, blob in zip(known, found, strict=True) if known[path] != blob] == []
    assert len(known) > 300


def test_the_script_of_ci_starts(clone: Path) -> None:
    assert (clone / ".ci/run").read_bytes().startswith(b"#!/usr/bin/env bash\n")
