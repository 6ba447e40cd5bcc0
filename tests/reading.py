"""Reads data in any form for a test."""

from pathlib import Path

import msgspec
import numpy as np
from conftest import tiny_arrays, tiny_record
from forms import Splits

from pipeline.base.consistency import consistent
from pipeline.base.dataset import Dataset
from pipeline.readers import found, rebuilt
from pipeline.rows import idx

TINY: Splits = {"train": tiny_arrays(300, 0), "test": tiny_arrays(60, 1)}


def tiny() -> Dataset:
    """The record of the tiny dataset."""
    return consistent(msgspec.convert(tiny_record(0), Dataset), Path("tiny.yaml"))


def read(place: Path, dataset: Dataset | None = None) -> Splits:
    """The arrays of the data at a place, through the raw files that are rebuilt of them."""
    dataset = dataset or tiny()
    form = found.find(place, dataset)
    assert form is not None
    folder = place.parent / "rebuilt"
    folder.mkdir(exist_ok=True)
    rebuilt.rebuild(form, dataset, folder)
    images, labels = zip(*(
        [np.array(idx.read(folder / file.name)) for file in dataset.splits[split].files] for split in form.splits
    ), strict=True)  # fmt: skip
    return dict(zip(form.splits, zip(images, labels, strict=True), strict=True))
