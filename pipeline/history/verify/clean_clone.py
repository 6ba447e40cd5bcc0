"""A clean clone of a revision, and a run of its whole pipeline there."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from pipeline.base.errors import DataError, UnavailableError
from pipeline.history import revisions

SETTINGS = ("GLOBAL_CONFIG", "SYSTEM_CONFIG", "SITE_CACHE")


def make(revision: revisions.Revision, folder: Path) -> Path:
    """Clone a revision into `folder`, which must not exist yet; return the folder of the project in the clone."""
    top, prefix = (
        revisions.git("rev-parse", f"--show-{what}").decode().strip() for what in ("toplevel", "prefix")
    )
    revisions.git("clone", "--quiet", "--shared", "--no-checkout", top, str(folder))
    revisions.git("-C", str(folder), "checkout", "--quiet", "--detach", str(revision.commit))
    return folder / prefix


def reproduce(project: Path, source: str | None) -> None:
    """Run every stage of a project, without the user's DVC cache, earlier runs and settings.

    source: the first source that is tried for the raw files. The output of the stages goes to stderr. Raises
    DataError if a stage fails, UnavailableError if the environment is the cause.
    """
    # This file overrides a committed setting.
    (project / ".dvc/config.local").write_text("[cache]\n    dir = cache\n")
    own = ("DVC_", *revisions.HOOKS)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(own)}
    environment |= {f"DVC_{kind}_DIR": str(project / ".dvc/tmp") for kind in SETTINGS}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    if source:
        environment["PIPELINE_SOURCE"] = source
    command = [sys.executable, "-m", "dvc", "repro", "--force", "--no-run-cache"]
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    failure = ""
    with subprocess.Popen(command, cwd=project, env=environment, **streams) as run:
        for line in run.stdout or ():
            print(line, end="", file=sys.stderr)
            failure = line if "exited with" in line else failure
    if run.returncode:
        kind = UnavailableError if re.search(r"exited with 3\b", failure) else DataError
        raise kind("`dvc repro` failed in a clean clone; its output is above")


def foreign_packages(requirements: str) -> Iterator[str]:
    """In words, each pinned package that is installed here in another version."""
    for name, pinned in re.findall(r"^([\w.-]+)==([^\s;\\]+)", requirements, re.MULTILINE):
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        if installed != pinned:
            yield f"{name} {installed} is installed, {pinned} is pinned"
