"""Rows whose label a model that never saw them contradicts with confidence.

Source: C. G. Northcutt, L. Jiang, I. L. Chuang, "Confident learning: estimating uncertainty in dataset labels",
Journal of Artificial Intelligence Research 70, 2021.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Suspects(NamedTuple):
    """Rows, the label each is more likely to have, and by how much: the two probabilities' difference, up to 1."""

    rows: NDArray[np.int64]
    suggested: NDArray[np.int64]
    scores: NDArray[np.float64]


def thresholds(labels: NDArray[np.integer[Any]], probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """By class, its mean probability over the rows that have its label: float64[classes]; inf without rows."""
    classes = probabilities.shape[1]
    own = [probabilities[labels == label, label] for label in range(classes)]
    return np.array([part.mean() if len(part) else np.inf for part in own])


def suspects(
    labels: NDArray[np.integer[Any]], probabilities: NDArray[np.float64], limits: NDArray[np.float64]
) -> Suspects:
    """The rows off the diagonal of the confident joint, the most certain first.

    labels: int[n]; probabilities: float64[n, classes], out of sample; limits: what `thresholds` gives.
    """
    confident = np.where(probabilities >= limits, probabilities, -1.0)
    suggested = confident.argmax(axis=1)
    rows = np.flatnonzero((confident.max(axis=1) >= 0) & (suggested != labels))
    margin = probabilities[rows, suggested[rows]] - probabilities[rows, labels[rows]]
    scores = np.round(margin, 4)
    order = np.lexsort((rows, -scores))
    return Suspects(rows[order], suggested[rows[order]], scores[order])
