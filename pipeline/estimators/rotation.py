"""Vectors of length one, in coordinates along the axes that hold nearly all of their squares."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from pipeline.features.images import by_chunks


class UnitRotation(TransformerMixin, BaseEstimator):
    """Scales each row to length one and gives its coordinates along the axes with the largest sums of squares.

    Rows are not centred. So the products between rows, and the kernels of a support vector machine, stay the same
    except for the axes that are left out. scikit-learn's Normalizer and TruncatedSVD cannot replace it: they hold
    all rows as float64 at once, and TruncatedSVD's default algorithm gives other labels (5 of MNIST's 10,000 test
    rows in the method gaussian_svm, fitted on 5,000 rows).
    n_components: how many axes, at most as many as columns.
    """

    def __init__(self, n_components: int = 150) -> None:
        self.n_components = n_components

    def fit(self, X: NDArray[Any], y: Any = None) -> Self:
        """Find the axes of X, numbers[n, d]."""
        X = validate_data(self, X)
        gram = np.zeros((X.shape[1], X.shape[1]))
        for start in range(0, len(X), 4096):
            part = unit(X[start : start + 4096])
            gram += part.T @ part
        axes = np.linalg.eigh(gram)[1][:, : -self.n_components - 1 : -1].T
        largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
        self.components_ = axes * np.sign(largest)
        return self

    def transform(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """The coordinates of X, numbers[n, d], along the axes: float64[n, n_components]."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        return by_chunks(len(X), lambda part: unit(X[part]) @ self.components_.T)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


def unit(X: NDArray[Any]) -> NDArray[np.float64]:
    """Each row of X, numbers[n, d], divided by its length: float64[n, d]. A row of zeros stays a row of zeros."""
    lengths = np.linalg.norm(X.astype(np.float64), axis=1)[:, None]
    return X / np.where(lengths == 0, 1, lengths)
