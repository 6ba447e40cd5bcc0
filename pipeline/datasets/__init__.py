"""What is true of each dataset: one YAML record a dataset, loaded as a frozen Dataset."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from pipeline.datasets.thresholds import Count, SplitThresholds, Thresholds, differences, merged
from pipeline.errors import ConfigError
from pipeline.files import convert, read_yaml
from pipeline.params import Gate

Split = Literal["train", "test"]
FOLDER = Path(__file__).parent
FileName = Annotated[str, msgspec.Meta(pattern=r"^[^/\x00.][^/\x00]*$", max_length=200)]
Side = Annotated[int, msgspec.Meta(ge=1)]
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class RawFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An uncompressed IDX file: its name, exact size in bytes and SHA-256."""

    name: FileName
    bytes: int
    sha256: Sha256


class PackageFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file on the Python package index that holds the raw files, and where: raw file name -> member."""

    project: str
    file: str
    bytes: int
    sha256: Sha256
    members: dict[str, str]


class SplitRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One split: its two files, how many rows each class has, and what the gate expects of it."""

    images: RawFile
    labels: RawFile
    class_counts: tuple[Count, ...]
    expect: SplitThresholds

    @property
    def rows(self) -> int:
        """How many images the split has."""
        return sum(self.class_counts)

    @property
    def files(self) -> tuple[RawFile, RawFile]:
        """The images' file and the labels' file."""
        return self.images, self.labels


class Dataset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A dataset's record. Labels are 0 to len(class_names) - 1; shape is (rows, columns) of an image."""

    name: str
    title: str
    licence: str
    citation: str
    shape: tuple[Side, Side]
    class_names: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=256)]
    mirrors: tuple[str, ...]
    package: PackageFile | None
    expect: Thresholds
    train: SplitRecord
    test: SplitRecord

    @property
    def splits(self) -> dict[Split, SplitRecord]:
        """Both splits by name, train first."""
        return {"train": self.train, "test": self.test}

    @property
    def files(self) -> tuple[RawFile, ...]:
        """All raw files."""
        return tuple(file for record in self.splits.values() for file in record.files)


def names() -> list[str]:
    """The datasets that have a record."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load(name: str) -> Dataset:
    """The record of a dataset; ConfigError where there is none or it does not fit."""
    if name not in names():
        raise ConfigError(f"dataset: expected one of {', '.join(names())}, found {name!r}")
    return read(FOLDER / f"{name}.yaml")


def find(name: str) -> Dataset:
    """The record of a dataset by its name, or by the path of its YAML file."""
    return read(Path(name)) if name.endswith((".yaml", ".yml")) else load(name)


def read(path: Path) -> Dataset:
    """The record in a file; ConfigError where it does not fit."""
    return _consistent(convert(read_yaml(path), Dataset, path), path)


def _consistent(dataset: Dataset, path: Path) -> Dataset:
    """The dataset; ConfigError where its parts do not fit each other."""
    lengths = {"expect.references": len(dataset.expect.references)}
    for split, record in dataset.splits.items():
        lengths[f"{split}.class_counts"] = len(record.class_counts)
        lengths[f"{split}.expect.class_errors"] = len(record.expect.class_errors)
    for key, found in lengths.items():
        if found != len(dataset.class_names):
            raise ConfigError(f"{path}: {key}: expected {len(dataset.class_names)}, one a class, found {found}")
    if dataset.shape[0] != dataset.shape[1]:
        raise ConfigError(f"{path}: shape: expected square images, found {list(dataset.shape)}")
    if len({file.name for file in dataset.files}) < len(dataset.files):
        raise ConfigError(f"{path}: expected four files, found two of one name")
    return dataset


def with_thresholds(dataset: Dataset, gate: Gate, path: Path) -> tuple[Dataset, list[str]]:
    """The dataset with the thresholds that `gate:` in params.yaml, at `path`, changes, and a line for each change.

    Raises ConfigError for a threshold that there is not, or that does not fit.
    """
    changes = {"expect": gate.expect, "train": {"expect": gate.train}, "test": {"expect": gate.test}}
    changed = _consistent(convert(merged(msgspec.to_builtins(dataset), changes), Dataset, path), path)
    builtins = msgspec.to_builtins
    lines = differences(builtins(dataset.expect), builtins(changed.expect), "expect")
    for split, record in dataset.splits.items():
        lines += differences(builtins(record.expect), builtins(changed.splits[split].expect), split)
    return changed, lines
