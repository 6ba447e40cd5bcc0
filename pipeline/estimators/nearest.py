"""Exact k nearest neighbours: a matrix product finds a few candidates, whose true distances are then computed."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from pipeline.features.images import by_chunks

GROUPS = 1024  # the number of groups that the rows are searched in, or four for each row that is wanted
FAR = np.finfo(np.float32).max / 16  # larger than the distance of any row
EVEN = (0.35, 0.65)  # |t|^3 is about 0.35 t^2 + 0.65 t^4 for t from 0 to 1

Rows = NDArray[np.uint8] | NDArray[np.float64]


class NearestNeighbours(ClassifierMixin, BaseEstimator):
    """Each of the k nearest rows has a vote. If classes have equal votes, the first class wins.

    The neighbours are the same as those of a search through all rows. If two rows are equally far, the lower row
    comes first. This is exact for uint8, whose distances are whole numbers, if p is 2. If p is 3, it is exact if
    the neighbours are among the `candidates`. scikit-learn's KNeighborsClassifier gives the same, but it is slower
    for uint8, for which products of float32 are enough.

    n_neighbors: k. p: 2 or 3, of the distance sum |a - b|^p. candidates: if p is 3, at least so many distances are
    computed: for the rows that are nearest by an even polynomial of a - b, which is a product of powers.
    """

    def __init__(self, n_neighbors: int = 3, p: int = 2, candidates: int = 50) -> None:
        self.n_neighbors = n_neighbors
        self.p = p
        self.candidates = candidates

    def fit(self, X: Rows, y: NDArray[Any]) -> Self:
        """Keep X, [n, d], as uint8 if it is uint8, else as float64. y: labels[n].

        Raises ValueError for another p than 2 and 3, and for a k below 1.
        """
        if self.p not in {2, 3} or self.n_neighbors < 1:
            raise ValueError(
                f"NearestNeighbours takes p 2 or 3 and k 1 or more, found {self.p}, {self.n_neighbors}"
            )
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        self.classes_, classes = np.unique(y, return_inverse=True)
        self.rows_ = plain(X)
        self.labels_ = classes.astype(np.min_scalar_type(len(self.classes_)))
        return self

    def predict(self, X: Rows) -> NDArray[Any]:
        """The labels of X, [n, d]."""
        check_is_fitted(self)
        votes = np.eye(len(self.classes_), dtype=np.int64)[self.labels_[self.neighbours(X)]].sum(axis=1)
        return self.classes_[votes.argmax(axis=1)]

    def neighbours(self, X: Rows) -> NDArray[np.intp]:
        """The numbers of the k fitted rows nearest to each row of X, [n, d], the nearest first: intp[n, k]."""
        X = plain(validate_data(self, X, reset=False))
        k = min(self.n_neighbors, len(self.rows_))
        search = Search(self.rows_, self.p, k if self.p == 2 else max(k, self.candidates))

        def nearest(part: slice) -> NDArray[np.intp]:
            found = np.empty((len(X[part]), k), np.intp)
            for one, x, near in zip(found, X[part], search(X[part]), strict=True):
                one[:] = near[np.lexsort((near, distances(self.rows_[near], x, self.p)))[:k]]
            return found

        return by_chunks(len(X), nearest)


class Search:
    """Finds the rows that may be the nearest, in arithmetic that rounds.

    If p is 2, it finds every row that is not surely farther than the nearest ones.
    rows: [n, d] from `plain`. p: 2 or 3. count: how many rows it finds at least, if there are as many.
    """

    def __init__(self, rows: Rows, p: int, count: int) -> None:
        self.p, self.count, self.n = p, count, len(rows)
        kind = np.float32 if rows.dtype == np.uint8 else np.float64
        low, high = float(rows.min()), float(rows.max())
        self.middle, self.unit = ((low + high) / 2, max(high - low, 1e-300)) if p == 3 else (0.0, 1.0)
        scaled = self._scaled(rows, kind)
        groups = max(count, min(max(GROUPS, 4 * count), self.n))
        self.shape = -(-self.n // groups), groups
        none = np.zeros((self.shape[0] * groups - self.n, rows.shape[1]), kind)
        self.factors = factors(np.concatenate([scaled, none]), p)
        self.factors[self.n :, -1] = FAR
        self.longest = float(np.sqrt(np.einsum("nd,nd->n", scaled, scaled).max()))

    def __call__(self, X: Rows) -> list[NDArray[np.intp]]:
        """The numbers of the candidates, for each row of X, [m, d]."""
        scaled = self._scaled(X, self.factors.dtype)
        ones = np.ones((len(X), 1), scaled.dtype)
        powers = [scaled] if self.p == 2 else [scaled, scaled**2, scaled**3]
        scores = (np.concatenate([*powers, ones], axis=1) @ self.factors.T).reshape(len(X), *self.shape)
        least = scores.min(axis=1)
        limit = np.partition(least, self.count - 1, axis=1)[:, self.count - 1] + self._rounding(scaled)
        row, group = np.nonzero(least <= limit[:, None])
        pair, member = np.nonzero(scores[row, :, group] <= limit[row, None])
        row, found = row[pair], member * self.shape[1] + group[pair]
        row, found = row[found < self.n], found[found < self.n]
        return np.split(found, np.searchsorted(row, np.arange(1, len(X))))[: len(X)]

    def _scaled(self, rows: Rows, kind: Any) -> NDArray[Any]:
        return ((rows - self.middle) / self.unit).astype(kind) if self.p == 3 else rows.astype(kind)

    def _rounding(self, x: NDArray[Any]) -> NDArray[Any]:
        """The largest sum of the errors of two scores, float[m]; 0 if p is 3: its polynomial is never exact."""
        if self.p == 3:
            return np.zeros(len(x), x.dtype)
        lengths = np.sqrt(np.square(x, dtype=np.float64).sum(axis=1))
        largest = 2 * lengths * self.longest + self.longest**2
        return (2 * (x.shape[1] + 2) * np.finfo(x.dtype).eps * largest).astype(x.dtype)


def factors(y: NDArray[Any], p: int) -> NDArray[Any]:
    """The factors for the powers of x and a 1; the product ranks the rows y, float[n, d], by distance from x.

    If p is 2, float[n, d + 1]: the product is |x - y|^2 - |x|^2. If p is 3, float[n, 3 d + 1]: the product is the
    sum of the even polynomial of x - y, multiplied out, without the terms of x alone.
    """
    square = y * y
    if p == 2:
        return np.concatenate([-2 * y, square.sum(axis=1, keepdims=True)], axis=1)
    two, four = (y.dtype.type(weight) for weight in EVEN)
    alone = (square * (two + four * square)).sum(axis=1, keepdims=True)
    return np.concatenate([-2 * y * (two + 2 * four * square), 6 * four * square, -4 * four * y, alone], axis=1)


def distances(rows: Rows, x: Rows, p: int) -> NDArray[np.float64]:
    """The sum of |row - x|^p for each of rows, [n, d], and x, [d]: float64[n], whole numbers for uint8."""
    apart = np.subtract(rows, x, dtype=np.int32 if rows.dtype == x.dtype == np.uint8 else np.float64)
    return (apart * apart * (np.abs(apart) if p == 3 else 1)).sum(axis=1, dtype=np.float64)


def plain(rows: NDArray[Any]) -> Rows:
    """Rows as they are if they are uint8, else as float64."""
    return rows if rows.dtype == np.uint8 else rows.astype(np.float64)
