"""Gradient directions and cells: exact whole numbers, and what the formula says."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import sobel

from pipeline.features.gradients import SCALES, cell_weights, direction_planes, histograms
from pipeline.rows import idx


@pytest.fixture(scope="module")
def digits(mnist: Path) -> NDArray[np.uint8]:
    """The first 1,200 digits of train, uint8[1200, 784]."""
    return np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:1200]).reshape(1200, 784)


def edge(rows: slice, columns: slice) -> NDArray[np.float32]:
    """The direction planes' sums for one bright rectangle."""
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, rows, columns] = 255
    return np.asarray(direction_planes(image)[0].sum(axis=(1, 2)))


def test_an_edge_to_the_right_lies_in_the_first_direction() -> None:
    sums = edge(slice(0, 28), slice(14, 28))
    assert sums.argmax() == 0
    assert sums[0] == 255 * 4 * 2 * 26 + 255 * 3 * 2 * 2 - sums[[1, 7]].sum()


def test_turning_the_image_turns_the_directions() -> None:
    right, below = edge(slice(0, 28), slice(14, 28)), edge(slice(14, 28), slice(0, 28))
    np.testing.assert_array_equal(below, right[[2, 1, 0, 7, 6, 5, 4, 3]])


def test_planes_add_up_to_the_larger_component_of_the_sobel_gradient(digits: NDArray[np.uint8]) -> None:
    images = digits[:20].reshape(-1, 28, 28)
    for image, planes in zip(images.astype(np.int32), direction_planes(images), strict=True):
        gradients = [sobel(image, axis, mode="constant") for axis in (0, 1)]
        np.testing.assert_array_equal(planes.sum(axis=0), np.maximum(*np.abs(gradients)))


def test_cells_are_whole_numbered_symmetric_and_cover_the_image() -> None:
    weights = cell_weights((28, 28), 5, 9, 0).reshape(28, 28, 5, 5)
    np.testing.assert_array_equal(weights, np.rint(weights))
    np.testing.assert_array_equal(weights, weights[::-1, ::-1, ::-1, ::-1])
    assert (weights.sum(axis=(2, 3)) > 0).all()


def test_no_sum_can_leave_the_range_in_which_float32_is_exact() -> None:
    largest = max(cell_weights((28, 28), *scale).sum(axis=0).max() for scale in SCALES)
    assert largest * 4 * 255 < 2**24


def test_cells_of_an_image_that_is_no_square_cover_it_too() -> None:
    weights = cell_weights((20, 30), 5, 9, 0).reshape(20, 30, 5, 5)
    assert (weights.sum(axis=(2, 3)) > 0).all()
    np.testing.assert_array_equal(weights, weights[::-1, ::-1, ::-1, ::-1])
    np.testing.assert_array_equal(
        cell_weights((30, 20), 5, 9, 0).reshape(30, 20, 5, 5), weights.transpose(1, 0, 3, 2)
    )


def test_a_turned_image_has_the_turned_histograms(digits: NDArray[np.uint8]) -> None:
    wide = digits[:20].reshape(-1, 28, 28)[:, 4:24]
    found = histograms(wide).reshape(20, 8, 5, 5)
    turned = histograms(wide[:, ::-1, ::-1]).reshape(20, 8, 5, 5)
    np.testing.assert_array_equal(turned, np.roll(found, 4, axis=1)[:, :, ::-1, ::-1])
