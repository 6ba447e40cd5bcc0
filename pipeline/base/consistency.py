"""Checks that the parts of a dataset's record fit each other."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.base.dataset import Dataset, Provenance, RawFile, SplitRecord, header_bytes
from pipeline.base.errors import ConfigError, listed


def consistent(dataset: Dataset, path: Path) -> Dataset:
    """The dataset as it is; ConfigError if its parts do not fit each other."""
    lists: dict[str, Sequence[object]] = {"expect.references": dataset.expect.references} if dataset.expect else {}
    for split, record in dataset.splits.items():
        if record.class_counts is not None:
            lists[f"{split}.class_counts"] = record.class_counts
        if record.expect:
            lists[f"{split}.expect.class_errors"] = record.expect.class_errors
        _require_sizes(dataset, record, f"{path}: {split}")
    for key, found in lists.items():
        if len(found) != len(dataset.class_names):
            expected = f"{len(dataset.class_names)}, one for each class"
            raise ConfigError(f"{path}: {key}: expected {expected}, found {len(found)}")
    if len({part is None for part in (dataset.expect, dataset.train.expect, dataset.test.expect)}) > 1:
        raise ConfigError(f"{path}: expected `expect`, `train.expect` and `test.expect`, or none of the three")
    if len(set(dataset.class_names)) < len(dataset.class_names):
        raise ConfigError(f"{path}: class_names: expected different names, found one twice")
    if dataset.labels[-1] > 255:
        raise ConfigError(f"{path}: first_label: expected labels up to 255, found {dataset.labels[-1]}")
    if dataset.provenance:
        _require_writers(dataset, dataset.provenance, path)
    _require_members(dataset, path)
    if len({file.name for file in dataset.all_files}) < len(dataset.all_files):
        raise ConfigError(f"{path}: expected {len(dataset.all_files)} files, found two with the same name")
    return dataset


def _require_members(dataset: Dataset, path: Path) -> None:
    """Raise ConfigError if the record does not say where in an archive each file is."""
    for key, archive in (("package", dataset.package), ("archive", dataset.archive)):
        if archive and (absent := [file.name for file in dataset.files if file.name not in archive.members]):
            raise ConfigError(f"{path}: {key}.members: expected one a file, found none for {listed(absent)}")


def _require_writers(dataset: Dataset, provenance: Provenance, path: Path) -> None:
    """Raise ConfigError if the provenance does not cover the splits."""
    for split, writers in provenance.splits.items():
        where, rows = f"{path}: provenance.{split}", dataset.splits[split].rows
        _require_proof(writers.file, f"{where}.file")
        if writers.file.bytes != header_bytes(2) + 32 * writers.rows or writers.rows < rows:
            expected = f"expected 12 bytes and 32 for each of {rows:,} rows or more"
            raise ConfigError(f"{where}.file.bytes: {expected}, found {writers.file.bytes:,}")
        if writers.writers > rows:
            raise ConfigError(f"{where}.writers: expected at most {rows:,}, the rows, found {writers.writers:,}")
        if sum(writers.hsf.values()) != rows:
            raise ConfigError(f"{where}.hsf: expected {rows:,} rows in all, found {sum(writers.hsf.values()):,}")


def _require_sizes(dataset: Dataset, record: SplitRecord, where: str) -> None:
    """Raise ConfigError if the sizes of the files, the class counts and the shape contradict each other."""
    if record.rows < 1:
        raise ConfigError(f"{where}.labels.bytes: expected 9 or more, for a row, found {record.labels.bytes}")
    expected = record.rows if record.class_counts is None else sum(record.class_counts)
    for kind, file, size in (
        ("labels", record.labels, header_bytes(1) + expected),
        ("images", record.images, header_bytes(1 + len(dataset.shape)) + expected * dataset.image_bytes),
    ):
        if file.bytes != size:
            raise ConfigError(
                f"{where}.{kind}.bytes: expected {size:,} for {expected:,} rows, found {file.bytes:,}"
            )
        _require_proof(file, f"{where}.{kind}")


def _require_proof(file: RawFile, where: str) -> None:
    if not (file.sha256 or file.packed):
        raise ConfigError(f"{where}: expected sha256 or packed, found neither")
