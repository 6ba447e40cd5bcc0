"""A revision in a clean clone, and its whole pipeline run there."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from pipeline import revisions
from pipeline.errors import DataError, UnavailableError

SETTINGS = ("GLOBAL_CONFIG", "SYSTEM_CONFIG", "SITE_CACHE")


def make(revision: revisions.Revision, folder: Path) -> Path:
    """Clone a revision into the folder `folder`, which is not there yet; return the project's folder in it."""
    top, prefix = (
        revisions.git("rev-parse", f"--show-{what}").decode().strip() for what in ("toplevel", "prefix")
    )
    revisions.git("clone", "--quiet", "--shared", "--no-checkout", top, str(folder))
    revisions.git("-C", str(folder), "checkout", "--quiet", "--detach", str(revision.commit))
    return folder / prefix


def reproduce(project: Path, source: str | None) -> None:
    """Run every stage of a project, with nothing of the user's: neither DVC's cache and runs nor its settings.

    source: where the raw files are tried first. What the stages say goes to stderr. Raises DataError
    where one does not succeed, UnavailableError where that is the environment's fault.
    """
    (project / ".dvc/config.local").write_text("[cache]\n    dir = cache\n")  # before any that was committed
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
        raise kind("`dvc repro` failed in a clean clone, as said above")


def foreign_packages(requirements: str) -> Iterator[str]:
    """The pinned packages of which another version is installed here, each in words."""
    for name, pinned in re.findall(r"^([\w.-]+)==([^\s;\\]+)", requirements, re.MULTILINE):
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        if installed != pinned:
            yield f"{name} {installed} is installed, {pinned} is pinned"
