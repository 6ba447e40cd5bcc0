"""A fitted estimator <-> a skops file, without pickle, the same bytes for the same model."""

import importlib
import io
import json
import sys
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import skops.io
from sklearn.base import BaseEstimator

from pipeline.errors import DataError, UnavailableError
from pipeline.files import write_bytes

OURS = "pipeline.estimators."
# What skops and zipfile raise for a file that is not as they wrote it; RuntimeError for one said to be encrypted.
DAMAGE = (
    zipfile.BadZipFile, zlib.error, AttributeError, EOFError, ImportError, LookupError, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip


def save(estimator: Any, path: Path) -> None:
    """Publish a fitted estimator."""
    write_bytes(path, dumps(estimator))


def dumps(estimator: Any) -> bytes:
    """A fitted estimator as the content of a skops file."""
    return stable(skops.io.dumps(estimator))


def load(path: Path, pixels: int, labels: Sequence[int], package: str | None = None) -> Any:
    """The classifier in a file that `save` wrote; UnavailableError where there is none, else as `loads`."""
    if not path.is_file():
        raise UnavailableError(f"{path}: not found; run `dvc repro` (or `dvc pull`) first")
    return loads(path.read_bytes(), str(path), pixels, labels, package)


def loads(content: bytes, where: str, pixels: int, labels: Sequence[int], package: str | None = None) -> Any:
    """The classifier of images of `pixels` into `labels` in what `dumps` gave, read from `where`.

    package: one whose classes are trusted beside the project's own, where they have been imported before. Raises
    DataError for content that is no such file, holds what is not trusted, or is of another kind.
    """
    try:
        found = skops.io.get_untrusted_types(data=content)
        if unknown := [name for name in found if not _is_trusted(name, package)]:
            raise DataError(f"{where}: expected a model of this project, found {', '.join(sorted(unknown))}")
        estimator = skops.io.loads(content, trusted=found)
        found_labels = list(getattr(estimator, "classes_", []))
        fits = getattr(estimator, "n_features_in_", None) == pixels and found_labels == list(labels)
    except DAMAGE as error:
        raise DataError(f"{where}: expected a skops file, found: {error}") from None
    if not fits:
        kind = f"{type(estimator).__name__} of {len(found_labels)} classes"
        expected = f"{pixels} pixels into {len(labels)} classes"
        raise DataError(f"{where}: expected a classifier of {expected}, found {kind}")
    return estimator


def _is_trusted(name: str, package: str | None) -> bool:
    """Whether a type that skops does not know is an estimator of this project or a class of the package."""
    module, _, kind = name.rpartition(".")
    if module.startswith(OURS):
        found = getattr(importlib.import_module(module), kind, None)
        return isinstance(found, type) and issubclass(found, BaseEstimator)
    if package is None or not f"{module}.".startswith(f"{package}."):
        return False
    found = getattr(sys.modules.get(module), kind, None)  # a file decides on no import
    # What a module has from elsewhere, such as subprocess.Popen, is not of the package.
    return isinstance(found, type) and f"{found.__module__}.".startswith(f"{package}.")


def stable(archive: bytes) -> bytes:
    """A skops archive without what differs from run to run: memory addresses, random names, times."""
    with zipfile.ZipFile(io.BytesIO(archive)) as old:
        schema = json.loads(old.read("schema.json"))
        names: dict[str, str] = {}
        _renumber(schema, {}, names)
        members = {new: old.read(name) for name, new in names.items()}
    members["schema.json"] = json.dumps(schema, indent=1, sort_keys=True).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as new_archive:
        for name in sorted(members):
            new_archive.writestr(zipfile.ZipInfo(name), members[name])
    return out.getvalue()


def _renumber(node: Any, addresses: dict[int, int], names: dict[str, str]) -> None:
    """Replace addresses and file names by running numbers.

    Plain values lose their address: which of them are one object is chance.
    """
    if isinstance(node, list):
        for item in node:
            _renumber(item, addresses, names)
    if not isinstance(node, dict):
        return
    if node.get("is_json"):
        node.pop("__id__", None)
    elif "__id__" in node:
        node["__id__"] = addresses.setdefault(node["__id__"], len(addresses) + 1)
    if isinstance(file := node.get("file"), str):
        node["file"] = names.setdefault(file, f"{len(names) + 1}{Path(file).suffix}")
    for value in node.values():
        _renumber(value, addresses, names)
