"""A cascade asks its other members where the first is unsure, and nowhere else."""

import numpy as np
import pytest
import skops.io
from numpy.typing import NDArray
from sklearn.datasets import make_blobs
from sklearn.linear_model import LogisticRegression, RidgeClassifier

from pipeline.estimators.cascade import Cascade


@pytest.fixture(params=[2, 4])
def task(request: pytest.FixtureRequest) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Rows of two or four classes that overlap, their labels from 5 on, and other rows."""
    X, y = make_blobs(600, centers=request.param, cluster_std=4, random_state=1)
    return X[:300], y[:300] + 5, X[300:]


def test_decisions_are_the_first_one_s_where_it_is_sure_and_else_the_sum(
    task: tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]],
) -> None:
    X, y, others = task
    members = [RidgeClassifier(), LogisticRegression(C=9), LogisticRegression(C=0.01)]
    cascade = Cascade(members, sure=0.3).fit(X, y)
    first, *rest = (member.fit(X, y).decision_function(others) for member in members)
    sure = np.abs(first) >= 0.3 if first.ndim == 1 else first.max(axis=1) >= 0.3
    assert 0.2 < sure.mean() < 0.98
    expected = np.where(sure if first.ndim == 1 else sure[:, None], first, first + sum(rest))
    np.testing.assert_allclose(cascade.decision_function(others), expected)
    labels = (expected > 0) + 5 if first.ndim == 1 else expected.argmax(axis=1) + 5
    np.testing.assert_array_equal(cascade.predict(others), labels)
    assert (labels != members[0].predict(others)).any(), "a task on which the others change nothing proves little"


def test_members_that_it_is_given_stay_unfitted() -> None:
    X, y = make_blobs(40, random_state=0)
    member = LogisticRegression()
    Cascade([member]).fit(X, y)
    assert not hasattr(member, "coef_")


def test_it_is_saved_without_pickle() -> None:
    X, y = make_blobs(40, random_state=0)
    fitted = Cascade([LogisticRegression(), LogisticRegression(C=2)], sure=9).fit(X, y)
    again = skops.io.loads(skops.io.dumps(fitted), trusted=["pipeline.estimators.cascade.Cascade"])
    np.testing.assert_array_equal(again.decision_function(X), fitted.decision_function(X))
