"""Who wrote each digit: QMNIST's extended labels, int32[m, 8]. Row i belongs to image i.

Source: C. Yadav, L. Bottou: Cold Case: The Lost MNIST Digits, NeurIPS 2019.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.base.dataset import Dataset, Split
from pipeline.base.errors import DataError, listed
from pipeline.rows import idx

WIDTH, DTYPE = 8, ">i4"
CLASS, HSF, WRITER = range(3)  # the first three of the eight columns
MOST = 100  # how many rows a message names

Extended = NDArray[Any]


def differing(extended: Extended, labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The numbers of the rows whose class in extended, int32[m >= n, 8], is not the one in labels, uint8[n]."""
    return np.flatnonzero(extended[: len(labels), CLASS] != labels)


def columns(extended: Extended, labels: NDArray[np.uint8]) -> tuple[NDArray[np.int16], NDArray[np.int8]]:
    """The columns `writer`, int16[n], and `hsf`, int8[n], of the images with labels uint8[n].

    Raises DataError if `extended` has another type or shape, if its classes are not the labels row for row, or if
    a value does not fit its column.
    """
    n = len(labels)
    kind = extended.dtype.newbyteorder("=")
    if kind != np.int32 or extended.ndim != 2 or extended.shape[1] != WIDTH or len(extended) < n:
        raise DataError(f"expected int32[{n} or more, {WIDTH}], found {kind}{list(extended.shape)}")
    if len(rows := differing(extended, labels)):
        found = f"{len(rows):,} other classes: rows {listed(rows, MOST)}"
        raise DataError(f"expected the labels, row for row, found {found}")
    writer, hsf = extended[:n, WRITER].astype(np.int16), extended[:n, HSF].astype(np.int8)
    if (outside := np.flatnonzero((writer != extended[:n, WRITER]) | (hsf != extended[:n, HSF]))).size:
        found = f"values that do not fit: rows {listed(outside, MOST)}"
        raise DataError(f"expected writers of int16 and series of int8, found {found}")
    return writer, hsf


def read(dataset: Dataset, split: Split, folder: Path, labels: NDArray[np.uint8]) -> tuple[NDArray[Any], ...]:
    """The `columns` of a split with labels uint8[n], from the raw files in a folder; none without provenance."""
    if dataset.provenance is None:
        return ()
    path = folder / dataset.provenance.splits[split].file.name
    extended = idx.read(path)
    try:
        return columns(extended, labels)
    except DataError as error:
        raise DataError(f"{path}: {error}; run `python -m pipeline inspect`") from None
