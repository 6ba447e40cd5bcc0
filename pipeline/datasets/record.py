"""The form of a record: what is true of a dataset, as frozen structs."""

from typing import Annotated, Literal

import msgspec

from pipeline.datasets.thresholds import Count, SplitThresholds, Thresholds

Split = Literal["train", "test"]
FileName = Annotated[str, msgspec.Meta(pattern=r"^[^/\x00.][^/\x00]*$", max_length=200)]
ClassName = Annotated[str, msgspec.Meta(min_length=1)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Series = Annotated[int, msgspec.Meta(ge=-128, le=127)]  # as int8 in the table
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Blob(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A published file: its exact size in bytes and SHA-256."""

    bytes: Positive
    sha256: Sha256


class RawFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An uncompressed IDX file: its name and exact size in bytes, and what proves it.

    sha256: its own, where it is known; packed: the published .gz. One of the two is there.
    """

    name: FileName
    bytes: Positive
    sha256: Sha256 | None = None
    packed: Blob | None = None

    @property
    def proof(self) -> tuple[str, str]:
        """The name and SHA-256 of the file whose hash is known: its own, or its .gz."""
        if self.sha256 is None:
            return f"{self.name}.gz", self.packed.sha256 if self.packed else ""
        return self.name, self.sha256


class PackageFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file on the Python package index that holds the raw files, and where: raw file name -> member."""

    project: str
    file: str
    bytes: Positive
    sha256: Sha256
    members: dict[str, str]


class Archive(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A zip archive at an address that holds the raw files, gzipped or not: raw file name -> member."""

    url: str
    bytes: Positive
    sha256: Sha256
    members: dict[str, str]


class SplitRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One split: its two files, how many rows each class has, and what the gate expects of it.

    class_counts: None where it is not known; expect: None where it was not measured.
    """

    images: RawFile
    labels: RawFile
    class_counts: tuple[Count, ...] | None = None
    expect: SplitThresholds | None = None

    @property
    def rows(self) -> int:
        """How many images the split has: the labels' file has a byte for each, after a header of 8."""
        return self.labels.bytes - 8

    @property
    def files(self) -> tuple[RawFile, RawFile]:
        """The images' file and the labels' file."""
        return self.images, self.labels


class Writers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who wrote the images of a split: an IDX file of int32[rows, 8], its first rows those of the split.

    writers: how many there are; hsf: rows of each series of NIST's forms.
    """

    file: RawFile
    writers: Positive
    hsf: dict[Series, Count]

    @property
    def rows(self) -> int:
        """How many rows the file has, of 32 bytes each, after a header of 12."""
        return (self.file.bytes - 12) // 32


class Provenance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who wrote each image, by split, where that is to be found, and whose work it is."""

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
    """A dataset's record.

    licence_id: by which SPDX lists the licence, None where it does not; shape: (rows, columns) of an image;
    class_names: by label, from `first_label` on; transposed: whether the raw images have rows and columns
    exchanged; expect: what the gate holds both splits to, None where it was not measured; provenance: None where
    that is not known, or not asked for.
    """

    name: str
    title: str
    licence: str
    licence_id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9.+-]*$")] | None = None
    citation: str
    shape: tuple[Positive, Positive]
    transposed: bool = False
    first_label: Annotated[int, msgspec.Meta(ge=0, le=255)] = 0
    class_names: Annotated[tuple[ClassName, ...], msgspec.Meta(min_length=1, max_length=256)]
    mirrors: tuple[str, ...] = ()
    package: PackageFile | None = None
    archive: Archive | None = None
    provenance: Provenance | None = None
    expect: Thresholds | None = None
    train: SplitRecord
    test: SplitRecord

    @property
    def splits(self) -> dict[Split, SplitRecord]:
        """Both splits by name, train first."""
        return {"train": self.train, "test": self.test}

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
        """Those, and the files that say who wrote the images."""
        return self.files + (self.provenance.files if self.provenance else ())
