"""Gradient histograms as a transformer: of images of any shape, the same bytes in any chunk."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone

from pipeline.estimators.gradients import GradientHistograms
from pipeline.features.gradients import histograms
from pipeline.features.images import grey
from pipeline.rows import idx


@pytest.fixture(scope="module")
def digits(mnist: Path) -> NDArray[np.uint8]:
    """The first 1,200 digits of train, uint8[1200, 784]."""
    return np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:1200]).reshape(1200, 784)


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


def test_they_are_those_of_the_images_of_the_given_shape() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (30, 20, 30, 3), np.uint8)
    found = GradientHistograms(shape=(20, 30, 3)).fit_transform(colours.reshape(30, -1))
    np.testing.assert_array_equal(found, histograms(grey(colours)))
