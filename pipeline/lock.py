"""dvc.lock: what DVC records of each stage's last run."""

from collections.abc import Container
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from pipeline.files import convert, parse_yaml

PATH = "dvc.lock"


class Entry(msgspec.Struct, frozen=True):
    """A file or folder that a stage read or wrote, and its MD5 (of a folder: of its listing, and `.dir`)."""

    path: str
    md5: str


class Stage(msgspec.Struct, frozen=True):
    """One stage's last run."""

    cmd: str
    deps: list[Entry] = []
    params: dict[str, dict[str, Any]] = {}
    outs: list[Entry] = []


class Lock(msgspec.Struct, frozen=True):
    """The last run of every stage, by name."""

    stages: dict[str, Stage]

    @property
    def outs(self) -> dict[str, str]:
        """The MD5 of each output, by path."""
        return {out.path: out.md5 for stage in self.stages.values() for out in stage.outs}

    @property
    def sources(self) -> dict[str, str]:
        """The MD5 of each dependency that no stage wrote, by path; of the earlier stage where two disagree.

        They do after a run that stopped: the stage that failed, and those after it, keep what they last ran with.
        """
        deps = {dep.path: dep.md5 for stage in reversed(self.stages.values()) for dep in stage.deps}
        outs = self.outs
        return {path: md5 for path, md5 in deps.items() if not within(path, outs)}

    @property
    def params(self) -> dict[str, Any]:
        """The parameters that the stages ran with, by their dotted names; as `sources` where two disagree."""
        found: dict[str, Any] = {}
        for stage in reversed(self.stages.values()):
            for values in stage.params.values():
                found |= flat(values)
        return found


def within(path: str, outs: Container[str]) -> bool:
    """Whether `path` is one of the outputs or lies in one that is a folder."""
    return any(str(part) in outs for part in (PurePosixPath(path), *PurePosixPath(path).parents))


def parse(content: bytes, where: str) -> Lock:
    """The content of a dvc.lock; ConfigError, which names `where` it is from, for anything else."""
    return convert(parse_yaml(content, Path(where)), Lock, Path(where))


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested dicts as one, its keys joined by dots; an empty dict stays a value."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) and value else {f"{prefix}{key}": value}
    return found
