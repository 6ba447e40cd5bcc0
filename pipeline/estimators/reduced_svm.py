"""A support vector machine rewritten in fewer vectors."""

from itertools import combinations
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.utils.validation import validate_data
from threadpoolctl import threadpool_limits

from pipeline.estimators.images import by_chunks
from pipeline.estimators.svm import Floats, MatrixSVC

RIDGE = 1e-8  # of the kernel's mean diagonal: vectors that are nearly the same share their weight


class ReducedSetSVC(MatrixSVC):
    """MatrixSVC, of which only `vectors` vectors a class are kept: the centres of its support vectors' clusters.

    Each centre speaks in every pair of classes, with the weights that bring the reduced machine nearest to the
    whole one in the kernel's feature space. (Burges also moves the vectors themselves to that end.)
    Source: C. J. C. Burges, "Simplified support vector decision rules", ICML 1996.

    `support_vectors_` are the centres, float64[m, d], by class; `dual_coef_` their weights, float64[pairs, m];
    `support_` still tells the rows of the whole machine.
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
        """Fit on X, float64[n, d], and y, labels[n]."""
        if not self._has_products():
            raise ValueError(f"kernel: expected 'linear', 'poly' or 'rbf', found {self.kernel!r}")
        X, y = validate_data(self, X, y)
        super().fit(X, y)
        classes = np.split(self.support_vectors_, np.cumsum(self._n_support)[:-1])
        pairs = list(combinations(range(len(classes)), 2))
        with threadpool_limits(1):
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
        """The vectors that stand for a class's support vectors: themselves where they are few enough."""
        if len(own) <= self.vectors:
            return own
        means = KMeans(self.vectors, n_init=1, max_iter=20, random_state=self.random_state)
        return means.fit(own).cluster_centers_

    def _dense_decision_function(self, X: Floats) -> Floats:
        """The decision of each pair of classes, float64[n, pairs]."""
        few, weights = self.support_vectors_, self._dual_coef_.T
        return by_chunks(len(X), lambda part: self._kernel(X[part], few) @ weights + self._intercept_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags
