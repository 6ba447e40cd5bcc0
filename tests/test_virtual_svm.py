"""VirtualSVC learns only from its support vectors and their moved copies."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import skops.io
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.svm import SVC

from pipeline.estimators.virtual_svm import FOUR_SHIFTS, VirtualSVC, affine, shifts
from pipeline.features.images import moved
from pipeline.rows import idx

Digits = tuple[NDArray[np.uint8], NDArray[np.uint8]]


@pytest.fixture(scope="module")
def digits(mnist: Path) -> Digits:
    """The first 1,000 digits of train, uint8[1000, 784], and their labels."""
    images, labels = (
        np.asarray(idx.read(mnist / f"train-{name}-ubyte")[:1000]) for name in ("images-idx3", "labels-idx1")
    )
    return images.reshape(-1, 784), labels


def step(down: float, right: float, degrees: float, shear: float) -> NDArray[np.uint8]:
    """The column of dots, three above each other in the middle of 5 x 5, after a move."""
    image = np.zeros((1, 5, 5), np.uint8)
    image[0, 1:4, 2] = 100, 150, 200
    return np.asarray(moved(image, affine((down, right, degrees, shear)))[0])


def test_moves_go_where_their_names_say() -> None:
    assert step(1, 0, 0, 0)[:, 2].tolist() == [0, 0, 100, 150, 200]
    assert step(0, -1, 0, 0)[1:4, 1].tolist() == [100, 150, 200]
    assert step(0, 0, 90, 0)[2].tolist() == [0, 200, 150, 100, 0], "clockwise: what was below is now on the left"
    leaning = step(0, 0, 0, 1)
    assert [leaning[1, 3], leaning[2, 2], leaning[3, 1]] == [100, 150, 200], "what is above goes right"


def test_shifts_are_all_those_within_reach() -> None:
    assert len(shifts(1)) == len(set(shifts(1))) == 8
    assert len(shifts(2)) == 24
    assert set(FOUR_SHIFTS) < set(shifts(1)) < set(shifts(2))


def test_it_is_fitted_on_support_vectors_and_their_moved_copies(digits: Digits) -> None:
    X, y, others = digits[0][:300], digits[1][:300], digits[0][300:]
    svc, features = SVC(C=3, gamma=5e-7), PCA(20, random_state=0)
    ours = VirtualSVC(features, svc, [(0, 1, 0, 0), (0, 0, 10, 0)]).fit(X, y)

    axes = PCA(20, random_state=0).fit(X)
    support = SVC(C=3, gamma=5e-7).fit(axes.transform(X).astype(float), y).support_
    right = np.roll(X[support].reshape(-1, 28, 28), 1, axis=2)
    turned = moved(X[support].reshape(-1, 28, 28), affine((0, 0, 10, 0)))
    virtual = np.concatenate([X[support], right.reshape(-1, 784), turned.reshape(-1, 784)])
    expected = SVC(C=3, gamma=5e-7, decision_function_shape="ovo")
    expected.fit(axes.transform(virtual).astype(float), np.tile(y[support], 3))
    np.testing.assert_allclose(ours.decision_function(others), worst_pairs(expected, axes.transform(others)))
    assert not hasattr(features, "components_"), "what it is given it leaves alone"
    assert svc.decision_function_shape == "ovr"


def worst_pairs(machine: SVC, X: NDArray[np.float64]) -> NDArray[np.float64]:
    """The smallest lead of each class over another class: float64[n, classes]."""
    pairs = list(combinations(range(10), 2))
    decisions = machine.decision_function(X.astype(float))
    return np.stack(
        [
            np.min(
                [
                    d if label == one else -d
                    for (one, other), d in zip(pairs, decisions.T, strict=True)
                    if label in (one, other)
                ],
                axis=0,
            )
            for label in range(10)
        ],
        axis=1,
    )


def test_the_class_whose_worst_pair_is_best_is_nearly_always_the_one_with_most_votes(digits: Digits) -> None:
    X, y, others = digits[0][:300], digits[1][:300], digits[0][300:]
    ours = VirtualSVC(machine=SVC(C=3, gamma=1e-7), moves=()).fit(X, y)
    assert 0.97 < (ours.predict(others) == SVC(C=3, gamma=1e-7).fit(X, y).predict(others)).mean() < 1


@pytest.mark.parametrize("classes", [2, 10])
def test_what_the_first_machine_is_sure_of_the_second_is_not_asked(digits: Digits, classes: int) -> None:
    own, others = np.flatnonzero(digits[1][:300] < classes), digits[0][300:][digits[1][300:] < classes]
    X, y = digits[0][own], digits[1][own]
    first, both, second = (
        VirtualSVC(PCA(20, random_state=0), SVC(gamma=3e-7), moves, sure).fit(X, y).decision_function(others)
        for moves, sure in [((), None), (FOUR_SHIFTS, 0.5), (FOUR_SHIFTS, None)]
    )
    sure = np.abs(first) >= 0.5 if classes == 2 else first.max(axis=1) >= 0.5
    assert 0.1 < sure.mean() < 1
    np.testing.assert_allclose(both[sure], first[sure], atol=0.01)
    np.testing.assert_allclose(both[~sure], second[~sure])


def test_it_knows_moved_digits_better_than_the_machine_alone(digits: Digits) -> None:
    X, y = digits[0][:300], digits[1][:300]
    others = moved(digits[0][300:].reshape(-1, 28, 28), affine((0, 1, 0, 0))).reshape(-1, 784)
    alone, taught = (fitted.fit(X, y) for fitted in (SVC(), VirtualSVC(machine=SVC())))
    wrong, still = ((fitted.predict(others) != digits[1][300:]).mean() for fitted in (alone, taught))
    assert still < 0.8 * wrong


def test_it_is_saved_without_pickle(digits: Digits) -> None:
    X, y = digits[0][:300], digits[1][:300]
    fitted = VirtualSVC(PCA(5), SVC()).fit(X, y)
    again = skops.io.loads(skops.io.dumps(fitted), trusted=["pipeline.estimators.virtual_svm.VirtualSVC"])
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))
