"""Rows whose label is contradicted, with confidence, by a model that was not fitted on them.

Source: C. G. Northcutt, L. Jiang, I. L. Chuang, "Confident learning: estimating uncertainty in dataset labels",
Journal of Artificial Intelligence Research 70, 2021.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.integer[Any]]
Blocks = Iterable[NDArray[np.float64]]  # class probabilities float64[n, classes], which are read more than once


class Suspects(NamedTuple):
    """Rows, the more likely label of each, and the score: the difference of the two probabilities, up to 1."""

    rows: NDArray[np.int64]
    suggested: NDArray[np.int64]
    scores: NDArray[np.float64]


def thresholds(labels: Labels, probabilities: Blocks, classes: int) -> NDArray[np.float64]:
    """By class, its mean probability over the rows with its label: float64[classes]; inf for a class without rows.

    labels: int[n]; probabilities: of the n rows, each from a model that was not fitted on that row.
    """
    own = np.concatenate([part[np.arange(len(part)), given] for part, given, _ in _aligned(labels, probabilities)])
    parts = [own[labels == label] for label in range(classes)]
    return np.array([part.mean() if len(part) else np.inf for part in parts])


def suspects(labels: Labels, probabilities: Blocks, limits: NDArray[np.float64]) -> Suspects:
    """The rows that are not on the diagonal of the confident joint, the most certain first.

    labels: int[n]; probabilities: as for `thresholds`; limits: what `thresholds` gives.
    """
    parts = [_off_diagonal(part, given, limits, start) for part, given, start in _aligned(labels, probabilities)]
    rows, suggested, scores = map(np.concatenate, zip(*parts, strict=True))
    order = np.lexsort((rows, -scores))
    return Suspects(rows[order], suggested[order], scores[order])


def _aligned(labels: Labels, probabilities: Blocks) -> Iterator[tuple[NDArray[np.float64], Labels, int]]:
    """Each block of probabilities, the labels of its rows, and its first row."""
    start = 0
    for part in probabilities:
        yield part, labels[start : start + len(part)], start
        start += len(part)


def _off_diagonal(part: NDArray[np.float64], labels: Labels, limits: NDArray[np.float64], start: int) -> Suspects:
    confident = np.where(part >= limits, part, -1.0)
    suggested = confident.argmax(axis=1)
    rows = np.flatnonzero((confident.max(axis=1) >= 0) & (suggested != labels))
    margin = part[rows, suggested[rows]] - part[rows, labels[rows]]
    return Suspects(rows + start, suggested[rows], np.round(margin, 4))
