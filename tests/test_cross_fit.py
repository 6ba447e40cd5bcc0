"""Cross-fitting: each label is judged by a model that was not fitted on its row."""

from typing import Any

import numpy as np
import pytest
from conftest import tiny_arrays
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.svm import SVC, LinearSVC, NuSVC

from pipeline.base.errors import ConfigError, DataError
from pipeline.models import cross_fit

IMAGES, LABELS = tiny_arrays(300, 0)
WRONG = {5: 1, 70: 0, 200: 1}  # row: the label that it gets; its own is 2, 1 and 2
PLANTED = LABELS.copy()
PLANTED[list(WRONG)] = list(WRONG.values())
NONE = np.zeros(300, np.bool_)


@pytest.mark.parametrize(
    "model",
    [
        SVC(kernel="linear"),
        NuSVC(nu=0.1),
        make_pipeline(MaxAbsScaler(), SVC()),
        make_pipeline(MaxAbsScaler(), LogisticRegression()),
        LinearSVC(),
        KNeighborsClassifier(9),
    ],
    ids=lambda model: type(model[-1] if hasattr(model, "steps") else model).__name__,
)
def test_wrong_labels_have_the_largest_scores_and_their_own_label_is_suggested(model: Any) -> None:
    found = cross_fit.contradictions(model, IMAGES, PLANTED, NONE, seed=0)
    order = np.argsort(-found.scores)
    assert set(order[:3].tolist()) == set(WRONG)
    assert found.suggested[list(WRONG)].tolist() == LABELS[list(WRONG)].tolist()
    assert (found.suggested != PLANTED).nonzero()[0].tolist() == sorted(WRONG)


def test_of_two_classes_the_lead_is_the_decision() -> None:
    two = PLANTED < 2
    labels = PLANTED[two]
    wrong = np.flatnonzero(labels != LABELS[two])
    for model in (SVC(kernel="linear"), LinearSVC()):
        found = cross_fit.contradictions(model, IMAGES[two], labels, NONE[two], seed=0)
        assert 70 in np.flatnonzero(two)[np.argsort(-found.scores)[: len(wrong)]]


def test_the_score_of_a_class_is_the_least_decision_for_it() -> None:
    model = SVC(kernel="linear").fit(IMAGES.reshape(300, -1), LABELS)
    scores = cross_fit.class_scores(model, IMAGES[:3])
    pairs = model.decision_function(IMAGES[:3].reshape(3, -1))  # of 0 and 1, 0 and 2, 1 and 2
    expected = [[min(one, two), min(-one, three), min(-two, -three)] for one, two, three in pairs]
    np.testing.assert_array_equal(scores, expected)
    np.testing.assert_array_equal(scores.argmax(axis=1), LABELS[:3])


def test_the_score_of_a_label_is_the_logarithm_of_the_odds_against_it() -> None:
    model = DummyClassifier(strategy="prior")
    labels = np.resize(np.array([0, 0, 0, 1, 1, 2], np.uint8), 300)
    found = cross_fit.contradictions(model, IMAGES, labels, NONE, seed=0)
    np.testing.assert_allclose(found.scores[:6], np.log([1, 1, 1, 2, 2, 5]), atol=0.02)
    assert set(found.suggested.tolist()) == {0}


def test_no_model_is_fitted_on_a_doubted_row_or_on_a_row_that_it_judges() -> None:
    fitted: list[set[bytes]] = []

    class Noted(DummyClassifier):  # type: ignore[misc]  # scikit-learn has no types
        def fit(self, X: Any, y: Any) -> "Noted":
            fitted.append({row.tobytes() for row in X})
            super().fit(X, y)
            return self

        def predict_proba(self, X: Any) -> Any:
            assert not fitted[-1] & {row.tobytes() for row in X}
            return super().predict_proba(X)

    doubted = NONE.copy()
    doubted[[7, 8]] = True
    found = cross_fit.contradictions(Noted(), IMAGES, PLANTED, doubted, seed=0)
    assert len(fitted) == cross_fit.FOLDS
    seen = set.union(*fitted)
    assert [IMAGES[row].tobytes() in seen for row in (7, 8, 9)] == [False, False, True]
    assert np.isfinite(found.scores).all(), "they are judged"


def test_the_seed_deals_the_folds_and_the_same_seed_gives_the_same() -> None:
    model = SVC()
    one, again, other = (cross_fit.contradictions(model, IMAGES, PLANTED, NONE, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.scores, again.scores)
    assert (one.scores != other.scores).any()


def test_a_class_that_is_too_small_is_said() -> None:
    labels = LABELS.copy()
    labels[[1, 4]] = 9
    with pytest.raises(DataError, match=r"expected 3 rows or more of each class, .*; found fewer of 9$"):
        cross_fit.contradictions(LinearSVC(), IMAGES, labels, NONE, seed=0)
    labels[7] = 9
    doubted = labels == 9
    with pytest.raises(DataError, match=r"found fewer of 9$"):
        cross_fit.contradictions(LinearSVC(), IMAGES, labels, doubted, seed=0)


def test_a_model_that_gives_labels_only_is_refused() -> None:
    class Plain(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
        def fit(self, X: Any, y: Any) -> "Plain":
            self.classes_ = np.unique(y)
            return self

    with pytest.raises(ConfigError, match="expected a method with decision_function or predict_proba"):
        cross_fit.contradictions(Plain(), IMAGES, LABELS, NONE, seed=0)
