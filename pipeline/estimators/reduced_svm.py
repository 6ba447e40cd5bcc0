"""A support vector machine that is replaced by one with fewer vectors."""

from itertools import combinations
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.utils.validation import validate_data

from pipeline.base import threads
from pipeline.estimators.svm import Floats, MatrixSVC
from pipeline.features.images import by_chunks

RIDGE = 1e-8  # a share of the kernel's mean diagonal, so that vectors that are nearly equal share their weight


class ReducedSetSVC(MatrixSVC):
    """MatrixSVC with at most `vectors` vectors a class: the centres of clusters of its support vectors.

    Each centre has a weight in every pair of classes. The weights bring the reduced machine as near as possible to
    the whole machine, in the feature space of the kernel. (Burges also moves the vectors themselves.)
    Source: C. J. C. Burges, "Simplified support vector decision rules", ICML 1996.

    `support_vectors_` are the centres, float64[m, d], in the order of the classes; `dual_coef_` are their weights,
    float64[pairs, m]; `support_` still names the rows of the whole machine.
    """

    _dual_coef_: Floats

    def __init__(
        self,
        vectors: int = 100,
        C: float = 1.0,
        kernel: str = "rbf",
        degree: int = 3,
        gamma: float | str = "scale",
        coef0: float = 0.0,
        decision_function_shape: str = "ovr",
        random_state: int = 0,
    ) -> None:
        self.vectors = vectors
        super().__init__(C=C, kernel=kernel, degree=degree, gamma=gamma, coef0=coef0, random_state=random_state)
        self.decision_function_shape = decision_function_shape

    def fit(self, X: Floats, y: NDArray[Any]) -> Self:
        """Fit on X, float64[n, d], and y, labels[n].

        Raises ValueError for another kernel than 'linear', 'poly' and 'rbf'.
        """
        if not self._has_products():
            raise ValueError(f"kernel: expected 'linear', 'poly' or 'rbf', found {self.kernel!r}")
        X, y = validate_data(self, X, y)
        super().fit(X, y)
        classes = np.split(self.support_vectors_, np.cumsum(self._n_support)[:-1])
        pairs = list(combinations(range(len(classes)), 2))
        with threads.one_blas_thread():
            centres = [self._centres(own) for own in classes]
            few = np.concatenate(centres)
            toward = np.zeros((len(few), len(pairs)))
            for label, (own, dual) in enumerate(
                zip(classes, np.split(self._dual_coef_, np.cumsum(self._n_support)[:-1], axis=1), strict=True)
            ):
                mine = [number for number, pair in enumerate(pairs) if label in pair]
                toward[:, mine] += self._kernel(few, own) @ dual.T
            among = self._kernel(few, few)
            among[np.diag_indices(len(few))] += RIDGE * among.diagonal().mean()
            self._dual_coef_ = np.asarray(np.linalg.solve(among, toward).T, np.float64)
            self.dual_coef_ = self._dual_coef_
        self.support_vectors_, self._n_support = few, np.array([len(own) for own in centres], np.int32)
        return self

    def _centres(self, own: Floats) -> Floats:
        """The vectors that replace the support vectors of a class: the same vectors if they are few enough."""
        if len(own) <= self.vectors:
            return own
        means = KMeans(self.vectors, n_init=1, max_iter=20, random_state=self.random_state)
        return means.fit(own).cluster_centers_

    def _dense_decision_function(self, X: Floats) -> Floats:
        """The decision of each pair of classes for X, float64[n, d]: float64[n, pairs]."""
        few, weights = self.support_vectors_, self._dual_coef_.T
        return by_chunks(len(X), lambda part: self._kernel(X[part], few) @ weights + self._intercept_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags
