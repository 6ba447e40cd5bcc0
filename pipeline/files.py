"""Hashing, atomic publishing, stable JSON, and YAML into checked structs."""

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pipeline.errors import ConfigError, DataError, UnavailableError

T = TypeVar("T")
STARTED_BY = os.getppid()
_held: dict[Path, Path] | None = None  # what `together` holds back, by the file that it is to replace


def sha256(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sweep(path: Path) -> None:
    """Remove what a killed run left of an unfinished `path`."""
    for partial in path.parent.glob(f".{path.name}.*.part"):
        partial.unlink(missing_ok=True)


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Have an OSError that names no file name `path`: a full disk does not say where."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


@contextlib.contextmanager
def publishing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it over `path` on success, delete it on any error.

    A reader of `path` sees the old file or the new one, never a half of either.
    """
    if not path.name or path.is_dir():
        raise UnavailableError(f"{path}: expected a file's name, found a folder")
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    with naming(path), contextlib.ExitStack() as undo:
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path)
        undo.callback(partial.unlink, missing_ok=True)
        yield partial
        if _held is not None and path.exists():
            _held[path] = partial
            undo.pop_all()
        else:
            _rename(partial, path)


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Replace the files published inside at the end, or on an error none of them.

    A DataError is no such error, for what a check found is a result. What replaces no file is published at once: a
    download that was broken off goes on from what had come. The renames at the end are quick, not one transaction.
    """
    global _held  # noqa: PLW0603  (the writers inside need not know)
    held: dict[Path, Path] = {}
    _held = held

    def replace() -> None:
        for path, partial in held.items():
            _rename(partial, path)

    try:
        yield
        replace()
    except DataError:
        replace()
        raise
    finally:
        _held = None
        for partial in held.values():
            partial.unlink(missing_ok=True)


def written(path: Path) -> Path:
    """Where the bytes lie that were last published as `path`: inside `together`, maybe not there yet."""
    return (_held or {}).get(path, path)


def _rename(partial: Path, path: Path) -> None:
    """Replace `path`, unless the DVC that started this was killed: another run may be at work on the file."""
    if "DVC_STAGE" in os.environ and os.getppid() != STARTED_BY:
        raise UnavailableError(f"{path}: not written, for the DVC that runs this stage is gone; run `dvc repro`")
    partial.replace(path)


def write_bytes(path: Path, content: bytes) -> None:
    """Publish `content` as `path`."""
    with publishing(path) as partial:
        partial.write_bytes(content)


def write_text(path: Path | None, text: str) -> None:
    """Publish text as `path`, or write it to stdout: as UTF-8 in either case, whatever the terminal's encoding."""
    content = text.encode(errors="replace")  # a path may hold bytes that are no text
    if path:
        write_bytes(path, content)
    else:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Publish `content` as JSON that is the same bytes for the same values: sorted, indented, finite."""
    write_bytes(path, (json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n").encode())


def read_yaml(path: Path) -> Any:
    """The content of a YAML 1.2 file, as `parse_yaml`; UnavailableError where it is missing."""
    try:
        return parse_yaml(path.read_bytes(), path)
    except FileNotFoundError:
        raise UnavailableError(f"{path}: not found; run from the project's folder") from None


def parse_yaml(content: bytes, path: Path) -> Any:
    """YAML 1.2 that was read from `path`, as DVC reads it (1e-3 is a number, a key twice is an error).

    Raises ConfigError where it is none.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(content.decode())
    except (YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: expected YAML, found: {' '.join(str(error).split())}") from None


def convert(content: Any, kind: type[T], path: Path) -> T:
    """`content`, read from `path`, as a `kind`, checked; ConfigError where it does not fit."""
    import msgspec

    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {error}") from None
