"""MatrixSVC finds the machine that scikit-learn's SVC finds, and predicts what it predicts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import make_blobs
from sklearn.exceptions import NotFittedError
from sklearn.svm import SVC

from pipeline.estimators import svm
from pipeline.estimators.gradients import GradientHistograms
from pipeline.estimators.pca import ExactPCA
from pipeline.estimators.svm import MatrixSVC, power
from pipeline.models import registry
from pipeline.rows import idx

Rows = tuple[NDArray[np.float64], NDArray[np.uint8]]
KERNELS = [
    {"kernel": "rbf", "gamma": 2e-7, "C": 5},
    {"kernel": "rbf", "gamma": "scale"},
    {"kernel": "poly", "gamma": 1e-6, "degree": 5, "coef0": 1, "C": 2},
    {"kernel": "poly", "gamma": "scale", "degree": 2},
    {"kernel": "linear", "C": 1e-5},
]


@pytest.fixture(scope="module")
def features(mnist: Path) -> Rows:
    """The first 9,000 digits of train as whole numbers, float64[9000, 40], and their labels."""
    images = np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:9000]).reshape(-1, 784)
    X = ExactPCA(40).fit_transform(GradientHistograms().fit_transform(images))
    return X, np.asarray(idx.read(mnist / "train-labels-idx1-ubyte")[:9000])


@pytest.mark.parametrize("classes", [2, 3, 5, 10])
@pytest.mark.parametrize("arguments", [{"gamma": 1e-4}, {"kernel": "poly", "coef0": 1.0}, {"kernel": "linear"}])
def test_labels_are_those_of_scikit_learn(classes: int, arguments: dict[str, Any]) -> None:
    X, y = make_blobs(1200, n_features=6, centers=classes, cluster_std=8, random_state=classes)
    X, y = np.rint(X * 20), y + 100
    if arguments.get("kernel"):
        X = X / 400
    expected = SVC(C=3, **arguments).fit(X[:600], y[:600]).predict(X[600:])
    assert (expected != y[600:]).any(), "a task without errors proves little"
    np.testing.assert_array_equal(MatrixSVC(C=3, **arguments).fit(X[:600], y[:600]).predict(X[600:]), expected)


@pytest.mark.parametrize("arguments", KERNELS, ids=lambda arguments: "-".join(map(str, arguments.values())))
@pytest.mark.parametrize("labels", [(3, 5), range(10)], ids=["two", "ten"])
def test_fitting_by_working_set_gives_the_labels_of_fitting_all_rows_at_once(
    features: Rows, labels: Sequence[int], arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = np.isin(features[1], labels)
    X, y = features[0][chosen], features[1][chosen]
    n = min(len(X) // 2, 1500)
    monkeypatch.setattr(svm, "FEW", 100)
    monkeypatch.setattr(svm, "FIRST", 60)
    exact = arguments | {"tol": 1e-6, "cache_size": 1000}
    expected, ours = (kind(**exact).fit(X[:n], y[:n]) for kind in (SVC, MatrixSVC))
    np.testing.assert_array_equal(ours.predict(X[n:]), expected.predict(X[n:]))
    np.testing.assert_allclose(ours.decision_function(X[n:]), expected.decision_function(X[n:]), atol=1e-3)
    assert len(set(ours.support_) ^ set(expected.support_)) <= len(expected.support_) / 100
    np.testing.assert_array_equal(ours.support_vectors_, X[ours.support_])
    np.testing.assert_array_equal(y[ours.support_], np.repeat(ours.classes_, ours.n_support_))


def test_libsvm_decides_the_same_from_what_was_fitted(features: Rows) -> None:
    X, y = features
    ours = MatrixSVC(C=5, gamma=2.7e-7).fit(X[:6000], y[:6000])
    assert svm.FEW < 6000
    np.testing.assert_array_equal(SVC._dense_predict(ours, X[6000:]), ours.predict(X[6000:]))
    np.testing.assert_allclose(
        SVC._dense_decision_function(ours, X[6000:7000]), ours._dense_decision_function(X[6000:7000]), atol=1e-9
    )


@pytest.mark.slow
def test_every_test_row_of_mnist_gets_the_label_that_libsvm_gives_it(mnist: Path) -> None:
    train, test = (
        np.asarray(idx.read(mnist / f"{name}-images-idx3-ubyte")).reshape(-1, 784) for name in ("train", "t10k")
    )
    method = registry.build("gradient_svm", {}).fit(train, idx.read(mnist / "train-labels-idx1-ubyte"))
    features, machine = method[:-1].transform(test), method[-1]
    assert len(features) == 10_000
    theirs = machine.classes_[SVC._dense_predict(machine, features).astype(int)]
    np.testing.assert_array_equal(machine.predict(features), theirs)


def test_rows_that_a_first_fit_could_not_foresee_are_added(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = make_blobs(600, n_features=2, centers=[[-900, 0], [900, 0], [0, 900]], cluster_std=30, random_state=0)
    X = np.rint(X)
    X[1::2], y[1::2] = -X[1::2], (y[1::2] + 1) % 3  # every other row is quite another one
    monkeypatch.setattr(svm, "FEW", 10)
    monkeypatch.setattr(svm, "FIRST", 4)
    expected = SVC(C=1, gamma=1e-6).fit(X, y).predict(X)
    np.testing.assert_array_equal(MatrixSVC(C=1, gamma=1e-6).fit(X, y).predict(X), expected)


def test_a_class_of_one_row_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = make_blobs(99, n_features=2, centers=3, random_state=0)
    monkeypatch.setattr(svm, "FEW", 10)
    machine = MatrixSVC(C=10, gamma=0.1).fit(np.vstack([X, [[500.0, 500.0]]]), np.append(y, 9))
    assert machine.predict(np.array([[500.0, 500.0]])) == [9]


def test_ties_between_votes_go_to_the_first_class_as_in_libsvm() -> None:
    angles = np.arange(3) * 2 * np.pi / 3
    X = np.rint(100 * np.column_stack([np.cos(angles), np.sin(angles)]))
    y = np.arange(3)
    near = np.random.default_rng(0).integers(-3, 4, (200, 2)).astype(float)
    expected = SVC(C=1, gamma=1e-4).fit(X, y).predict(near)
    np.testing.assert_array_equal(MatrixSVC(C=1, gamma=1e-4).fit(X, y).predict(near), expected)


@pytest.mark.parametrize("arguments", [{"kernel": "sigmoid", "gamma": 1e-8}, {"class_weight": "balanced"}])
def test_what_has_no_products_is_left_to_scikit_learn(
    features: Rows, arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = features[0][:700], features[1][:700]
    monkeypatch.setattr(svm, "FEW", 100)
    expected, ours = (kind(**arguments).fit(X, y) for kind in (SVC, MatrixSVC))
    np.testing.assert_array_equal(ours.support_, expected.support_)
    np.testing.assert_array_equal(ours.predict(X), expected.predict(X))


@pytest.mark.parametrize("processors", [1, 3])
def test_the_number_of_processors_does_not_count(
    features: Rows, processors: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = features[0][:1500], features[1][:1500]
    monkeypatch.setattr(svm, "FEW", 100)
    here = MatrixSVC().fit(X, y)
    monkeypatch.setenv("PIPELINE_THREADS", str(processors))
    assert MatrixSVC().fit(X, y).dual_coef_.tobytes() == here.dual_coef_.tobytes()


@pytest.mark.parametrize("exponent", [0, 1, 2, 5, 9])
def test_a_power_is_a_power(exponent: int) -> None:
    base = np.array([[-1.5, 0.0, 2.0]])
    np.testing.assert_allclose(power(base, exponent), base**exponent)


def test_it_must_be_fitted_first() -> None:
    with pytest.raises(NotFittedError):
        MatrixSVC(gamma=1.0).predict(np.zeros((1, 2)))
