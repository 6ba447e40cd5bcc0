"""Who wrote each digit: QMNIST's extended labels, int32[m, 8], row i for image i.

Source: C. Yadav, L. Bottou: Cold Case: The Lost MNIST Digits, NeurIPS 2019.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import idx
from pipeline.datasets import Dataset, Split
from pipeline.errors import DataError, listed

WIDTH, DTYPE = 8, ">i4"
CLASS, HSF, WRITER = range(3)  # of the eight columns
MOST = 100  # rows named in a message

Extended = NDArray[Any]


def differing(extended: Extended, labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The rows of labels, uint8[n], whose class in extended, int32[m >= n, 8], is another."""
    return np.flatnonzero(extended[: len(labels), CLASS] != labels)


def columns(extended: Extended, labels: NDArray[np.uint8]) -> tuple[NDArray[np.int16], NDArray[np.int8]]:
    """Writer int16[n] and hsf int8[n] of the images with labels uint8[n].

    Raises DataError where the file is another one, or does not agree with the labels row for row.
    """
    n = len(labels)
    kind = extended.dtype.newbyteorder("=")
    if kind != np.int32 or extended.ndim != 2 or extended.shape[1] != WIDTH or len(extended) < n:
        raise DataError(f"expected int32[{n} or more, {WIDTH}], found {kind}{list(extended.shape)}")
    if len(rows := differing(extended, labels)):
        raise DataError(f"expected the labels, row for row, found {len(rows):,} others: rows {listed(rows, MOST)}")
    writer, hsf = extended[:n, WRITER].astype(np.int16), extended[:n, HSF].astype(np.int8)
    if (outside := np.flatnonzero((writer != extended[:n, WRITER]) | (hsf != extended[:n, HSF]))).size:
        raise DataError(f"expected int16, series int8, found others: rows {listed(outside, MOST)}")
    return writer, hsf


def read(dataset: Dataset, split: Split, folder: Path, labels: NDArray[np.uint8]) -> tuple[NDArray[Any], ...]:
    """The `columns` of a split with labels uint8[n], from the raw files in a folder; none where not wanted."""
    if dataset.provenance is None:
        return ()
    path = folder / dataset.provenance.splits[split].file.name
    extended = idx.read(path)
    try:
        return columns(extended, labels)
    except DataError as error:
        raise DataError(f"{path}: {error}; run `python -m pipeline inspect`") from None
