"""The record of what a method is made of: its arguments, its source files, the versions of its packages."""

import contextlib
import math
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from pipeline.base.errors import ConfigError, DataError, UnavailableError, listed
from pipeline.base.outputs import sha256
from pipeline.base.params import Argument
from pipeline.base.structs import parse_json
from pipeline.models import imports, registry

PACKAGES = ["numpy", "scikit-learn", "scipy"]  # the estimators of this project compute with these


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a method is made of, read from a file. The function `record` makes the content of such a file."""

    method: str
    arguments: dict[str, Any]
    code: dict[str, str]
    packages: dict[str, str]


def record(
    name: str, arguments: Mapping[str, Argument], earlier: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The record of a method: its arguments, the SHA-256 of each source file, the versions of its packages.

    earlier: the versions in an earlier record; they stay for packages that are not installed here. Raises
    ConfigError for a class of a module that no installed package contains.
    """
    packages = [] if ":" in name else [*PACKAGES, *registry.required(name)]
    if name_of_package := registry.package(name):
        found = metadata.packages_distributions().get(name_of_package)
        if not found:
            hint = "write a method of your own as pipeline/methods/NAME.py"
            raise ConfigError(f"train.method: {name}: {name_of_package} is not an installed package; {hint}")
        packages += found
    code = [] if ":" in name else sorted(imports.closure(registry.source(name)))
    return {
        "method": name,
        "arguments": {key: _as_json(value) for key, value in arguments.items() if value is not None},
        "code": {path.relative_to(imports.ROOT).as_posix(): sha256(path) for path in code},
        "packages": _versions(packages, earlier or {}),
    }


def _as_json(value: Any) -> Any:
    """An argument as JSON can hold it: keys as text, and an infinite number as YAML writes it."""
    if isinstance(value, dict):
        return {str(key): _as_json(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_as_json(part) for part in value]
    if isinstance(value, float) and math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    return value


def _versions(packages: Iterable[str], earlier: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for package in sorted(set(packages)):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            if package in earlier:
                found[package] = earlier[package]
    return found


def read(path: Path) -> Record:
    """The record in a file. Raises UnavailableError if there is no such file, DataError if it is not a record."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise UnavailableError(f"{path}: not found; run `dvc repro`") from None
    record: Record = parse_json(content, Record, str(path), "the record of a method")
    return record


def versions(path: Path) -> dict[str, str]:
    """The versions of packages in the record in a file; none if there is no record."""
    try:
        return read(path).packages
    except (DataError, UnavailableError, OSError):
        return {}


def outdated(folder: Path) -> list[Path]:
    """The records in a folder, NAME.json each, of methods that this project no longer has.

    A file is such a record only if its content is a record of the method NAME. Any other file is somebody else's.
    """
    found = []
    for path in sorted(folder.glob("*.json")):
        with contextlib.suppress(DataError, OSError):
            if path.stem not in registry.names() and read(path).method == path.stem:
                found.append(path)
    return found


@contextlib.contextmanager
def held(path: Path, name: str, arguments: Mapping[str, Argument]) -> Iterator[None]:
    """Raise ConfigError unless the file `path` is the record of the method, before the block and after it.

    That file is all that DVC knows of the code of a method.
    """
    _compare(path, name, arguments)
    yield
    _compare(path, name, arguments)


def _compare(path: Path, name: str, arguments: Mapping[str, Argument]) -> None:
    recorded = read(path)
    now = record(name, arguments, recorded.packages)
    if parts := [part for part in now if getattr(recorded, part) != now[part]]:
        # If only the version of a package is another, plain `dvc repro` writes no new record: DVC does not see it.
        again = "dvc repro --force --single-item method"
        if path.stem == name:  # the leaderboard has a record for each method
            again = f"python -m pipeline methods --records {path.parent}"
        raise ConfigError(f"{path}: not the record of method {name} as it is now ({listed(parts)}); run `{again}`")
