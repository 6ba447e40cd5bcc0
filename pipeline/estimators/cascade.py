"""A committee that is only asked where its first member is unsure."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted, validate_data


class Cascade(ClassifierMixin, BaseEstimator):
    """Classifiers that add their decisions where the first one's highest is below a bound; elsewhere it decides.

    Source: E. Alpaydin, C. Kaynak, "Cascading classifiers", Kybernetika 34(4), 1998.

    members: classifiers with `decision_function`, all fitted on the same rows; empty: a logistic regression.
    sure: the bound.
    """

    def __init__(self, members: Sequence[Any] = (), sure: float = 0.8) -> None:
        self.members = members
        self.sure = sure

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> Self:
        """Fit every member on X, [n, d], and y, labels[n]."""
        X, y = validate_data(self, X, y)
        self.members_ = [clone(member).fit(X, y) for member in self.members or [LogisticRegression()]]
        self.classes_ = self.members_[0].classes_
        return self

    def decision_function(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """The decisions of the first member, and where it is unsure of all: float64[n, classes], or [n] of two."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        decisions = np.array(self.members_[0].decision_function(X))
        unsure = (np.abs(decisions) if decisions.ndim == 1 else decisions.max(axis=1)) < self.sure
        if unsure.any():
            decisions[unsure] += sum(member.decision_function(X[unsure]) for member in self.members_[1:])
        return decisions

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        """Labels of X, [n, d]: of the class with the highest decision."""
        decisions = self.decision_function(X)
        return self.classes_[decisions.argmax(axis=1) if decisions.ndim == 2 else (decisions > 0).astype(np.intp)]
