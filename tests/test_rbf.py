"""GaussianUnits are Gaussians around the centres that k-means finds in each class."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans

from pipeline.estimators.rbf import GaussianUnits
from pipeline.rows import idx


@pytest.fixture(scope="module")
def digits(mnist: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The first 1,200 digits of train, uint8[1200, 784], and their labels."""
    images = np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:1200])
    return images.reshape(-1, 784), np.asarray(idx.read(mnist / "train-labels-idx1-ubyte")[:1200])


def test_units_are_gaussians_of_the_distance_from_the_centres(digits: tuple[NDArray[np.uint8], ...]) -> None:
    X, y = digits
    units = GaussianUnits(50, width=0.4).fit(X, y)
    apart = cdist(X.astype(float), units.centres_, "sqeuclidean")
    variance = np.square(X - X.mean(axis=0)).sum() / len(X)
    np.testing.assert_allclose(units.transform(X), np.exp(-apart / (2 * 0.4 * variance)), atol=1e-5)


def test_each_class_has_the_centres_of_its_own_k_means(digits: tuple[NDArray[np.uint8], ...]) -> None:
    X, y = digits
    units = GaussianUnits(50).fit(X, y)
    assert units.centres_.shape == (50, 784)
    sevens = KMeans(5, n_init=1, max_iter=20, tol=0, random_state=0).fit(X[y == 7].astype(np.float32))
    np.testing.assert_allclose(units.centres_[35:40], sevens.cluster_centers_, atol=0.01)


def test_the_seed_alone_decides(digits: tuple[NDArray[np.uint8], ...]) -> None:
    X, y = digits
    first, again, other = (GaussianUnits(50, random_state=seed).fit(X, y).centres_ for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_class_of_few_rows_has_a_centre_for_each_and_no_labels_are_one_class() -> None:
    X = np.array([[0.0], [1.0], [50.0]])
    assert sorted(GaussianUnits(4).fit(X, np.array([0, 0, 1])).centres_.ravel()) == [0, 1, 50]
    assert GaussianUnits(2).fit(X).centres_.shape == (2, 1)
