"""Distortions read images at the right places, stay within their bounds, and depend only on the generator."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.estimators.distortions import Distortions
from pipeline.features.images import CHUNK
from pipeline.rows import idx

NONE: dict[str, Any] = {"rotation": 0, "scale": 0, "slant": 0, "shift": 0, "alpha": 0}
SHAPE = 28, 28
GRID = np.indices(SHAPE)
FROM_CENTRE = GRID - 13.5


@pytest.fixture(scope="module")
def digits(mnist: Path) -> NDArray[np.uint8]:
    """The first 1,200 digits of train, uint8[1200, 784]."""
    return np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:1200]).reshape(-1, 784)


def places(n: int, **given: float) -> NDArray[np.float32]:
    """The places at which n distortions read, if only the given kinds are on."""
    return Distortions(**NONE | given).places(n, SHAPE, np.random.default_rng(0))


def test_without_distortion_images_stay_as_they_are(digits: NDArray[np.uint8]) -> None:
    np.testing.assert_array_equal(Distortions(**NONE).draw(digits, np.random.default_rng(0)), digits)


def test_images_are_read_as_scipy_reads_them(digits: NDArray[np.uint8]) -> None:
    bright = 255 - digits[:50]
    strong = Distortions(rotation=60, shift=9, share=1)
    where = strong.places(50, SHAPE, np.random.default_rng(7))

    class There(Distortions):
        def places(self, *_: Any) -> NDArray[np.float32]:
            return where

    for image, place, result in zip(
        bright, where, There(share=1).draw(bright, np.random.default_rng(0)), strict=False
    ):
        framed = np.pad(image.reshape(SHAPE).astype(np.float64), 30)
        expected = ndimage.map_coordinates(framed, place + 30, order=1)
        np.testing.assert_allclose(result.reshape(SHAPE), expected, atol=0.01)


def test_a_rotation_keeps_the_distance_from_the_centre_and_its_bound() -> None:
    turned = places(500, rotation=20) - 13.5
    np.testing.assert_allclose(
        (turned**2).sum(axis=1), np.tile((FROM_CENTRE**2).sum(axis=0), (500, 1, 1)), rtol=1e-4
    )
    angles = np.rad2deg(np.angle((turned[:, 1, 0, 0] + 1j * turned[:, 0, 0, 0]) / (-13.5 - 13.5j)))
    assert -20 <= angles.min() < -19
    assert 19 < angles.max() <= 20


@pytest.mark.parametrize("axis", [0, 1])
def test_height_and_width_are_scaled_each_for_itself(axis: int) -> None:
    scales = (places(500, scale=0.2) - 13.5) / FROM_CENTRE
    assert np.ptp(scales[:, axis], axis=(1, 2)).max() < 1e-5
    assert 0.8 <= scales[:, axis].min() < 0.81
    assert 1.19 < scales[:, axis].max() <= 1.2 + 1e-6
    assert abs(np.corrcoef(scales[:, 0, 0, 0], scales[:, 1, 0, 0])[0, 1]) < 0.2


def test_a_slant_moves_columns_by_the_row() -> None:
    moves = places(500, slant=0.3) - GRID
    np.testing.assert_allclose(moves[:, 0], 0, atol=1e-5)
    slants = moves[:, 1] / FROM_CENTRE[0]
    assert np.ptp(slants, axis=(1, 2)).max() < 1e-5
    assert -0.3 - 1e-5 <= slants.min() < -0.29
    assert 0.29 < slants.max() <= 0.3 + 1e-5


def test_a_shift_moves_every_pixel_alike() -> None:
    moves = places(500, shift=2) - GRID
    assert np.ptp(moves, axis=(2, 3)).max() < 1e-5
    assert -2 <= moves.min() < -1.9
    assert 1.9 < moves.max() <= 2


@pytest.mark.parametrize(("alpha", "sigma"), [(34, 4), (20, 3)])
def test_an_elastic_field_is_as_large_and_as_smooth_as_its_gaussian_makes_it(alpha: float, sigma: float) -> None:
    field = (places(3000, alpha=alpha, sigma=sigma) - GRID)[:, :, 14]
    middle = field[:, :, 14]
    assert middle.std() == pytest.approx(alpha / 3**0.5 / (2 * sigma * np.pi**0.5), rel=0.05)
    assert np.corrcoef(middle[:, 0], middle[:, 1])[0, 1] == pytest.approx(0, abs=0.06)
    for steps in (1, 3, 5):
        alike = np.corrcoef(middle.ravel(), field[:, :, 14 + steps].ravel())[0, 1]
        assert alike == pytest.approx(np.exp(-((steps / sigma) ** 2) / 4), abs=0.05)


def test_some_images_in_turn_are_distorted_alike_and_no_others(digits: NDArray[np.uint8]) -> None:
    drawn = Distortions(share=4).draw(digits[[0] * 20], np.random.default_rng(0)).reshape(5, 4, 784)
    np.testing.assert_array_equal(drawn, drawn[:, :1].repeat(4, axis=1))
    assert len(np.unique(drawn[:, 0], axis=0)) == 5
    many = Distortions(share=CHUNK).draw(digits[[0] * 2 * CHUNK], np.random.default_rng(0))
    assert (many[0] != many[-1]).any()


def test_the_generator_alone_decides(digits: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(digits) > 2 * CHUNK
    rng = np.random.default_rng(5)
    first, second = (Distortions().draw(digits, rng) for _ in range(2))
    assert (first != second).any()
    assert (first[:CHUNK] != Distortions().draw(digits[CHUNK : 2 * CHUNK], np.random.default_rng(5))).any()
    for cores in (1, 7):
        monkeypatch.setenv("PIPELINE_THREADS", str(cores))
        np.testing.assert_array_equal(Distortions().draw(digits, np.random.default_rng(5)), first)


def test_an_image_of_any_shape_is_distorted_and_its_channels_alike() -> None:
    wide = np.random.default_rng(1).integers(0, 256, (25, 20, 30), np.uint8)
    colours = np.stack([wide, 255 - wide, wide], axis=3)
    grey = Distortions(share=10, shape=(20, 30)).draw(wide.reshape(25, -1), np.random.default_rng(0))
    drawn = Distortions(share=10, shape=(20, 30, 3)).draw(colours.reshape(25, -1), np.random.default_rng(0))
    channels = drawn.reshape(25, 600, 3)
    np.testing.assert_array_equal(channels[:, :, 0], grey)
    np.testing.assert_array_equal(channels[:, :, 2], grey)
    assert (channels[:, :, 1] != grey).any()
    assert (grey != wide.reshape(25, -1)).any()


def test_no_image_gives_none() -> None:
    assert Distortions().draw(np.zeros((0, 784), np.uint8), np.random.default_rng(0)).shape == (0, 784)
