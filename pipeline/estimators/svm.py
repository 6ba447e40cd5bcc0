"""A support vector machine that fits on the rows that matter, and predicts by matrix products."""

from itertools import combinations
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import SVC

from pipeline.base import threads

CHUNK = 250  # rows at a time, so that their kernel fits the processor's cache
FEW = 5000  # libsvm fits at most so many rows at once
FIRST = 1000  # how many rows of a pair of classes are fitted first
KEPT = 1.1  # rows within this margin stay in the working set; rows beyond 1 have no weight

Floats = NDArray[np.float64]


class MatrixSVC(SVC):
    """scikit-learn's SVC, which fits by working sets in threads and predicts by products with support vectors.

    Each pair of classes is fitted on a part of its rows. The rows that violate the conditions of the optimum are
    added, and it is fitted again, until no row violates them. So it is the machine that SVC finds with all rows,
    within its `tol`.
    Source: E. Osuna, R. Freund, F. Girosi, "An improved training algorithm for support vector machines", 1997.

    `predict` decides as libsvm does: each pair of classes votes; of classes with equal votes the first one wins.
    SVC itself fits few rows, rows with weights, sparse rows, and kernels other than 'linear', 'poly' and 'rbf'.
    """

    def fit(self, X: Floats, y: NDArray[Any]) -> Self:
        """Fit on X, float64[n, d], and y, labels[n].

        There are no sample weights: in libsvm a weight of 2 does not give quite the same as the row twice.
        """
        return super().fit(X, y)

    def _dense_fit(
        self, X: Floats, y: Floats, sample_weight: Floats, solver_type: int, kernel: str, random_seed: int
    ) -> None:
        """Fit on X, float64[n, d], and y, class numbers[n]. `fit` of SVC calls this after its checks."""
        special = len(sample_weight) or self.class_weight is not None or not self._has_products()
        if len(X) <= FEW or special or self._effective_probability:
            super()._dense_fit(X, y, sample_weight, solver_type, kernel, random_seed)
            return
        rows = [np.flatnonzero(y == label) for label in range(len(self.classes_))]
        pairs = list(combinations(range(len(rows)), 2))
        fits = threads.over(lambda pair: self._fit_pair(X, rows[pair[0]], rows[pair[1]]), pairs)
        dual = np.zeros((len(rows) - 1, len(X)))
        for (one, other), (support, weights, *_) in zip(pairs, fits, strict=True):
            dual[np.where(y[support] == one, other - 1, one), support] = weights
        used = [own[dual[:, own].any(axis=0)] for own in rows]
        self.support_ = np.concatenate(used).astype(np.int32)
        self.support_vectors_, self.dual_coef_ = X[self.support_], np.ascontiguousarray(dual[:, self.support_])
        self._n_support = np.array([len(own) for own in used], np.int32)
        self.intercept_ = np.array([fit[2] for fit in fits])
        self._num_iter, self.fit_status_ = (
            np.array([fit[3] for fit in fits], np.int32),
            max(fit[4] for fit in fits),
        )
        self._probA = self._probB = np.empty(0)

    def _fit_pair(
        self, X: Floats, one: NDArray[np.intp], other: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], Floats, float, int, int]:
        """The support rows of a pair of classes, their weights, the intercept, iterations and status.

        one, other: the rows of the two classes. A positive decision is for the class of `one`.
        """
        rows = np.concatenate([one, other])
        sign = np.where(np.arange(len(rows)) < len(one), 1, -1)
        pair = X[rows]
        names = ("C", "shrinking", "tol", "cache_size", "max_iter")
        machine = SVC(kernel="precomputed", **{name: getattr(self, name) for name in names})
        kept = np.zeros(len(rows), bool)
        for start, end in [(0, len(one)), (len(one), len(rows))]:
            kept[np.linspace(start, end - 1, min(end - start, FIRST // 2)).astype(np.intp)] = True
        while True:
            at = np.flatnonzero(kept)
            kernel = np.empty((len(at), len(at)))
            for start in range(0, len(at), CHUNK):
                kernel[start : start + CHUNK] = self._kernel(pair[at[start : start + CHUNK]], pair[at])
            machine.fit(kernel, sign[at])
            support, weights = at[machine.support_], machine.dual_coef_[0]
            parts = [pair[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]
            decisions = np.concatenate([self._kernel(part, pair[support]) @ weights for part in parts])
            margins = sign * (decisions + machine.intercept_[0])
            missed = ~kept & (margins < 1 - self.tol)
            if not missed.any():
                return rows[support], weights, machine.intercept_[0], machine.n_iter_[0], machine.fit_status_
            kept = missed | (kept & (margins < KEPT))
            kept[support] = True

    def _dense_predict(self, X: Floats) -> NDArray[np.intp]:
        """The class numbers of X, float64[n, d]."""
        if not self._has_products():
            return super()._dense_predict(X)
        decisions = self._dense_decision_function(X)
        votes = np.zeros((len(X), len(self.classes_)), np.int64)
        for pair, (one, other) in enumerate(combinations(range(len(self.classes_)), 2)):
            votes[:, one] += decisions[:, pair] > 0
            votes[:, other] += decisions[:, pair] <= 0
        return votes.argmax(axis=1)

    def _dense_decision_function(self, X: Floats) -> Floats:
        """The decision of each pair of classes for X, float64[n, d]: float64[n, pairs]."""
        if not self._has_products():
            return super()._dense_decision_function(X)
        pairs = list(combinations(range(len(self.classes_)), 2))
        ends = np.cumsum(self._n_support)

        def decide(start: int) -> Floats:
            part = X[start : start + CHUNK]
            decisions = np.tile(self._intercept_, (len(part), 1))
            for label, (count, end) in enumerate(zip(self._n_support, ends, strict=True)):
                own = slice(end - count, end)
                mine = [number for number, pair in enumerate(pairs) if label in pair]
                decisions[:, mine] += self._kernel(part, self.support_vectors_[own]) @ self._dual_coef_[:, own].T
            return decisions

        return np.concatenate(threads.over(decide, range(0, max(len(X), 1), CHUNK)))

    def _has_products(self) -> bool:
        return self.kernel in ("linear", "poly", "rbf")

    def _kernel(self, A: Floats, B: Floats) -> Floats:
        """The kernel of each row of A, float64[n, d], with each row of B, float64[m, d]: float64[n, m]."""
        kernel: Floats = A @ B.T
        if self.kernel == "poly":
            kernel *= self._gamma
            kernel += self.coef0
            kernel = power(kernel, self.degree)
        if self.kernel == "rbf":
            kernel *= 2
            kernel -= np.square(B).sum(axis=1)
            kernel -= np.square(A).sum(axis=1)[:, None]
            kernel *= self._gamma
            np.exp(kernel, out=kernel)
        return kernel


def power(base: Floats, exponent: int) -> Floats:
    """The base to a whole power, by squaring as libsvm does: many times faster than NumPy's `**`."""
    result = np.ones_like(base)
    for bit in f"{exponent:b}":
        result *= result
        if bit == "1":
            result *= base
    return result
