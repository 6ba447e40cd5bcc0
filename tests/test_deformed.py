"""Deformed copies depend on seed and number alone, keep what bounds of 0 leave, and read as their label."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import BSpline

from pipeline.deformed import images
from pipeline.deformed.images import BOUNDS, Bounds, deform, draw
from pipeline.rows import idx

NONE = Bounds(0, 0, 0, 0, 0, 0)
SHAPE = 28, 28
Images = NDArray[np.uint8]


@pytest.fixture(scope="module")
def digits(mnist: Path) -> Images:
    """The first 1,000 digits of train."""
    return np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:1000])


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**31 - 50), st.integers(0, 30), st.integers(1, 20))
@settings(max_examples=50, deadline=None)
def test_the_numbers_of_an_image_are_the_same_in_any_range(seed: int, first: int, before: int, n: int) -> None:
    whole = draw(seed, range(first, first + before + n), SHAPE)
    np.testing.assert_array_equal(draw(seed, range(first + before, first + before + n), SHAPE), whole[before:])


def test_another_seed_and_another_image_have_other_numbers() -> None:
    words = np.concatenate([draw(seed, range(1000), SHAPE) for seed in (0, 1)])
    assert len(np.unique(words)) == words.size


def test_the_numbers_are_those_that_numpy_draws_and_stay_so() -> None:
    blocks = draw(7, range(3), (2, 2)).shape[1] // 4
    expected = np.random.Philox(key=7).random_raw(3 * blocks * 4).reshape(3, -1)
    np.testing.assert_array_equal(draw(7, range(3), (2, 2)), expected)
    assert hex(int(draw(0, range(1), SHAPE)[0, 0])) == "0x2f4ba6408e4d89b"


def test_without_bounds_images_stay_as_they_are(digits: Images) -> None:
    np.testing.assert_array_equal(deform(digits, draw(0, range(1000), SHAPE), NONE), digits)


def test_each_bound_alone_changes_images(digits: Images) -> None:
    words = draw(0, range(100), SHAPE)
    for name in Bounds._fields:
        alone = NONE._replace(**{name: getattr(BOUNDS, name)})
        assert (deform(digits[:100], words, alone) != digits[:100]).any(axis=(1, 2)).mean() > 0.95, name


def test_turn_slant_scale_and_shift_are_those_of_an_affine_map(digits: Images) -> None:
    words = draw(0, range(20), SHAPE)
    draws = (words[:, :8] >> np.uint64(11)) * 2.0**-52 - 1
    bright = 255 - digits[:20]  # so that the edges show
    copies = deform(bright, words, NONE._replace(turn=0.3, slant=0.4, scale=0.2, shift=3.0))
    for image, copy, own in zip(bright, copies, draws, strict=False):
        angle = 2 * np.arctan(own[0] * 0.3)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        matrix = np.diag(1 + own[2:4] * 0.2) @ turn @ [[1, 0], [own[1] * 0.4, 1]]
        offset = 13.5 + own[4:6] * 3 - matrix @ [13.5, 13.5]
        expected = ndimage.affine_transform(image.astype(float), matrix, offset, order=1, mode="grid-constant")
        assert np.abs(expected - copy).max() <= 3  # places are rounded to parts of a pixel


def test_images_are_read_bilinearly_and_rounded() -> None:
    random = np.random.default_rng(0)
    bright = random.integers(0, 256, (20, 9, 7), np.uint8)
    rows, columns = (random.integers(-3 * 256, 12 * 256, (20, 9, 7), np.int32) for _ in range(2))
    found = images._read(bright, rows, columns)
    for image, copy, down, right in zip(bright, found, rows, columns, strict=True):
        at = [down / 256, right / 256]
        expected = ndimage.map_coordinates(image.astype(float), at, order=1, mode="grid-constant")
        assert np.abs(expected - copy).max() <= 0.5 + 1e-9


def test_a_spline_is_the_cubic_one_of_scipy() -> None:
    places = np.arange(30) / images.KNOTS
    basis = [BSpline.basis_element(np.arange(k - 3, k + 2), extrapolate=False)(places) for k in range(8)]
    expected = np.nan_to_num(basis) * images.WHOLE
    np.testing.assert_allclose(images._spline(30)[: len(expected)], expected, atol=0.5)


def test_strokes_become_thicker_and_thinner_by_the_share(digits: Images) -> None:
    cross = ndimage.generate_binary_structure(2, 1)[None]
    thick, thin = (change(digits, footprint=cross) for change in (ndimage.grey_dilation, ndimage.grey_erosion))
    whole = 1 << images.STEPS
    for share, expected in (
        (whole, thick),
        (-whole, thin),
        (whole // 2, digits + (thick - digits.astype(float)) / 2),
    ):
        changed = images._stroked(digits, np.full(1000, share, np.int16))[:, 1:-1, 1:-1]
        assert np.abs(changed - expected[:, 1:-1, 1:-1].astype(float)).max() <= 0.5


def test_an_elastic_field_has_the_spread_and_the_smoothness_that_are_documented() -> None:
    fields = images._fields(draw(3, range(4000), (64, 64))[:, images.DRAWS :], (64, 64))
    middle = fields / images.UNIT
    assert middle.std() == pytest.approx(1, abs=0.02)
    assert abs(middle.mean()) < 0.1
    side = np.corrcoef(middle[..., :-4].ravel(), middle[..., 4:].ravel())[0, 1]
    assert side == pytest.approx(np.exp(-(4**2) / (4 * 4**2)), abs=0.03), (
        "as noise smoothed by a Gaussian of 4 pixels"
    )
    assert np.abs(fields).max() < 2**24, "float32 rounds no whole number below"


@pytest.mark.parametrize("shape", [(20, 30), (8, 8), (3, 1), (1, 1)])
def test_images_of_any_shape_are_deformed_and_their_channels_alike(shape: tuple[int, int]) -> None:
    grey = np.random.default_rng(0).integers(0, 256, (30, *shape), np.uint8)
    words = draw(0, range(30), shape)
    copies = deform(grey, words)
    assert copies.shape == grey.shape
    coloured = deform(np.stack([grey, 255 - grey, grey], axis=3), words)
    np.testing.assert_array_equal(coloured[..., 0], copies)
    np.testing.assert_array_equal(coloured[..., 2], copies)


def test_chunks_do_not_show(digits: Images) -> None:
    words = draw(0, range(1000), SHAPE)
    whole = deform(digits, words)
    np.testing.assert_array_equal(deform(digits[317:450], words[317:450]), whole[317:450])


@pytest.mark.parametrize(
    "variables",
    [
        {"OPENBLAS_CORETYPE": "Prescott"},
        {"OPENBLAS_CORETYPE": "Haswell"},
        {"NPY_DISABLE_CPU_FEATURES": "X86_V3"},
    ],
    ids=str,
)
def test_another_processor_gives_the_same_bytes(variables: dict[str, str]) -> None:
    code = (
        "import hashlib, numpy as np; from pipeline.deformed.images import deform, draw\n"
        "images = np.random.default_rng(0).integers(0, 256, (2000, 28, 28), np.uint8)\n"
        "print(hashlib.sha256(deform(images, draw(0, range(2000), (28, 28))).tobytes()).hexdigest())"
    )
    images = np.random.default_rng(0).integers(0, 256, (2000, *SHAPE), np.uint8)
    here = hashlib.sha256(deform(images, draw(0, range(2000), SHAPE)).tobytes()).hexdigest()
    command = [sys.executable, "-W", "error::ImportWarning", "-c", code]  # the warning of NumPy: no such feature
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | variables, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == here
