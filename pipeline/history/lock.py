"""dvc.lock: DVC's record of the last run of each stage."""

import hashlib
from collections.abc import Container
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from pipeline.base.structs import convert, parse_yaml

PATH = "dvc.lock"


class Entry(msgspec.Struct, frozen=True):
    """A file or folder that a stage read or wrote, and what DVC knows of its content.

    md5: for a folder, of its listing, with `.dir`. etag, checksum: of a file on a server, in a bucket or on a
    cluster. files: of a folder that a versioned remote holds, each file with its own.
    """

    path: str
    md5: str | None = None
    etag: str | None = None
    checksum: str | None = None
    files: list[dict[str, Any]] = []

    @property
    def digest(self) -> str:
        """What tells one content from another; empty if DVC recorded nothing, as of a file that was absent."""
        own = self.md5 or self.etag or self.checksum
        if own is None and self.files:
            own = hashlib.md5(repr(self.files).encode(), usedforsecurity=False).hexdigest() + ".dir"
        return own or ""


class Stage(msgspec.Struct, frozen=True):
    """The last run of one stage."""

    cmd: str
    deps: list[Entry] = []
    params: dict[str, dict[str, Any]] = {}
    outs: list[Entry] = []


class Lock(msgspec.Struct, frozen=True):
    """The last run of every stage, by name."""

    stages: dict[str, Stage]

    @property
    def outs(self) -> dict[str, str]:
        """The digest of each output, by path."""
        return {out.path: out.digest for stage in self.stages.values() for out in stage.outs}

    @property
    def sources(self) -> dict[str, str]:
        """The digest of each dependency that no stage wrote, by path.

        A folder that holds the output of a stage, such as `metrics`, is no source. If two stages disagree, the
        earlier stage counts. They disagree after a run that stopped: the stage that failed, and the stages after
        it, keep the digests of their last good run.
        """
        deps = {dep.path: dep.digest for stage in reversed(self.stages.values()) for dep in stage.deps}
        outs = self.outs
        folders = {str(folder) for out in outs for folder in PurePosixPath(out).parents}
        return {path: digest for path, digest in deps.items() if path not in folders and not within(path, outs)}

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of the run, by their dotted names; if two stages disagree, the earlier stage counts."""
        found: dict[str, Any] = {}
        for stage in reversed(self.stages.values()):
            for values in stage.params.values():
                found |= flat(values)
        return found


def within(path: str, outs: Container[str]) -> bool:
    """Whether `path` is one of the outputs, or is in an output that is a folder."""
    return any(str(part) in outs for part in (PurePosixPath(path), *PurePosixPath(path).parents))


def parse(content: bytes, where: str) -> Lock:
    """The content of a dvc.lock. Raises ConfigError for anything else; its message names `where`."""
    return convert(parse_yaml(content, Path(where)), Lock, Path(where))


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested dicts as one dict, with keys joined by dots; an empty dict stays a value."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) and value else {f"{prefix}{key}": value}
    return found
