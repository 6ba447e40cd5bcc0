"""A mutation of the MNIST files, and how it is written to a folder."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.base.dataset import Dataset, Split
from pipeline.rows import convert, idx
from pipeline.rows.blocks import Rows

Images = NDArray[np.uint8]
Labels = NDArray[np.uint8]
Random = np.random.Generator
Data = dict[Split, tuple[Images, Labels]]
Change = Callable[[Data, Random], Data]
Spoil = Callable[[Path], None]


@dataclass(frozen=True)
class Mutation:
    """One way in which data go wrong, or change without going wrong.

    strength: the smallest one that must be caught; check: the check of a verdict that must fail, "" if none may
    fail; found: a pattern in what that verdict found, which names the cause; change: changes the arrays; spoil:
    changes the bytes in the folder.
    """

    name: str
    strength: str
    check: str = ""
    found: str = ""
    change: Change | None = None
    spoil: Spoil | None = None

    def write(self, dataset: Dataset, raw: Path, folder: Path, seed: int = 0) -> None:
        """Write the four changed files to `folder`. `raw` holds the good files."""
        if self.change:
            write(dataset, self.change(read(dataset, raw), np.random.default_rng(seed)), folder)
        else:
            for file in dataset.files:
                shutil.copy(raw / file.name, folder)
        if self.spoil:
            self.spoil(folder)


def read(dataset: Dataset, raw: Path) -> Data:
    """The arrays of both splits."""
    return {
        split: (idx.read(raw / record.images.name), idx.read(raw / record.labels.name))
        for split, record in dataset.splits.items()
    }


def tables(dataset: Dataset, raw: Path) -> dict[Split, Rows]:
    """The rows that the gates take, of both splits."""
    return {split: convert.rows(dataset, split, raw) for split in dataset.splits}


def write(dataset: Dataset, data: Data, folder: Path) -> None:
    """Write the arrays as the dataset's files."""
    for split, record in dataset.splits.items():
        for file, array in zip(record.files, data[split], strict=True):
            (folder / file.name).write_bytes(idx.encode(array))
