"""Whether each dvc.lock is in step with its dvc.yaml, code, params, metrics and the other dvc.lock files."""

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.base.errors import ConfigError, UnavailableError
from pipeline.base.structs import read_yaml
from pipeline.history import lock
from pipeline.history.lock import Lock, Stage

ABSENT = {"deleted", "not in cache"}  # a fresh clone has no data, and that is no fault of the lock
BUSY = "Unable to acquire lock"  # DVC prints this if another DVC is at work


def findings_on(recorded: Lock, declared: dict[str, Any], status: dict[str, list[Any]]) -> list[str]:
    """What is wrong with a dvc.lock, given the stages of dvc.yaml and `dvc status --json`; data may be absent.

    If a stage writes a folder, its record has no hash of a single file in the folder. Without the data, the stages
    that depend on such a file are only compared with each other.
    """
    expected = [name for stage, options in declared.items() for name in _names(stage, options)]
    found = [f"{stage}: not in dvc.lock" for stage in expected if stage not in recorded.stages]
    found += [f"{stage}: not in dvc.yaml" for stage in recorded.stages if stage not in expected]
    found += [
        f"{stage}: frozen, so DVC does not look at its dependencies"
        for stage, options in declared.items()
        if options.get("frozen")
    ]
    return [*found, *_contradictions(recorded), *_changes(declared, status)]


def _contradictions(recorded: Lock) -> Iterator[str]:
    """Each file for which the stages of a dvc.lock have different hashes."""
    first: dict[str, str] = {}
    for name, stage in recorded.stages.items():
        for path, md5 in ((entry.path, entry.md5) for entry in stage.deps):
            if md5 != recorded.outs.get(path, md5):
                yield f"{name}: {path}: another hash than that of the stage that writes it"
            elif md5 != first.setdefault(path, md5):
                yield f"{name}: {path}: another hash than an earlier stage has"


def _changes(declared: dict[str, Any], status: dict[str, list[Any]]) -> Iterator[str]:
    """The changes that `dvc status` finds, except absent data and the folders that lack them."""
    cached = set(_cached(declared))
    found = list(_facts(status))
    absent = {path for *_, path, how in found if how in ABSENT and lock.within(path, cached)}
    holding = {str(folder) for path in absent for folder in PurePosixPath(path).parents}
    for name, kind, path, how in found:
        if path not in absent | holding:
            yield f"{name}: {kind}: {path} ({how})" if path else f"{name}: {kind}"


def _facts(status: dict[str, list[Any]]) -> Iterator[tuple[str, str, str, str]]:
    """Each change in `dvc status --json`: stage, kind, path and event; a changed command has no path."""
    for name, changes in status.items():
        for change in changes:
            for kind, items in (change if isinstance(change, dict) else {change: {}}).items():
                yield from [(name, kind, path, how) for path, how in lock.flat(items or {"": ""}).items()]


def _names(stage: str, options: dict[str, Any]) -> list[str]:
    """The name that DVC gives to a stage, or to each stage of a matrix."""
    values = product(*options.get("matrix", {}).values())
    return [f"{stage}@{'-'.join(map(str, one))}" if one else stage for one in values]


def _cached(declared: dict[str, Any]) -> Iterator[str]:
    """The outputs that DVC keeps; git keeps all others."""
    for stage in declared.values():
        for out in stage.get("outs", []) + stage.get("metrics", []):
            for path, options in (out if isinstance(out, dict) else {out: {}}).items():
                if options.get("cache", True):
                    yield path


def findings(project: Path) -> list[str]:
    """The findings on every dvc.lock of a project: beside its dvc.yaml, and in each folder that has a dvc.yaml."""
    recorded: dict[str, Stage] = {}
    declared: dict[str, Any] = {}
    for yaml in [project / "dvc.yaml", *sorted(project.glob("*/dvc.yaml"))]:
        place = yaml.relative_to(project).as_posix()
        prefix = f"{place}:" if "/" in place else ""
        stages = (read_yaml(yaml) or {}).get("stages", {})
        declared |= {f"{prefix}{name}": options for name, options in stages.items()}
        recorded |= {f"{prefix}{name}": stage for name, stage in _read(yaml.with_suffix(".lock"), project).items()}
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "status", "--json"], cwd=project, capture_output=True, text=True, check=False
    )
    if done.returncode:
        kind = UnavailableError if BUSY in done.stderr else ConfigError
        raise kind(f"dvc status: {' '.join(done.stderr.split())}")
    return findings_on(Lock(recorded), declared, json.loads(done.stdout))


def _read(path: Path, project: Path) -> dict[str, Stage]:
    """The stages of a dvc.lock."""
    where = path.relative_to(project).as_posix()
    try:
        return lock.parse(path.read_bytes(), where).stages
    except FileNotFoundError:
        raise UnavailableError(f"{where}: not found; run `dvc repro` and commit it") from None
