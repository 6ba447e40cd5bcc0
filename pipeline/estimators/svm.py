"""A support vector machine that fits on the rows that matter and predicts by matrix products."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import SVC
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

CHUNK = 500
FEW = 5000  # up to so many rows are fitted at once
SHARE = 4  # one row in so many is fitted first
MARGIN = 1.1  # rows within this margin of the first fit take part in the second; those beyond 1 have no weight


class MatrixSVC(SVC):
    """scikit-learn's SVC with an RBF kernel, fitted by working set, predicting by products with support vectors.

    `fit` first fits a part of the rows, then those near or beyond its margins, and adds rows until none outside
    violates the optimum's conditions: the machine is the one that SVC finds with all rows, within its `tol`.
    Source: E. Osuna, R. Freund, F. Girosi, "An improved training algorithm for support vector machines", 1997.

    `predict` decides as libsvm does: each pair of classes votes, the first class with the most votes wins.
    """

    support_: NDArray[np.int32]

    def fit(self, X: NDArray[np.float64], y: NDArray[Any]) -> Self:
        """Fit on X, float64[n, d], and y, labels[n]."""
        classes, one_of_each = np.unique(y, return_index=True)
        if self.kernel != "rbf" or isinstance(self.gamma, str) or len(classes) < 3:
            raise ValueError("MatrixSVC takes kernel 'rbf', a number as gamma, three classes or more")
        if len(X) <= FEW:
            return super().fit(X, y)
        first = np.union1d(np.argsort(y, kind="stable")[::SHARE], one_of_each)
        super().fit(X[first], y[first])
        kept = self._margins(X, y) < MARGIN
        kept[first[self.support_]] = True
        while True:
            super().fit(X[kept], y[kept])
            missed = ~kept
            missed[missed] = self._margins(X[missed], y[missed]) < 1 - self.tol
            if not missed.any():
                self.support_ = np.flatnonzero(kept)[self.support_].astype(np.int32)
                return self
            kept |= missed

    def predict(self, X: NDArray[np.float64]) -> NDArray[Any]:
        """Labels of X, float64[n, d]."""
        check_is_fitted(self)
        pairs = self._pairs()

        def winners(decisions: NDArray[np.float64], _: slice) -> NDArray[np.intp]:
            votes = np.zeros((len(decisions), len(self.classes_)), np.int64)
            for pair, (one, other) in enumerate(pairs):
                votes[:, one] += decisions[:, pair] > 0
                votes[:, other] += decisions[:, pair] <= 0
            return votes.argmax(axis=1)

        return self.classes_[self._decide(X, winners)]

    def _margins(self, X: NDArray[np.float64], y: NDArray[Any]) -> NDArray[np.float64]:
        """How far each row is on the right side in the worst of its own class's pairs: float64[n]."""
        one, other = np.array(self._pairs()).T
        own = np.searchsorted(self.classes_, y)[:, None]

        def worst(decisions: NDArray[np.float64], rows: slice) -> NDArray[np.float64]:
            signs = (own[rows] == one).astype(np.int64) - (own[rows] == other)
            return np.where(signs == 0, np.inf, decisions * signs).min(axis=1)

        return self._decide(X, worst)

    def _pairs(self) -> list[tuple[int, int]]:
        return list(combinations(range(len(self.classes_)), 2))

    def _decide(
        self, X: NDArray[np.float64], reduce: Callable[[NDArray[np.float64], slice], NDArray[Any]]
    ) -> NDArray[Any]:
        """Each chunk's decisions, float64[rows, pairs], reduced to one value a row, with one thread a chunk."""
        weights, vectors = self._pair_weights(), self.support_vectors_
        squares = np.square(vectors).sum(axis=1)

        def decide(start: int) -> NDArray[Any]:
            rows = slice(start, start + CHUNK)
            part = X[rows]
            kernel = part @ (2 * vectors.T)
            kernel -= squares
            kernel -= np.square(part).sum(axis=1)[:, None]
            np.exp(np.multiply(kernel, self.gamma, out=kernel), out=kernel)
            return reduce(kernel @ weights + self.intercept_, rows)

        with threadpool_limits(1), ThreadPoolExecutor(os.cpu_count()) as pool:
            return np.concatenate(list(pool.map(decide, range(0, max(len(X), 1), CHUNK))))

    def _pair_weights(self) -> NDArray[np.float64]:
        """The dual coefficient of each support vector in each pair of classes: float64[vectors, pairs]."""
        ends = np.cumsum(self.n_support_)
        own = [slice(end - count, end) for count, end in zip(self.n_support_, ends, strict=True)]
        pairs = self._pairs()
        weights = np.zeros((len(self.support_vectors_), len(pairs)))
        for pair, (one, other) in enumerate(pairs):
            weights[own[one], pair] = self.dual_coef_[other - 1, own[one]]
            weights[own[other], pair] = self.dual_coef_[one, own[other]]
        return weights
