"""ReducedSetSVC decides nearly like the whole machine, but with few vectors."""

from pathlib import Path

import numpy as np
import pytest
import skops.io
from numpy.typing import NDArray

from pipeline.estimators.reduced_svm import ReducedSetSVC
from pipeline.estimators.rotation import UnitRotation
from pipeline.estimators.svm import MatrixSVC
from pipeline.rows import idx

Digits = tuple[NDArray[np.float64], NDArray[np.uint8]]


@pytest.fixture(scope="module")
def digits(mnist: Path) -> Digits:
    """The first 2,500 digits of train, float64[2500, 30], and their labels."""
    images = np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:2500]).reshape(-1, 784)
    return UnitRotation(30).fit_transform(images), np.asarray(idx.read(mnist / "train-labels-idx1-ubyte")[:2500])


def reduced(vectors: int) -> ReducedSetSVC:
    return ReducedSetSVC(vectors, C=5, kernel="poly", degree=5, gamma=1.0)


def test_with_all_its_vectors_it_is_the_whole_machine(digits: Digits) -> None:
    X, y = digits[0][:1500], digits[1][:1500]
    whole = MatrixSVC(C=5, kernel="poly", degree=5, gamma=1.0).fit(X, y)
    same = reduced(1500).fit(X, y)
    np.testing.assert_allclose(same.decision_function(digits[0]), whole.decision_function(digits[0]), atol=1e-2)
    np.testing.assert_array_equal(same.support_, whole.support_)


def test_weights_bring_it_nearest_in_the_kernel_s_space(digits: Digits) -> None:
    X, y = digits[0][:800], digits[1][:800] % 2
    whole, few = MatrixSVC(C=5, kernel="poly", degree=5, gamma=1.0).fit(X, y), reduced(20).fit(X, y)
    a, b, weights = whole.support_vectors_, few.support_vectors_, few.dual_coef_

    def distance(other: NDArray[np.float64]) -> float:
        """The squared distance in feature space, without the squared length of the whole machine."""
        return float((other @ (b @ b.T) ** 5 @ other.T - 2 * other @ (b @ a.T) ** 5 @ -whole.dual_coef_.T)[0, 0])

    nudges = np.random.default_rng(0).normal(0, 0.05, (20, *weights.shape))
    assert all(distance(weights) < distance(weights + nudge) for nudge in nudges)


def test_a_few_vectors_do_most_of_it(digits: Digits) -> None:
    X, y = digits[0][:1500], digits[1][:1500]
    wrong = {n: (reduced(n).fit(X, y).predict(digits[0][1500:]) != digits[1][1500:]).mean() for n in (2, 30, 1500)}
    assert wrong[30] < 1.3 * wrong[1500] < 1.5 * wrong[1500] < wrong[2]
    machine = reduced(30).fit(X, y)
    assert machine.support_vectors_.shape == (300, 30)
    assert machine.n_support_.tolist() == [30] * 10


def test_it_is_saved_without_pickle(digits: Digits) -> None:
    fitted = reduced(10).fit(digits[0][:600], digits[1][:600])
    again = skops.io.loads(skops.io.dumps(fitted), trusted=["pipeline.estimators.reduced_svm.ReducedSetSVC"])
    np.testing.assert_array_equal(again.predict(digits[0]), fitted.predict(digits[0]))


def test_a_kernel_without_products_is_refused() -> None:
    with pytest.raises(ValueError, match="kernel: expected 'linear', 'poly' or 'rbf', found 'sigmoid'"):
        ReducedSetSVC(kernel="sigmoid").fit(np.eye(4), np.arange(4) % 2)
