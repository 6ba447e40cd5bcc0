"""What is true of each dataset: one YAML record a dataset, loaded as a frozen Dataset."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from pipeline.datasets.record import (
    Archive,
    Blob,
    Dataset,
    PackageFile,
    Provenance,
    RawFile,
    Split,
    SplitRecord,
    Writers,
)
from pipeline.datasets.thresholds import differences, merged
from pipeline.errors import ConfigError, listed
from pipeline.files import convert, read_yaml
from pipeline.params import Gate, Params

__all__ = [
    "Archive",
    "Blob",
    "Dataset",
    "PackageFile",
    "Provenance",
    "RawFile",
    "Split",
    "SplitRecord",
    "Writers",
]
FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The datasets that have a record."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def file_names() -> set[str]:
    """The names of all raw files of all records, provenance included; a record that does not fit has none."""
    found = set()
    for name in names():
        with contextlib.suppress(ConfigError):
            found |= {file.name for file in find(name).all_files}
    return found


def asked(config: Params) -> Dataset:
    """The record of the dataset that params.yaml asks for, as `load`."""
    return load(config.dataset, config.provenance)


def load(name: str, provenance: bool = False) -> Dataset:
    """The record of a dataset, with provenance or without; ConfigError where there is none or it does not fit."""
    dataset = _named(name)
    if provenance and dataset.provenance is None:
        raise ConfigError(f"provenance: expected false, for the record of {name} has none, found true")
    return dataset if provenance else msgspec.structs.replace(dataset, provenance=None)


def find(name: str) -> Dataset:
    """The record of a dataset by its name, or by the path of its YAML file: all of it."""
    return read(Path(name)) if name.endswith((".yaml", ".yml")) else _named(name)


def _named(name: str) -> Dataset:
    if name not in names():
        raise ConfigError(f"dataset: expected one of {', '.join(names())}, found {name!r}")
    dataset = read(path := FOLDER / f"{name}.yaml")
    if dataset.name != name:
        raise ConfigError(f"{path}: name: expected {name}, as the file's, found {dataset.name}")
    return dataset


def read(path: Path) -> Dataset:
    """The record in a file; ConfigError where it does not fit."""
    return _consistent(convert(read_yaml(path), Dataset, path), path)


def _consistent(dataset: Dataset, path: Path) -> Dataset:
    """The dataset; ConfigError where its parts do not fit each other."""
    if dataset.shape[0] != dataset.shape[1]:
        raise ConfigError(f"{path}: shape: expected square images, found {list(dataset.shape)}")
    lists: dict[str, Sequence[object]] = {"expect.references": dataset.expect.references} if dataset.expect else {}
    for split, record in dataset.splits.items():
        if record.class_counts is not None:
            lists[f"{split}.class_counts"] = record.class_counts
        if record.expect:
            lists[f"{split}.expect.class_errors"] = record.expect.class_errors
        _require_sizes(dataset, record, f"{path}: {split}")
    for key, found in lists.items():
        if len(found) != len(dataset.class_names):
            expected = f"{len(dataset.class_names)}, one a class"
            raise ConfigError(f"{path}: {key}: expected {expected}, found {len(found)}")
    if len({part is None for part in (dataset.expect, dataset.train.expect, dataset.test.expect)}) > 1:
        raise ConfigError(f"{path}: expected `expect` of both splits and of each, or none of the three")
    if len(set(dataset.class_names)) < len(dataset.class_names):
        raise ConfigError(f"{path}: class_names: expected names that differ, found one twice")
    if dataset.labels[-1] > 255:
        raise ConfigError(f"{path}: first_label: expected labels up to 255, found {dataset.labels[-1]}")
    if dataset.provenance:
        _require_writers(dataset, dataset.provenance, path)
    _require_members(dataset, path)
    if len({file.name for file in dataset.all_files}) < len(dataset.all_files):
        raise ConfigError(f"{path}: expected {len(dataset.all_files)} files, found two of one name")
    return dataset


def _require_members(dataset: Dataset, path: Path) -> None:
    """Raise ConfigError where an archive is not known to hold each of the files."""
    for key, archive in (("package", dataset.package), ("archive", dataset.archive)):
        if archive and (absent := [file.name for file in dataset.files if file.name not in archive.members]):
            raise ConfigError(f"{path}: {key}.members: expected one a file, found none for {listed(absent)}")


def _require_writers(dataset: Dataset, provenance: Provenance, path: Path) -> None:
    """Raise ConfigError where the provenance does not cover the splits."""
    for split, writers in provenance.splits.items():
        where, rows = f"{path}: provenance.{split}", dataset.splits[split].rows
        _require_proof(writers.file, f"{where}.file")
        if writers.file.bytes != 12 + 32 * writers.rows or writers.rows < rows:
            expected = f"expected 12 and 32 a row, for {rows:,} rows or more"
            raise ConfigError(f"{where}.file.bytes: {expected}, found {writers.file.bytes:,}")
        if writers.writers > rows:
            raise ConfigError(f"{where}.writers: expected at most {rows:,}, the rows, found {writers.writers:,}")
        if sum(writers.hsf.values()) != rows:
            raise ConfigError(f"{where}.hsf: expected {rows:,} rows in all, found {sum(writers.hsf.values()):,}")


def _require_sizes(dataset: Dataset, record: SplitRecord, where: str) -> None:
    """Raise ConfigError where the files' sizes, the class counts and the shape contradict each other."""
    if record.rows < 1:
        raise ConfigError(f"{where}.labels.bytes: expected 9 or more, for a row, found {record.labels.bytes}")
    pixels = dataset.shape[0] * dataset.shape[1]
    expected = record.rows if record.class_counts is None else sum(record.class_counts)
    for kind, file, size in (
        ("labels", record.labels, 8 + expected),
        ("images", record.images, 16 + expected * pixels),
    ):
        if file.bytes != size:
            raise ConfigError(
                f"{where}.{kind}.bytes: expected {size:,} for {expected:,} rows, found {file.bytes:,}"
            )
        _require_proof(file, f"{where}.{kind}")


def _require_proof(file: RawFile, where: str) -> None:
    if not (file.sha256 or file.packed):
        raise ConfigError(f"{where}: expected sha256 or packed, found neither")


def with_thresholds(dataset: Dataset, gate: Gate, path: Path) -> tuple[Dataset, list[str]]:
    """The dataset with the thresholds that `gate:` in params.yaml, at `path`, changes, and a line for each change.

    Raises ConfigError for a threshold that there is not, or that does not fit.
    """
    if dataset.expect is None:
        if gate.expect or gate.train or gate.test:
            how = "`python -m pipeline profile` measures them"
            raise ConfigError(f"{path}: gate: the record of {dataset.name} has no thresholds to change; {how}")
        return dataset, []
    changes = {"expect": gate.expect, "train": {"expect": gate.train}, "test": {"expect": gate.test}}
    changed = _consistent(convert(merged(msgspec.to_builtins(dataset), changes), Dataset, path), path)
    builtins = msgspec.to_builtins
    lines = differences(builtins(dataset.expect), builtins(changed.expect), "expect")
    for split, record in dataset.splits.items():
        lines += differences(builtins(record.expect), builtins(changed.splits[split].expect), split)
    return changed, lines
