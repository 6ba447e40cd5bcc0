"""What a mutation of MNIST's files is, and how it is written to a folder."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline import conversion, idx
from pipeline.datasets import Dataset, Split
from pipeline.rows import Rows

Images = NDArray[np.uint8]
Labels = NDArray[np.uint8]
Random = np.random.Generator
Data = dict[Split, tuple[Images, Labels]]
Change = Callable[[Data, Random], Data]
Spoil = Callable[[Path], None]


@dataclass(frozen=True)
class Mutation:
    """One way in which data go wrong, or do not.

    strength: the smallest that must be caught; check: of a verdict that must fail, "" where none may; found: a
    pattern in what that verdict found, which names the cause; change: of arrays; spoil: of bytes in the folder.
    """

    name: str
    strength: str
    check: str = ""
    found: str = ""
    change: Change | None = None
    spoil: Spoil | None = None

    def write(self, dataset: Dataset, raw: Path, folder: Path, seed: int = 0) -> None:
        """Write the four files to `folder`, changed; `raw` holds the good ones."""
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
    return {split: conversion.rows(dataset, split, raw) for split in dataset.splits}


def write(dataset: Dataset, data: Data, folder: Path) -> None:
    """Write the arrays as the dataset's files."""
    for split, record in dataset.splits.items():
        for file, array in zip(record.files, data[split], strict=True):
            (folder / file.name).write_bytes(idx.encode(array))
