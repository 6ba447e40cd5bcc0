"""The images of one folder that also stand in another: leakage between two datasets, or two parts of one.

It needs images only, no labels. A model that was fitted on one dataset has seen what stands in its train split, so
test of each is held to train of the other. What stands in both test splits is a warning.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.base import records
from pipeline.base.dataset import Dataset, Split
from pipeline.base.errors import ConfigError, UnavailableError
from pipeline.base.spellings import find
from pipeline.base.thresholds import NEAR_DISTANCE
from pipeline.features.images import grey
from pipeline.gates.evidence import leakage
from pipeline.gates.meanings import usually
from pipeline.gates.verdicts import Row, Verdict, counted
from pipeline.rows import idx
from pipeline.rows.blocks import ROW_GROUP, Images, Rows

PAIRS: tuple[tuple[Split, Split, str], ...] = (
    ("train", "test", "critical"),
    ("test", "train", "critical"),
    ("test", "test", "warning"),
)


class Other(NamedTuple):
    """A file of images to compare with.

    split: the split that it is; given: the file as a finding names it; plain: the file, not packed; transposed:
    whether its images are stored with rows and columns exchanged.
    """

    split: Split
    given: Path
    plain: Path
    transposed: bool


class _Stored:
    """The upright images of an IDX file, a block at a time, in all channels or in grey. They are read again."""

    def __init__(self, path: Path, transposed: bool, in_grey: bool) -> None:
        self.path, self.transposed, self.in_grey = path, transposed, in_grey

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        for part in idx.blocks(self.path, ROW_GROUP):
            upright = part.swapaxes(1, 2) if self.transposed else part
            yield grey(upright) if self.in_grey else np.ascontiguousarray(upright)


class _Given:
    """The images of rows, likewise."""

    def __init__(self, rows: Rows, shape: tuple[int, ...], in_grey: bool) -> None:
        self.images, self.in_grey = Images(rows, np.ones(len(rows), np.bool_), shape), in_grey

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        return map(grey, self.images) if self.in_grey else iter(self.images)


def find_others(
    dataset: Dataset, folder: Path, own: Container[Path], scratch: Path, stored: Dataset | None = None
) -> list[Other]:
    """The files of images in a folder, under the names that any record knows; .gz files are unpacked to scratch.

    own: the files that are checked; they are left out. stored: the record of the folder's files. Without it, a
    file under MNIST's names is taken to lie as the images of `dataset` do. Raises UnavailableError if there is no
    other file.
    """
    found: dict[Path, Other] = {}
    for record in [stored] if stored else (dataset, *map(records.find, records.names())):
        members = record.archive.members if record.archive else {}
        for split, part in record.splits.items():
            path = find(folder, part.images.name, members.get(part.images.name))
            if path and path.resolve() not in own and path not in found:
                plain = _plain(path, scratch / f"against-{len(found)}")
                shown = Path(stored.name, path.name) if stored else path
                found[path] = Other(split, shown, plain, record.transposed)
    if not found:
        names = " or ".join(record.images.name for record in dataset.splits.values())
        raise UnavailableError(f"{folder}: expected another dataset's {names}, plain or as .gz; found neither")
    return list(found.values())


def _plain(path: Path, unpacked: Path) -> Path:
    if path.suffix != ".gz":
        return path
    idx.unpack(path, unpacked)
    return unpacked


def compare(dataset: Dataset, tables: Mapping[Split, Rows], others: Sequence[Other]) -> list[Verdict]:
    """Two verdicts for each pair of splits that must not share images: byte for byte, and nearly.

    Raises ConfigError if images of `others` have another size or type.
    """
    distance = dataset.expect.near_distance if dataset.expect else NEAR_DISTANCE
    result = []
    for other in others:
        _require_fit(dataset, other)
        for split, theirs, severity in PAIRS:
            if split in tables and theirs == other.split:
                result += _pair(split, other, severity, tables[split], dataset.shape, distance)
    return result


def _require_fit(dataset: Dataset, other: Other) -> None:
    header = idx.read_header(other.plain)
    shape = header.shape[1:]
    if other.transposed and len(shape) > 1:
        shape = (shape[1], shape[0], *shape[2:])
    if header.dtype != np.uint8 or shape != dataset.shape:
        expected = f"images of {' x '.join(map(str, dataset.shape))} in uint8, as those that are checked"
        raise ConfigError(f"{other.given}: expected {expected}; found {header}; name another folder")


def _pair(
    split: Split, other: Other, severity: str, rows: Rows, shape: tuple[int, ...], distance: float
) -> list[Verdict]:
    own, given = (
        np.concatenate([leakage.digests(part) for part in parts])
        for parts in (_Given(rows, shape, False), _Stored(other.plain, other.transposed, False))
    )
    searched, stored = _Given(rows, shape, True), _Stored(other.plain, other.transposed, True)
    theirs = leakage.Searched.of(stored, given)
    same = leakage.shared(own, given, theirs.firsts)
    near = leakage.near(leakage.Searched.of(searched, own), theirs, distance)
    new = ~np.isin(near.rows, same.rows)
    nearly = (
        f"no image nearly as in {other.given}, up to {distance:g} grey levels (RMS) away, also moved by a pixel"
    )
    return [
        _verdict(split, "against", f"no image of {other.given}", severity, other, same.rows, same.others),
        _verdict(split, "against_near", nearly, severity, other, near.rows[new], near.others[new]),
    ]


def _verdict(
    split: Split, check: str, expected: str, severity: str, other: Other, rows: leakage.Rows, others: leakage.Rows
) -> Verdict:
    pairs = [Row(int(row), f"{other.split} {like}") for row, like in zip(rows, others, strict=True)]
    return Verdict(split, check, severity, expected, counted(len(pairs), "row"), pairs, not pairs, usually(check))
