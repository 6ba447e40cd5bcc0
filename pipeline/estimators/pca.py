"""Principal components in arithmetic that does not depend on the machine.

Sums are of integers small enough for their float type, so none is rounded: projections are the same bytes with any
BLAS kernel and any number of threads. Only the principal axes come from floating-point LAPACK; rounding them to a
grid hides their last bits, which leaves a difference possible but most unlikely.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

GRID = 1 << 16  # principal axes are rounded to multiples of 1/GRID
UNIT = 32  # what the square root of a standard deviation becomes, so that rounding to whole numbers is fine enough


class ExactPCA(TransformerMixin, BaseEstimator):
    """Principal components of integers, as integers, each divided by the square root of its standard deviation.

    That division is half of whitening. Axes are rounded to a grid and the result to whole numbers, in units of
    1/32. scikit-learn's PCA is the same but for the last bits, which depend on processor and threads.
    n_components: how many axes, those of the largest variance.
    """

    def __init__(self, n_components: int = 96) -> None:
        self.n_components = n_components

    def fit(self, X: NDArray[np.uint8], y: Any = None) -> Self:
        """Find the axes of X, uint8[n, d]."""
        X = validate_data(self, X)
        gram = np.zeros((X.shape[1], X.shape[1]))
        for start in range(0, len(X), 4096):
            part = X[start : start + 4096].astype(np.float64)
            gram += part.T @ part
        mean = X.sum(axis=0, dtype=np.float64) / len(X)
        variances, vectors = np.linalg.eigh(gram / len(X) - np.outer(mean, mean))
        largest = slice(None, -self.n_components - 1, -1)
        axes, deviations = vectors[:, largest], np.sqrt(np.maximum(variances[largest], 1))
        axes = axes * np.sign(np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], axis=0))
        self.mean_ = np.rint(mean)
        self.components_ = np.rint((axes / np.sqrt(deviations)).T * UNIT * GRID) / GRID
        return self

    def transform(self, X: NDArray[np.uint8]) -> NDArray[np.float64]:
        """X, uint8[n, d], along the axes: whole numbers, float64[n, n_components]."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        parts = [X[start : start + 4096] - self.mean_ for start in range(0, max(len(X), 1), 4096)]
        return np.concatenate([np.rint(part @ self.components_.T) for part in parts])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
