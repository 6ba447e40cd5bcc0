"""NearestNeighbours finds the rows that a full search finds, and votes like scikit-learn's classifier."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.datasets import make_blobs
from sklearn.neighbors import KNeighborsClassifier

from pipeline.estimators import nearest
from pipeline.estimators.nearest import NearestNeighbours
from pipeline.rows import idx

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def digits(mnist: Path) -> tuple[Pixels, Pixels]:
    """The first 20,000 digits of train, uint8[20000, 784], and their labels."""
    images = np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:20000])
    return images.reshape(-1, 784), np.asarray(idx.read(mnist / "train-labels-idx1-ubyte")[:20000])


def searched(rows: Pixels, X: Pixels, k: int, p: int) -> NDArray[np.intp]:
    """The k rows nearest to each of X by scipy's distances, rounded to the whole numbers that they are."""
    apart = cdist(X.astype(float), rows.astype(float), "minkowski", p=p) ** p
    assert (np.abs(apart - np.rint(apart)) < 0.4).all()
    return np.argsort(np.rint(apart), axis=1, kind="stable")[:, :k]


@pytest.mark.parametrize("p", [2, 3])
def test_neighbours_are_those_of_all_distances(digits: tuple[Pixels, Pixels], p: int) -> None:
    X, y = digits[0][:1600], digits[1][:1600]
    found = NearestNeighbours(7, p=p).fit(X[:1500], y[:1500]).neighbours(X[1500:])
    np.testing.assert_array_equal(found, searched(X[:1500], X[1500:], 7, p))


@pytest.mark.slow
def test_neighbours_of_many_rows_are_those_of_all_distances(digits: tuple[Pixels, Pixels]) -> None:
    X, y = digits
    found = NearestNeighbours(5, p=3).fit(X[:15000], y[:15000]).neighbours(X[-40:])
    np.testing.assert_array_equal(found, searched(X[:15000], X[-40:], 5, 3))
    theirs = KNeighborsClassifier(3, algorithm="brute").fit(X[:15000].astype(float), y[:15000])
    ours = NearestNeighbours(3).fit(X[:15000], y[:15000])
    np.testing.assert_array_equal(ours.predict(X[15000:]), theirs.predict(X[15000:].astype(float)))


def test_a_candidate_that_rounding_hides_is_found() -> None:
    bright = np.random.default_rng(0).integers(250, 256, (2050, 784), dtype=np.uint8)
    labels = np.arange(2000) % 10
    found = NearestNeighbours(3).fit(bright[:2000], labels).neighbours(bright[2000:])
    np.testing.assert_array_equal(found, searched(bright[:2000], bright[2000:], 3, 2))


@pytest.mark.parametrize("p", [2, 3])
def test_of_rows_as_far_the_lower_is_nearer(p: int) -> None:
    rows = np.tile(np.array([[9, 0], [0, 9], [200, 200]], np.uint8), (4, 1))
    knn = NearestNeighbours(3, p=p).fit(rows, np.arange(12))
    np.testing.assert_array_equal(knn.neighbours(np.array([[0, 0], [201, 200]], np.uint8)), [[0, 1, 3], [2, 5, 8]])


@pytest.mark.parametrize("p", [2, 3])
def test_votes_are_those_of_scikit_learn(p: int) -> None:
    X, y = make_blobs(1500, n_features=6, centers=5, cluster_std=6, random_state=0)
    expected = KNeighborsClassifier(4, p=p).fit(X[:1000], y[:1000] + 7).predict(X[1000:])
    assert (expected != y[1000:] + 7).any(), "a task without errors proves little"
    ours = NearestNeighbours(4, p=p).fit(X[:1000], y[:1000] + 7)
    np.testing.assert_array_equal(ours.predict(X[1000:]), expected)


def test_the_even_polynomial_is_multiplied_out_right() -> None:
    x, y = np.random.default_rng(0).random((2, 5, 4))
    two, four = nearest.EVEN
    t = x[:, None] - y
    alone = (two * x**2 + four * x**4).sum(axis=1, keepdims=True)
    product = np.concatenate([x, x**2, x**3, np.ones((5, 1))], axis=1) @ nearest.factors(y, 3).T
    np.testing.assert_allclose(product + alone, (two * t**2 + four * t**4).sum(axis=2))


def test_more_neighbours_than_rows_are_all_rows() -> None:
    knn = NearestNeighbours(9).fit(np.array([[1], [5], [2]], np.uint8), np.array([0, 1, 0]))
    np.testing.assert_array_equal(knn.neighbours(np.array([[3]], np.uint8)), [[2, 0, 1]])


@pytest.mark.parametrize("wrong", [{"p": 1}, {"n_neighbors": 0}])
def test_what_it_cannot_do_it_says(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="takes p 2 or 3 and k 1 or more"):
        NearestNeighbours(**wrong).fit(np.eye(3), np.arange(3))
