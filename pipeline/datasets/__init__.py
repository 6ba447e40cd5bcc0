"""What is true of each dataset: one YAML record a dataset, loaded as a frozen Dataset."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from pipeline.datasets.thresholds import SplitThresholds, Thresholds, differences, merged
from pipeline.errors import ConfigError
from pipeline.files import convert, read_yaml
from pipeline.params import Gate

Split = Literal["train", "test"]
FOLDER = Path(__file__).parent
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class RawFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An uncompressed IDX file: its name, exact size in bytes and SHA-256."""

    name: str
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
    class_counts: tuple[int, ...]
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
    shape: tuple[int, int]
    class_names: tuple[str, ...]
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
    return convert(read_yaml(path), Dataset, path)


def with_thresholds(dataset: Dataset, gate: Gate, path: Path) -> tuple[Dataset, list[str]]:
    """The dataset with the thresholds that `gate:` in params.yaml, at `path`, changes, and a line for each change.

    Raises ConfigError for a threshold that there is not, or that does not fit.
    """
    record = msgspec.to_builtins(dataset)
    changes = {"expect": gate.expect, "train": {"expect": gate.train}, "test": {"expect": gate.test}}
    changed = convert(merged(record, changes), Dataset, path)
    return changed, differences(record, msgspec.to_builtins(changed))
