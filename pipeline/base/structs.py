"""YAML and JSON into frozen, checked structs."""

import re
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeVar

from pipeline.base.errors import ConfigError, DataError, UnavailableError

T = TypeVar("T")
LEVELS = 100  # of JSON; our own files have three
TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)


def read_yaml(path: Path) -> Any:
    """The content of a YAML 1.2 file, read as DVC reads it; UnavailableError if there is no such file."""
    try:
        return parse_yaml(path.read_bytes(), path)
    except FileNotFoundError:
        raise UnavailableError(
            f"{path}: not found; run from the folder that has it, or name another file"
        ) from None


def parse_yaml(content: bytes, path: Path) -> Any:
    """The value of YAML 1.2 that was read from `path`, as DVC reads it; ConfigError if it is no YAML.

    So 1e-3 is a number, and a key that stands twice is an error.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(content.decode())
    except (YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: expected YAML, found: {' '.join(str(error).split())}") from None


def convert(content: Any, kind: type[T], path: Path) -> T:
    """`content`, read from `path`, as a checked `kind`; ConfigError if it does not fit."""
    import msgspec

    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {error}") from None


def parse_json(content: bytes, kind: Any, where: str, expected: str = "a JSON object") -> Any:
    """JSON as a checked `kind`. Raises DataError, which names `where`, if it does not fit or is too deep.

    Each version of Python has another limit of its own, and what it reads it cannot always walk through or print.
    """
    import msgspec

    if (levels := _levels(content)) > LEVELS:
        raise DataError(f"{where}: expected {expected}, found: {levels} levels; {LEVELS} are allowed")
    try:
        return msgspec.json.decode(content, type=kind)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: expected {expected}, found: {error}") from None


def _levels(content: bytes) -> int:
    """How deep the objects and arrays of JSON are nested."""
    steps = ((sign in b"[{") - (sign in b"]}") for sign in TEXT.sub(b"", content))
    return max(accumulate(steps), default=0)
