"""Gradient histograms are exact: the same bytes in any chunk, and what the formula says."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone

from pipeline import idx
from pipeline.estimators.gradients import GradientHistograms, cell_weights, direction_planes


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
    from scipy.ndimage import sobel

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
    largest = max(cell_weights((28, 28), *scale).sum(axis=0).max() for scale in GradientHistograms().scales)
    assert largest * 4 * 255 < 2**24


def test_features_do_not_depend_on_the_chunk(digits: NDArray[np.uint8]) -> None:
    whole = GradientHistograms().fit(digits).transform(digits)
    single = np.concatenate([GradientHistograms().fit(digits).transform(row[None]) for row in digits[:50]])
    np.testing.assert_array_equal(whole[:50], single)


def test_features_share_out_the_image_s_gradient_so_contrast_does_not_count(digits: NDArray[np.uint8]) -> None:
    even = digits[:50] // 2 * 2
    full, half = (GradientHistograms().fit_transform(images) for images in (even, even // 2))
    np.testing.assert_array_equal(full, half)


def test_a_blank_image_has_no_features() -> None:
    assert not GradientHistograms().fit_transform(np.zeros((1, 784), np.uint8)).any()


def test_it_is_cloned_with_its_parameters() -> None:
    assert clone(GradientHistograms(scales=((4, 9, 2),))).scales == ((4, 9, 2),)
