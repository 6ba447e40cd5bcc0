"""MatrixSVC finds the machine that scikit-learn's SVC finds, and predicts what it predicts."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.exceptions import NotFittedError
from sklearn.svm import SVC

from pipeline import idx
from pipeline.estimators import svm
from pipeline.estimators.gradients import GradientHistograms
from pipeline.estimators.pca import ExactPCA
from pipeline.estimators.svm import MatrixSVC


@pytest.mark.parametrize("classes", [3, 5, 10])
def test_labels_are_those_of_scikit_learn(classes: int) -> None:
    X, y = make_blobs(3000, n_features=6, centers=classes, cluster_std=6, random_state=classes)
    X, y = np.rint(X * 20), y + 100
    expected = SVC(C=3, gamma=1e-4).fit(X[:1500], y[:1500]).predict(X[1500:])
    assert (expected != y[1500:]).any(), "a task without errors proves little"
    np.testing.assert_array_equal(MatrixSVC(C=3, gamma=1e-4).fit(X[:1500], y[:1500]).predict(X[1500:]), expected)


def test_fitting_by_working_set_gives_the_labels_of_fitting_all_rows_at_once(mnist: Path) -> None:
    images = np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:18000]).reshape(-1, 784)
    y = np.asarray(idx.read(mnist / "train-labels-idx1-ubyte")[:18000])
    X = ExactPCA(40).fit_transform(GradientHistograms().fit_transform(images))
    assert svm.FEW < 9000
    exact = {"C": 5, "gamma": 2.7e-7, "cache_size": 1000, "tol": 1e-5}
    expected = SVC(**exact).fit(X[:9000], y[:9000])
    ours = MatrixSVC(**exact).fit(X[:9000], y[:9000])
    np.testing.assert_array_equal(ours.predict(X[9000:]), expected.predict(X[9000:]))
    np.testing.assert_array_equal(ours.predict(X[9000:]), SVC.predict(ours, X[9000:]))
    assert len(set(ours.support_) ^ set(expected.support_)) < len(expected.support_) / 100
    np.testing.assert_array_equal(ours.support_vectors_, X[ours.support_])


def test_rows_that_a_first_fit_could_not_foresee_are_added(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = make_blobs(600, n_features=2, centers=[[-900, 0], [900, 0], [0, 900]], cluster_std=30, random_state=0)
    X = np.rint(X)
    X[1::2], y[1::2] = -X[1::2], (y[1::2] + 1) % 3  # the rows that the first fit does not see are quite other ones
    monkeypatch.setattr(svm, "FEW", 10)
    monkeypatch.setattr(svm, "MARGIN", -1e9)  # and only the first machine's support vectors are kept of them
    expected = SVC(C=1, gamma=1e-6).fit(X, y).predict(X)
    np.testing.assert_array_equal(MatrixSVC(C=1, gamma=1e-6).fit(X, y).predict(X), expected)


def test_a_class_of_one_row_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = make_blobs(99, n_features=2, centers=3, random_state=0)
    monkeypatch.setattr(svm, "FEW", 10)
    machine = MatrixSVC(C=10, gamma=0.1).fit(np.vstack([X, [[500.0, 500.0]]]), np.append(y, 9))
    assert machine.predict(np.array([[500.0, 500.0]])) == [9]
    assert machine.predict(np.empty((0, 2))).shape == (0,)


def test_ties_between_votes_go_to_the_first_class_as_in_libsvm() -> None:
    angles = np.arange(3) * 2 * np.pi / 3
    X = np.rint(100 * np.column_stack([np.cos(angles), np.sin(angles)]))
    y = np.arange(3)
    near = np.random.default_rng(0).integers(-3, 4, (200, 2)).astype(float)
    expected = SVC(C=1, gamma=1e-4).fit(X, y).predict(near)
    np.testing.assert_array_equal(MatrixSVC(C=1, gamma=1e-4).fit(X, y).predict(near), expected)


def test_it_must_be_fitted_first() -> None:
    with pytest.raises(NotFittedError):
        MatrixSVC(gamma=1.0).predict(np.zeros((1, 2)))


@pytest.mark.parametrize(
    ("wrong", "classes"), [({"kernel": "linear", "gamma": 1.0}, 3), ({"gamma": "scale"}, 3), ({"gamma": 1.0}, 2)]
)
def test_what_it_cannot_do_it_says(wrong: dict[str, object], classes: int) -> None:
    with pytest.raises(ValueError, match="kernel 'rbf', a number as gamma, three classes or more"):
        MatrixSVC(**wrong).fit(np.eye(6), np.arange(6) % classes)
