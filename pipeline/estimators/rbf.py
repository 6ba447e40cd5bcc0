"""Radial basis functions: Gaussian units around the centres of clusters."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.utils.validation import check_is_fitted, validate_data

from pipeline.base import threads
from pipeline.features.images import by_chunks


class GaussianUnits(TransformerMixin, BaseEstimator):
    """The nearness of each row x to each centre c: exp(-|x - c|^2 / (2 s^2)).

    s^2 is `width` times the variance of the rows. k-means finds the centres, the same number for each class.
    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
    Proceedings of the IEEE 86(11), 1998, section III.C.4.

    units: the largest number of centres; width: see above; iterations: the largest number for k-means.
    """

    def __init__(self, units: int = 1000, width: float = 0.5, iterations: int = 20, random_state: int = 0) -> None:
        self.units = units
        self.width = width
        self.iterations = iterations
        self.random_state = random_state

    def fit(self, X: NDArray[Any], y: NDArray[Any] | None = None) -> Self:
        """Find the centres of X, [n, d], for each class. y: labels[n], or None for one class."""
        X, y = (validate_data(self, X), np.zeros(len(X))) if y is None else validate_data(self, X, y)
        classes = np.unique(y, return_inverse=True)[1]
        count = classes.max() + 1
        each = max(self.units // count, 1)
        self.gamma_ = 1 / (2 * self.width * (X.var(axis=0).sum() or 1.0))
        with threads.one_blas_thread():  # k-means adds in the order in which its threads end
            self.centres_ = np.concatenate([self._centres(X[classes == one], each) for one in range(count)])
        return self

    def _centres(self, rows: NDArray[Any], units: int) -> NDArray[np.float32]:
        """The centres of the rows of one class: float32[units, d], or one for each row if there are fewer rows."""
        clusters = KMeans(
            min(units, len(rows)), n_init=1, max_iter=self.iterations, tol=0, random_state=self.random_state
        )
        return clusters.fit(rows.astype(np.float32)).cluster_centers_

    def transform(self, X: NDArray[Any]) -> NDArray[np.float32]:
        """The nearness of each row of X, [n, d], to each centre: float32[n, centres], 0 to 1."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        squares = np.square(self.centres_).sum(axis=1)

        def near(part: slice) -> NDArray[np.float32]:
            rows = X[part].astype(np.float32)
            apart = np.square(rows).sum(axis=1, keepdims=True) + squares - 2 * (rows @ self.centres_.T)
            return np.exp(np.maximum(apart, 0) * np.float32(-self.gamma_))

        return by_chunks(len(X), near)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
