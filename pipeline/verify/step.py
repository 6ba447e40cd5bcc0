"""Whether dvc.lock is in step with dvc.yaml, code, params, metrics and itself; data may be absent."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline import lock
from pipeline.errors import ConfigError, UnavailableError
from pipeline.files import read_yaml
from pipeline.lock import Lock

ABSENT = {"deleted", "not in cache"}  # a fresh clone has no data; what the lock says of it is not in question
BUSY = "Unable to acquire lock"  # another DVC is at work


def findings_on(recorded: Lock, declared: dict[str, Any], status: dict[str, list[Any]]) -> list[str]:
    """What is wrong with a dvc.lock, given the stages of dvc.yaml and `dvc status --json`; data may be absent."""
    found = [f"{stage}: not in dvc.lock" for stage in declared if stage not in recorded.stages]
    found += [f"{stage}: not in dvc.yaml" for stage in recorded.stages if stage not in declared]
    found += [
        f"{stage}: frozen, so DVC does not look at its dependencies"
        for stage, options in declared.items()
        if options.get("frozen")
    ]
    first: dict[str, str] = {}
    for name, stage in recorded.stages.items():
        for path, md5 in ((entry.path, entry.md5) for entry in stage.deps):
            if md5 != recorded.outs.get(path, md5):
                found.append(f"{name}: {path}: another hash than that of the stage that writes it")
            elif md5 != first.setdefault(path, md5):
                found.append(f"{name}: {path}: another hash than an earlier stage has")
    absent = {(path, how) for path in _cached(declared) for how in ABSENT}
    for name, changes in status.items():
        for change in changes:
            for kind, items in (change if isinstance(change, dict) else {change: {}}).items():
                facts = [f"{path} ({how})" for path, how in lock.flat(items).items() if (path, how) not in absent]
                found += [f"{name}: {kind}: {fact}" for fact in facts] if items else [f"{name}: {kind}"]
    return found


def _cached(declared: dict[str, Any]) -> Iterator[str]:
    """The outputs that DVC keeps, not git."""
    for stage in declared.values():
        for out in stage.get("outs", []) + stage.get("metrics", []):
            for path, options in (out if isinstance(out, dict) else {out: {}}).items():
                if options.get("cache", True):
                    yield path


def findings(project: Path) -> list[str]:
    """The findings on the dvc.lock of a project."""
    try:
        recorded = lock.parse((project / lock.PATH).read_bytes(), lock.PATH)
    except FileNotFoundError:
        raise UnavailableError(f"{lock.PATH}: not found; run `dvc repro` and commit it") from None
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "status", "--json"], cwd=project, capture_output=True, text=True, check=False
    )
    if done.returncode:
        kind = UnavailableError if BUSY in done.stderr else ConfigError
        raise kind(f"dvc status: {' '.join(done.stderr.split())}")
    declared = (read_yaml(project / "dvc.yaml") or {}).get("stages", {})
    return findings_on(recorded, declared, json.loads(done.stdout))
