"""The records of datasets: one YAML file a dataset, read as a frozen `Dataset`."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

import pipeline
from pipeline.base.consistency import consistent
from pipeline.base.dataset import Dataset
from pipeline.base.errors import ConfigError
from pipeline.base.structs import convert, read_yaml
from pipeline.base.thresholds import differences, merged

FOLDER = Path(pipeline.__file__).parent / "datasets"


def names() -> list[str]:
    """The names of all datasets that have a record."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def file_names() -> set[str]:
    """The names of the raw files of all records, with those of provenance. A record with a fault adds none."""
    found = set()
    for name in names():
        with contextlib.suppress(ConfigError):
            found |= {file.name for file in find(name).all_files}
    return found


def load(name: str, provenance: bool = False) -> Dataset:
    """The record of a dataset, with its provenance or without.

    Raises ConfigError if there is no such record, if it has a fault, or if it has no provenance to give.
    """
    dataset = _named(name)
    if provenance and dataset.provenance is None:
        raise ConfigError(f"provenance: expected false, because the record of {name} has none; found true")
    return dataset if provenance else msgspec.structs.replace(dataset, provenance=None)


def find(name: str) -> Dataset:
    """The whole record of a dataset, by its name or by the path of its YAML file."""
    return read(Path(name)) if name.endswith((".yaml", ".yml")) else _named(name)


def _named(name: str) -> Dataset:
    if name not in names():
        raise ConfigError(f"dataset: expected one of {', '.join(names())}, found {name!r}")
    dataset = read(path := FOLDER / f"{name}.yaml")
    if dataset.name != name:
        raise ConfigError(f"{path}: name: expected {name}, the name of the file, found {dataset.name}")
    return dataset


def read(path: Path) -> Dataset:
    """The record in a file; ConfigError if it has a fault."""
    return consistent(convert(read_yaml(path), Dataset, path), path)


def with_thresholds(dataset: Dataset, changes: Mapping[str, Any], path: Path) -> tuple[Dataset, list[str]]:
    """The dataset with other thresholds, and a line of text for each threshold that is another now.

    changes: what `gate:` says in the params file `path`: new values for parts of `expect`, of train's `expect`
    and of test's, under the keys expect, train and test. Raises ConfigError for a threshold that does not exist or
    a value that does not fit.
    """
    if dataset.expect is None:
        if any(changes.values()):
            how = "`python -m pipeline profile` measures them"
            raise ConfigError(f"{path}: gate: the record of {dataset.name} has no thresholds to change; {how}")
        return dataset, []
    laid = {"expect": changes["expect"]} | {split: {"expect": changes[split]} for split in dataset.splits}
    changed = consistent(convert(merged(msgspec.to_builtins(dataset), laid), Dataset, path), path)
    builtins = msgspec.to_builtins
    lines = differences(builtins(dataset.expect), builtins(changed.expect), "expect")
    for split, record in dataset.splits.items():
        lines += differences(builtins(record.expect), builtins(changed.splits[split].expect), split)
    return changed, lines
