"""VirtualSVC learns from its support vectors and their moved copies, and from nothing else."""

from pathlib import Path

import numpy as np
import pytest
import skops.io
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.svm import SVC

from pipeline import idx
from pipeline.estimators.images import moved
from pipeline.estimators.virtual_svm import FOUR_SHIFTS, VirtualSVC, affine, shifts

Digits = tuple[NDArray[np.uint8], NDArray[np.uint8]]


@pytest.fixture(scope="module")
def digits(mnist: Path) -> Digits:
    """The first 2,000 digits of train, uint8[2000, 784], and their labels."""
    images, labels = (
        np.asarray(idx.read(mnist / f"train-{name}-ubyte")[:2000]) for name in ("images-idx3", "labels-idx1")
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
    X, y = digits[0][:500], digits[1][:500]
    machine, features = SVC(C=3, gamma=5e-7), PCA(20, random_state=0)
    ours = VirtualSVC(features, machine, [(0, 1, 0, 0), (0, 0, 10, 0)]).fit(X, y)

    axes = PCA(20, random_state=0).fit(X)
    support = SVC(C=3, gamma=5e-7).fit(axes.transform(X).astype(float), y).support_
    right = np.roll(X[support].reshape(-1, 28, 28), 1, axis=2)
    turned = moved(X[support].reshape(-1, 28, 28), affine((0, 0, 10, 0)))
    virtual = np.concatenate([X[support], right.reshape(-1, 784), turned.reshape(-1, 784)])
    expected = SVC(C=3, gamma=5e-7).fit(axes.transform(virtual).astype(float), np.concatenate([y[support]] * 3))
    np.testing.assert_array_equal(
        ours.predict(digits[0][1000:]), expected.predict(axes.transform(digits[0][1000:]))
    )
    assert not hasattr(features, "components_"), "what it is given it leaves alone"


def test_without_moves_it_is_the_machine_itself(digits: Digits) -> None:
    X, y = digits[0][:500], digits[1][:500]
    expected = SVC(C=3, gamma=1e-7).fit(X, y).decision_function(digits[0][500:600])
    ours = (
        VirtualSVC(machine=SVC(C=3, gamma=1e-7), moves=()).fit(X, y).machine_.decision_function(digits[0][500:600])
    )
    np.testing.assert_allclose(ours, expected, atol=0.01)


def test_it_knows_moved_digits_better_than_the_machine_alone(digits: Digits) -> None:
    X, y = digits[0][:500], digits[1][:500]
    others = moved(digits[0][500:].reshape(-1, 28, 28), affine((0, 1, 0, 0))).reshape(-1, 784)
    alone, taught = (fitted.fit(X, y) for fitted in (SVC(), VirtualSVC(machine=SVC())))
    wrong, still = ((fitted.predict(others) != digits[1][500:]).mean() for fitted in (alone, taught))
    assert still < 0.8 * wrong


def test_it_is_saved_without_pickle(digits: Digits) -> None:
    X, y = digits[0][:300], digits[1][:300]
    fitted = VirtualSVC(PCA(5), SVC()).fit(X, y)
    again = skops.io.loads(skops.io.dumps(fitted), trusted=["pipeline.estimators.virtual_svm.VirtualSVC"])
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))
