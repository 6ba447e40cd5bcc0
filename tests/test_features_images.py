"""The shape of images is never guessed; images are moved where the map says, to the nearest grey level."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.features import images
from pipeline.features.images import CHUNK, as_images, by_channel, by_chunks, grey, image_shape, moved
from pipeline.rows import idx


@pytest.mark.parametrize("pixels", [784, 256, 1])
def test_without_a_shape_an_image_is_square_and_grey(pixels: int) -> None:
    rows, columns = image_shape(pixels, None)
    assert (rows * columns, rows) == (pixels, columns)


@pytest.mark.parametrize("pixels", [783, 3072, 600, 2])
def test_values_that_make_no_square_need_a_shape(pixels: int) -> None:
    with pytest.raises(ValueError, match=f"^shape: expected the shape of an image of {pixels} values"):
        image_shape(pixels, None)
    with pytest.raises(ValueError, match="found None"):
        as_images(np.zeros((5, pixels), np.uint8), None)


@pytest.mark.parametrize("shape", [(20, 30), (30, 20), (8, 25, 3), [1, 600]])
def test_a_shape_that_fits_is_the_shape(shape: Any) -> None:
    assert image_shape(600, shape) == tuple(shape)


@pytest.mark.parametrize("shape", [(20, 31), (600,), (2, 10, 10, 3), ()])
def test_a_shape_that_does_not_fit_is_an_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"^shape: expected \(rows, columns\) or .* of 600 values, found \("):
        image_shape(600, shape)


def test_channels_are_averaged_and_a_half_is_rounded_up() -> None:
    pixels = np.array([[[[1, 2]], [[255, 255]], [[0, 1]]]], np.uint8)
    assert grey(pixels).tolist() == [[[2], [255], [1]]]
    assert grey(pixels).dtype == np.uint8
    exact = grey(pixels.astype(np.float32))
    assert exact.tolist() == [[[1.5], [255], [0.5]]]
    assert exact.dtype == np.float32
    three = np.random.default_rng(0).integers(0, 256, (50, 8, 8, 3), np.uint8)
    np.testing.assert_array_equal(grey(three), np.rint(three.mean(axis=3)).astype(np.uint8))
    np.testing.assert_array_equal(as_images(three.reshape(50, -1), (8, 8, 3)), grey(three))


def test_grey_images_are_not_copied() -> None:
    flat = np.zeros((4, 600), np.uint8)
    assert np.shares_memory(as_images(flat, (20, 30)), flat)


def test_each_channel_is_changed_by_itself() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (9, 6, 7, 3), np.uint8)
    half_turned = by_channel(colours, lambda plane: plane[:, ::-1, ::-1])
    np.testing.assert_array_equal(half_turned, colours[:, ::-1, ::-1])
    np.testing.assert_array_equal(by_channel(colours[..., 0], np.flip), np.flip(colours[..., 0]))


@pytest.mark.parametrize("n", [0, 1, CHUNK, 2 * CHUNK + 3])
def test_chunks_are_joined_in_order(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_THREADS", "7")
    np.testing.assert_array_equal(by_chunks(n, lambda part: np.arange(n)[part]), np.arange(n))


@pytest.fixture(scope="module")
def digits(mnist: Path) -> NDArray[np.uint8]:
    """The first 1,200 digits of train, uint8[1200, 28, 28]."""
    return np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:1200])


def test_whole_steps_move_pixels_and_bring_black_in(digits: NDArray[np.uint8]) -> None:
    right = moved(digits, np.array([[1.0, 0, 0], [0, 1, -1]]))
    np.testing.assert_array_equal(right[:, :, 1:], digits[:, :, :-1])
    assert not right[:, :, 0].any()


def test_any_map_reads_what_scipy_reads(digits: NDArray[np.uint8]) -> None:
    maps = np.random.default_rng(0).normal([[1, 0, 0], [0, 1, 0]], 0.2, (30, 2, 3))
    for image, result, one in zip(digits, moved(digits[:30], maps), maps, strict=False):
        offset = 13.5 + one[:, 2] - one[:, :2] @ [13.5, 13.5]
        expected = ndimage.affine_transform(
            np.pad(image.astype(float), 3), one[:, :2], offset + 3 - one[:, :2] @ [3, 3], order=1
        )[3:-3, 3:-3]
        np.testing.assert_allclose(result, expected, atol=0.51)


def test_slants_are_the_moments_of_the_ink() -> None:
    picture = np.zeros((1, 6, 9), np.uint8)
    picture[0, [1, 2, 3], [2, 3, 4]] = 100, 100, 100
    centres, leans = images.slants(picture)
    np.testing.assert_allclose(centres, [[2, 3]])
    np.testing.assert_allclose(leans, [1])
    np.testing.assert_array_equal(images.slants(np.zeros((1, 6, 9), np.uint8))[1], [0])
