"""Whether dvc.lock is true: of itself and the tree, and of a run of the whole pipeline in a clean clone."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from pipeline import lock, revisions
from pipeline.errors import ConfigError, DataError, UnavailableError
from pipeline.files import read_yaml
from pipeline.lock import Lock, Stage

MODEL, PREDICTIONS = "data/model/model.skops", "metrics/predictions.csv"
IDENTICAL, EQUIVALENT, DIFFERENT = "identical", "equivalent", "different"
DVC = [sys.executable, "-m", "dvc"]
SETTINGS = ("GLOBAL_CONFIG", "SYSTEM_CONFIG", "SITE_CACHE")
ABSENT = {"deleted", "not in cache"}  # a fresh clone has no data; what the lock says of it is not in question


class Row(NamedTuple):
    """One line of the table: what the lock records, the verdict on it, and what was found instead."""

    stage: str
    record: str
    verdict: str
    detail: str = ""


def verify(revision: revisions.Revision, folder: Path, source: str | None) -> list[Row]:
    """Clone a revision into `folder`, run its whole pipeline there, and compare the result with its dvc.lock.

    source: where the raw files are tried first; else as the stage `download` does.
    """
    committed = lock.parse(revisions.read(revision, lock.PATH), f"{revision}: {lock.PATH}")
    project = clone(revision, folder)
    rows = [Row("lock", finding, DIFFERENT) for finding in check_lock(project)]
    for words in foreign_packages((project / "requirements/run.txt").read_text()):
        print(f"verify: warning: {words}", file=sys.stderr)
    reproduce(project, source)

    def numbers(path: str) -> str:
        old, new = (
            lock.flat(json.loads(text)) for text in (revisions.read(revision, path), (project / path).read_bytes())
        )
        return ", ".join(
            f"{key} {old.get(key)} -> {new.get(key)}" for key in old | new if old.get(key) != new.get(key)
        )

    return rows + compare(committed, lock.parse((project / lock.PATH).read_bytes(), lock.PATH), numbers)


def compare(committed: Lock, reproduced: Lock, numbers: Callable[[str], str]) -> list[Row]:
    """One row for the inputs of each stage and one for each of its outputs.

    numbers: says in which numbers the two JSON files of an output differ. A model of other bytes is equivalent
    where the predictions are the same, as on another type of processor.
    """
    same_predictions = committed.outs.get(PREDICTIONS) == reproduced.outs.get(PREDICTIONS)
    rows = []
    for name in committed.stages | reproduced.stages:
        old, new = (which.stages.get(name) for which in (committed, reproduced))
        if not old or not new:
            rows.append(
                Row(name, "stage", DIFFERENT, f"not in the {'reproduced' if old else 'committed'} dvc.lock")
            )
            continue
        rows.append(_inputs(name, old, new, same_predictions))
        outs = {out.path: out.md5 for out in new.outs}
        for out in old.outs:
            if out.md5 == (found := outs.get(out.path)):
                rows.append(Row(name, out.path, IDENTICAL))
            elif out.path == MODEL and same_predictions:
                rows.append(Row(name, out.path, EQUIVALENT, "other bytes, the same predictions"))
            else:
                detail = numbers(out.path) if out.path.endswith(".json") else f"{out.md5} -> {found}"
                rows.append(Row(name, out.path, DIFFERENT, detail))
    return rows


def _inputs(name: str, old: Stage, new: Stage, same_predictions: bool) -> Row:
    """The row of a stage's command, parameters and dependencies."""
    before, after = (
        {dep.path: dep.md5 for dep in stage.deps} | {"cmd": stage.cmd, "params": stage.params}
        for stage in (old, new)
    )
    changed = [key for key in before | after if before.get(key) != after.get(key)]
    if changed and changed != [MODEL]:
        verdict = DIFFERENT
    else:
        verdict = (EQUIVALENT if same_predictions else DIFFERENT) if changed else IDENTICAL
    return Row(name, f"{len(after)} inputs", verdict, ", ".join(changed))


def clone(revision: revisions.Revision, folder: Path) -> Path:
    """Clone a revision into the folder `folder`, which is not there yet; return the project's folder in it."""
    top, prefix = (
        revisions.git("rev-parse", f"--show-{what}").decode().strip() for what in ("toplevel", "prefix")
    )
    revisions.git("clone", "--quiet", "--shared", "--no-checkout", top, str(folder))
    revisions.git("-C", str(folder), "checkout", "--quiet", "--detach", str(revision.commit))
    return folder / prefix


def reproduce(project: Path, source: str | None) -> None:
    """Run every stage of a project, with nothing of the user's: neither DVC's cache and runs nor its settings.

    source: where the raw files are tried first. What the stages say goes to stderr. Raises DataError where one
    does not succeed, UnavailableError where that is the environment's fault.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DVC_")}
    environment |= {f"DVC_{kind}_DIR": str(project / ".dvc/tmp") for kind in SETTINGS}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    if source:
        environment["PIPELINE_SOURCE"] = source
    command = [*DVC, "repro", "--force", "--no-run-cache"]
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


def lock_findings(recorded: Lock, declared: dict[str, Any], status: dict[str, list[Any]]) -> list[str]:
    """What is wrong with a dvc.lock, given the stages of dvc.yaml and `dvc status --json`; data may be absent."""
    findings = [f"{stage}: not in dvc.lock" for stage in declared if stage not in recorded.stages]
    findings += [f"{stage}: not in dvc.yaml" for stage in recorded.stages if stage not in declared]
    seen: dict[str, tuple[str, str]] = {}
    for name, stage in recorded.stages.items():
        for entry in stage.deps:
            other, md5 = seen.setdefault(entry.path, (name, entry.md5))
            if entry.md5 != recorded.outs.get(entry.path, md5):
                findings.append(
                    f"{name}: {entry.path}: another hash than the stage that writes it has, or {other}"
                )
    absent = {(path, how) for path in _cached(declared) for how in ABSENT}
    for name, changes in status.items():
        for change in changes:
            for kind, items in (change if isinstance(change, dict) else {change: {}}).items():
                facts = [f"{path} ({how})" for path, how in lock.flat(items).items() if (path, how) not in absent]
                findings += [f"{name}: {kind}: {fact}" for fact in facts] if items else [f"{name}: {kind}"]
    return findings


def _cached(declared: dict[str, Any]) -> Iterator[str]:
    """The outputs that DVC keeps, not git."""
    for stage in declared.values():
        for out in stage.get("outs", []) + stage.get("metrics", []):
            for path, options in (out if isinstance(out, dict) else {out: {}}).items():
                if options.get("cache", True):
                    yield path


def check_lock(project: Path) -> list[str]:
    """The findings on the dvc.lock of a project."""
    try:
        recorded = lock.parse((project / lock.PATH).read_bytes(), lock.PATH)
    except FileNotFoundError:
        raise UnavailableError(f"{lock.PATH}: not found; run `dvc repro` and commit it") from None
    done = subprocess.run([*DVC, "status", "--json"], cwd=project, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ConfigError(f"dvc status: {' '.join(done.stderr.split())}")
    declared = read_yaml(project / "dvc.yaml")["stages"]
    return lock_findings(recorded, declared, json.loads(done.stdout))
