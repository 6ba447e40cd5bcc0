"""Images are moved where the map says, to the nearest grey level, the same in any chunk."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.exceptions import NotFittedError

from pipeline import idx
from pipeline.estimators.images import CHUNK, Deskewing, Subsampling, moved, shape_of, slants


@pytest.fixture(scope="module")
def digits(mnist: Path) -> NDArray[np.uint8]:
    """The first 1,200 digits of train, uint8[1200, 28, 28]."""
    return np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:1200])


@pytest.mark.parametrize(("pixels", "shape"), [(784, (28, 28)), (256, (16, 16)), (783, (1, 783)), (1, (1, 1))])
def test_an_image_is_a_square_where_it_can_be(pixels: int, shape: tuple[int, int]) -> None:
    assert shape_of(pixels) == shape


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


def test_an_upright_digit_stands_in_the_middle(digits: NDArray[np.uint8]) -> None:
    upright = Deskewing().fit_transform(digits.reshape(-1, 784)).reshape(-1, 28, 28)
    centres, leans = slants(upright)
    before = np.abs(slants(digits)[1]).mean()
    np.testing.assert_allclose(centres, 13.5, atol=0.1)
    assert np.abs(leans).mean() < 0.01 < 0.2 < before


def test_the_chunk_does_not_count(digits: NDArray[np.uint8]) -> None:
    flat = digits.reshape(-1, 784)
    assert len(flat) > 2 * CHUNK
    deskewing = Deskewing().fit(flat)
    np.testing.assert_array_equal(deskewing.transform(flat)[600:700], deskewing.transform(flat[600:700]))


def test_a_blank_image_and_one_of_a_single_row_stay_as_they_are() -> None:
    blank = np.zeros((1, 784), np.uint8)
    np.testing.assert_array_equal(Deskewing().fit_transform(blank), blank)
    line = np.array([[0, 9, 0]], np.uint8)
    np.testing.assert_array_equal(Deskewing().fit_transform(line), line)


def test_it_must_be_fitted_and_keep_to_the_size() -> None:
    with pytest.raises(NotFittedError):
        Deskewing().transform(np.zeros((1, 4), np.uint8))
    with pytest.raises(ValueError, match="expecting 9 features"):
        Deskewing().fit(np.zeros((1, 9), np.uint8)).transform(np.zeros((1, 4), np.uint8))


def test_subsampling_takes_the_mean_of_the_area(digits: NDArray[np.uint8]) -> None:
    smaller = Subsampling(side=16, margin=2).fit_transform(digits.reshape(-1, 784))
    fine = np.kron(digits[:9, 2:-2, 2:-2], np.ones((2, 2)))  # 48 x 48, so that 3 x 3 of them are a new pixel
    expected = fine.reshape(9, 16, 3, 16, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(smaller[:9].reshape(9, 16, 16), expected, atol=0.501)
    assert smaller.shape == (1200, 256)


def test_subsampling_keeps_what_is_small_enough(digits: NDArray[np.uint8]) -> None:
    flat = digits[:5].reshape(-1, 784)
    np.testing.assert_array_equal(Subsampling(side=28, margin=0).fit_transform(flat), flat)
    np.testing.assert_array_equal(Subsampling(side=9, margin=9).fit_transform(flat[:, :3]), flat[:, 1:2])
