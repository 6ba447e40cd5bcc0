"""The form of a dataset's record, as frozen structs."""

import math
from typing import Annotated, Literal

import msgspec

from pipeline.base.thresholds import Count, SplitThresholds, Thresholds

Split = Literal["train", "test"]
FileName = Annotated[str, msgspec.Meta(pattern=r"^[^/\x00.][^/\x00]*$", max_length=200)]
ClassName = Annotated[str, msgspec.Meta(min_length=1)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Series = Annotated[int, msgspec.Meta(ge=-128, le=127)]  # an int8 in the Parquet file
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


def header_bytes(rank: int) -> int:
    """The length in bytes of the header of an IDX file. rank: the number of dimensions of its array."""
    return 4 + 4 * rank


class Blob(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A published file: its exact size in bytes and SHA-256."""

    bytes: Positive
    sha256: Sha256


class RawFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An uncompressed IDX file: its name, its exact size in bytes, and what proves it.

    sha256: of the file itself, if it is known. packed: the published .gz file. A record has at least one of them.
    """

    name: FileName
    bytes: Positive
    sha256: Sha256 | None = None
    packed: Blob | None = None

    @property
    def proof(self) -> tuple[str, str]:
        """The name and SHA-256 of the file whose hash is known: the file itself, or its .gz."""
        if self.sha256 is None:
            return f"{self.name}.gz", self.packed.sha256 if self.packed else ""
        return self.name, self.sha256


class PackageFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file on the Python package index that holds the raw files. members: raw file name -> place in it."""

    project: str
    file: str
    bytes: Positive
    sha256: Sha256
    members: dict[str, str]


class Archive(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A zip archive that holds the raw files, gzipped or not. members: raw file name -> place in it."""

    url: str
    bytes: Positive
    sha256: Sha256
    members: dict[str, str]


class SplitRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One split: its two files, how many rows each class has, and what the gate expects of it.

    class_counts: None if it is not known. expect: None if nobody has measured it.
    """

    images: RawFile
    labels: RawFile
    class_counts: tuple[Count, ...] | None = None
    expect: SplitThresholds | None = None

    @property
    def rows(self) -> int:
        """How many images the split has: after its header, the file of labels has a byte for each."""
        return self.labels.bytes - header_bytes(1)

    @property
    def files(self) -> tuple[RawFile, RawFile]:
        """The images' file and the labels' file."""
        return self.images, self.labels


class Writers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who wrote the images of a split: an IDX file of int32[rows, 8] that begins with the rows of the split.

    writers: how many writers there are. hsf: the number of rows of each series of NIST's forms.
    """

    file: RawFile
    writers: Positive
    hsf: dict[Series, Count]

    @property
    def rows(self) -> int:
        """How many rows the file has: after its header, 32 bytes for each."""
        return (self.file.bytes - header_bytes(2)) // 32


class Provenance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who wrote each image: one file a split, its mirrors, its licence and its citation."""

    licence: str
    citation: str
    mirrors: tuple[str, ...]
    train: Writers
    test: Writers

    @property
    def splits(self) -> dict[Split, Writers]:
        """Both splits by name, train first."""
        return {"train": self.train, "test": self.test}

    @property
    def files(self) -> tuple[RawFile, ...]:
        """Both files."""
        return self.train.file, self.test.file


class Dataset(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The record of a dataset.

    licence_id: the licence's name in the SPDX list; None if it has none. shape: (rows, columns) of an image, or
    (rows, columns, channels). class_names: by label, from `first_label` on. transposed: whether the raw images
    have rows and columns exchanged. expect: what the gate holds both splits to; None if nobody has measured it.
    provenance: who wrote the images; None if that is not known or not asked for. any_count: whether new files may
    have another number of rows than those that the record describes.
    """

    name: str
    title: str
    licence: str
    licence_id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9.+-]*$")] | None = None
    citation: str
    shape: Annotated[tuple[Positive, ...], msgspec.Meta(min_length=2, max_length=3)]
    transposed: bool = False
    first_label: Annotated[int, msgspec.Meta(ge=0, le=255)] = 0
    class_names: Annotated[tuple[ClassName, ...], msgspec.Meta(min_length=1, max_length=256)]
    mirrors: tuple[str, ...] = ()
    package: PackageFile | None = None
    archive: Archive | None = None
    provenance: Provenance | None = None
    any_count: bool = False
    expect: Thresholds | None = None
    train: SplitRecord
    test: SplitRecord

    @property
    def splits(self) -> dict[Split, SplitRecord]:
        """Both splits by name, train first."""
        return {"train": self.train, "test": self.test}

    @property
    def raw_shape(self) -> tuple[int, ...]:
        """The shape of an image in the raw file. If `transposed`, rows and columns are exchanged there."""
        rows, columns, *channels = self.shape
        return (columns, rows, *channels) if self.transposed else self.shape

    @property
    def image_bytes(self) -> int:
        """How many bytes an image has: one a pixel and channel."""
        return math.prod(self.shape)

    @property
    def labels(self) -> range:
        """All labels, in the order of the class names."""
        return range(self.first_label, self.first_label + len(self.class_names))

    @property
    def files(self) -> tuple[RawFile, ...]:
        """The raw files of images and labels."""
        return tuple(file for record in self.splits.values() for file in record.files)

    @property
    def all_files(self) -> tuple[RawFile, ...]:
        """The raw files, and the files that say who wrote the images."""
        return self.files + (self.provenance.files if self.provenance else ())
