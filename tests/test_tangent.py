"""Tangent distance is the smallest distance of two planes; a small turn or move hardly changes it."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.neighbors import KNeighborsClassifier

from pipeline.estimators.images import Subsampling
from pipeline.estimators.tangent import TangentNeighbours, orthonormal, tangent_distances, tangents
from pipeline.rows import idx

Floats = NDArray[np.float32]


@pytest.fixture(scope="module")
def digits(mnist: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The first 2,500 digits of train, uint8[2500, 256], and their labels."""
    images = np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:2500]).reshape(-1, 784)
    return Subsampling(16).fit_transform(images), np.asarray(idx.read(mnist / "train-labels-idx1-ubyte")[:2500])


@pytest.fixture(scope="module")
def smooth(digits: tuple[NDArray[np.uint8], ...]) -> Floats:
    """Twenty of the digits with an empty edge, smoothed: float32[20, 24, 24]."""
    images = np.pad(digits[0][:20].reshape(-1, 16, 16).astype(np.float32), ((0, 0), (4, 4), (4, 4)))
    return np.asarray(ndimage.gaussian_filter(images, 1, axes=(1, 2)))


def test_the_distance_is_the_least_over_both_planes(smooth: Floats) -> None:
    planes = orthonormal(tangents(smooth))
    flat = smooth.reshape(20, 576)
    found = tangent_distances(flat[0], planes[0], flat[1:], planes[1:], 0.01)
    for row, plane, distance in zip(flat[1:], planes[1:], found, strict=True):
        both = np.vstack([np.concatenate([planes[0], plane]).T, 0.1 * np.eye(14)])
        apart = np.append(row - flat[0], np.zeros(14))
        left = apart - both @ np.linalg.lstsq(both, apart)[0]
        np.testing.assert_allclose(distance, left @ left, rtol=1e-3)


@pytest.mark.parametrize(
    ("change", "step"),
    [
        (0, [[0, 0, 0], [0, 0, 1]]),
        (1, [[0, 0, 1], [0, 0, 0]]),
        (2, [[1, 0, 0], [0, 1, 0]]),
        (3, [[0, -1, 0], [1, 0, 0]]),
        (4, [[-1, 0, 0], [0, 1, 0]]),
        (5, [[0, 1, 0], [1, 0, 0]]),
    ],
)
def test_tangents_are_what_small_changes_do(smooth: Floats, change: int, step: list[list[int]]) -> None:
    small = 0.01 * np.array(step)
    matrix, shift = np.eye(2) + small[:, :2], small[:, 2]
    offset = 11.5 + shift - matrix @ [11.5, 11.5]
    for image, tangent in zip(smooth, tangents(smooth)[:, change], strict=True):
        done = (ndimage.affine_transform(image, matrix, offset, order=3) - image).ravel() / 0.01
        assert np.corrcoef(done, tangent)[0, 1] > 0.97
        assert 0.9 < np.linalg.norm(done) / np.linalg.norm(tangent) < 1.3


def test_bases_are_orthonormal_and_span_the_vectors(smooth: Floats) -> None:
    vectors = tangents(smooth)
    bases = orthonormal(vectors)
    np.testing.assert_allclose(bases @ bases.transpose(0, 2, 1), np.tile(np.eye(7), (20, 1, 1)), atol=1e-3)
    projected = vectors @ bases.transpose(0, 2, 1) @ bases
    assert (np.linalg.norm(projected - vectors, axis=2) < 1e-2 * np.linalg.norm(vectors, axis=2)).all()
    missing = orthonormal(np.zeros((1, 7, 9), np.float32))
    assert not missing.any()


def test_it_errs_far_less_than_euclidean_distance(digits: tuple[NDArray[np.uint8], ...]) -> None:
    (X, y), few = digits, slice(2000, 2500)
    euclidean = KNeighborsClassifier(1).fit(X[:2000].astype(float), y[:2000]).predict(X[few])
    ours = TangentNeighbours(1).fit(X[:2000], y[:2000])
    assert (ours.predict(X[few]) != y[few]).sum() < 0.7 * (euclidean != y[few]).sum()
    np.testing.assert_array_equal(ours.predict(X[2100:2103]), ours.predict(X[few])[100:103])
