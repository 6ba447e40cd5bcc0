"""Fitted estimators in skops files: no pickle, and the same model is always the same bytes."""

import importlib
import io
import json
import math
import sys
import warnings
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from sklearn.base import BaseEstimator, clone

from pipeline.base.errors import ConfigError, DataError, UnavailableError, listed

OURS = "pipeline.estimators."
TRIAL_SHAPE, TRIAL_ROWS = (28, 28), 5  # of the images, and of each class, that a method is tried on
# skops and zipfile raise these for a file that they did not write; RuntimeError if it claims to be encrypted.
DAMAGE = (
    zipfile.BadZipFile, zlib.error, AttributeError, EOFError, ImportError, LookupError, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip


def dumps(estimator: Any) -> bytes:
    """A fitted estimator as the content of a skops file."""
    return stable(skops.io.dumps(estimator))


def require_savable(estimator: Any, name: str, package: str | None = None) -> None:
    """Raise ConfigError if an estimator cannot be saved and loaded: an error now is better than after a long fit.

    A copy of it is fitted on a few made images, because many types appear only in a fitted model. A method that
    cannot be fitted on so few is judged unfitted.
    """
    labels = np.repeat(np.arange(10, dtype=np.uint8), TRIAL_ROWS)
    images = np.random.default_rng(0).integers(0, 256, (len(labels), math.prod(TRIAL_SHAPE)), np.uint8)
    with warnings.catch_warnings(action="ignore"):
        try:
            trial = clone(estimator)
            trial.fit(images, labels)
        except Exception:  # noqa: BLE001  (a method of the user's own may raise anything)
            trial = estimator
    try:
        content = dumps(trial)
        if unknown := _untrusted(content, package):
            raise ConfigError(
                f"train.method: {name}: a model of it holds types that are not trusted: {listed(unknown)}"
            )
        skops.io.loads(content, trusted=skops.io.get_untrusted_types(data=content))
    except (*DAMAGE, RecursionError) as error:
        raise ConfigError(f"train.method: {name}: cannot be saved: {error}") from None


def load(path: Path, shape: Sequence[int], labels: Sequence[int], package: str | None = None) -> Any:
    """The classifier in the file `path`, as `loads`; UnavailableError if there is no such file."""
    if not path.is_file():
        raise UnavailableError(f"{path}: not found; run `dvc repro` (or `dvc pull`) first")
    return loads(path.read_bytes(), str(path), shape, labels, package)


def loads(
    content: bytes, where: str, shape: Sequence[int], labels: Sequence[int], package: str | None = None
) -> Any:
    """The classifier in the content that `dumps` gave. where: the file that the content comes from, for messages.

    shape: the shape of the images that the classifier must take. labels: the labels that it may give. package:
    its classes are trusted too, if they are already imported. Raises DataError if the content is not a skops file,
    if it holds a type that is not trusted, or if it holds another kind of classifier.
    """
    pixels = math.prod(shape)
    try:
        if unknown := _untrusted(content, package):
            raise DataError(f"{where}: expected a model of this project, found {', '.join(unknown)}")
        estimator = skops.io.loads(content, trusted=skops.io.get_untrusted_types(data=content))
        found_labels = list(getattr(estimator, "classes_", []))
        # Not all of the labels: train may have no row of some of them.
        known = bool(found_labels) and set(found_labels) <= set(labels)
        fits = known and getattr(estimator, "n_features_in_", None) == pixels
    except DAMAGE as error:
        raise DataError(f"{where}: expected a skops file, found: {error}") from None
    if not fits:
        kind = f"{type(estimator).__name__} of {len(found_labels)} classes"
        expected = f"{pixels} pixels into {len(labels)} classes"
        raise DataError(f"{where}: expected a classifier of {expected}, found {kind}")
    return estimator


def _untrusted(content: bytes, package: str | None) -> list[str]:
    """The types in a skops file that neither skops trusts nor this project."""
    found = skops.io.get_untrusted_types(data=content)
    return sorted(name for name in found if not _is_trusted(name, package))


def _is_trusted(name: str, package: str | None) -> bool:
    """Whether a type is an estimator of this project, a class of scikit-learn, or a class of the package.

    skops itself trusts scikit-learn's estimators, but not the types inside them, such as trees and kernels.
    """
    module, _, kind = name.rpartition(".")
    if module.startswith("sklearn.") and not {"tests", "conftest", "externals"} & set(module.split(".")):
        return _is_class_of("sklearn", importlib.import_module(module), kind)
    if module.startswith(OURS):
        found = getattr(importlib.import_module(module), kind, None)
        return isinstance(found, type) and issubclass(found, BaseEstimator)
    if package is None or not f"{module}.".startswith(f"{package}."):
        return False
    return _is_class_of(package, sys.modules.get(module), kind)  # no import: a file must not choose what is run


def _is_class_of(package: str, module: Any, kind: str) -> bool:
    """Whether a module of a package has a class of its own of that name, not one such as subprocess.Popen."""
    found = getattr(module, kind, None)
    return isinstance(found, type) and f"{found.__module__}.".startswith(f"{package}.")


def stable(archive: bytes) -> bytes:
    """A skops archive without the parts that differ from run to run: memory addresses, random names, times."""
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

    Plain values lose their address, because it is chance which of them are one object.
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
