"""Each measure is what its name says: against slow loops, in images with known measures, under noise."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pipeline.gates.evidence import measures
from pipeline.gates.evidence.measures import BRIGHT, INK, SPECK, STEP, measure
from pipeline.rows import idx

Images = NDArray[np.uint8]
SPREAD = [0, 1, INK, INK + 1, SPECK, SPECK + 1, BRIGHT - 1, BRIGHT, 255]  # every limit, and beyond it


@pytest.fixture(scope="module")
def digits(mnist: Path) -> Images:
    """The first 3,000 digits of train."""
    return np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:3000])


def slowly(image: Images) -> dict[str, float]:
    """The measures of one image, pixel by pixel."""
    rows, columns = image.shape
    grey = {(y, x): int(image[y, x]) for y, x in product(range(rows), range(columns))}
    ink = [place for place, value in grey.items() if value > INK]
    bright = sum(value >= BRIGHT for value in grey.values())
    total, mean = sum(grey.values()), sum(grey.values()) / len(grey)
    steps = [abs(grey[y, x + 1] - grey[y, x]) for y, x in grey if x + 1 < columns]
    around = [move for move in product((-1, 0, 1), repeat=2) if move != (0, 0)]
    alone = [
        (y, x)
        for (y, x), value in grey.items()
        if value > SPECK and all(grey.get((y + down, x + right), 0) <= INK for down, right in around)
    ]
    return {
        "pixel_mean": mean,
        "pixel_std": (sum((value - mean) ** 2 for value in grey.values()) / len(grey)) ** 0.5,
        "pixel_max": max(grey.values()),
        "ink": len(ink),
        "bright": bright / len(grey),
        "greys": (len(ink) - bright) / len(ink) if ink else np.nan,
        "sharpness": sum(step for step in steps if step > STEP) / total if ink else np.nan,
        "box": max(1 + max(line) - min(line) for line in zip(*ink, strict=True)) if ink else np.nan,
        "centre_y": sum(y * v for (y, _), v in grey.items()) / total - (rows - 1) / 2 if total else np.nan,
        "centre_x": sum(x * v for (_, x), v in grey.items()) / total - (columns - 1) / 2 if total else np.nan,
        "specks": len(alone),
    }


def check(images: Images) -> None:
    """Compare `measure` with `slowly`."""
    expected = [slowly(image) for image in images]
    found = measure(images)
    assert list(found) == list(expected[0])
    for name, values in found.items():
        assert values.dtype == np.float64
        np.testing.assert_allclose(values, [image[name] for image in expected], 1e-12, 1e-9, err_msg=name)


@pytest.mark.parametrize("shape", [(28, 28), (7, 5), (1, 9), (9, 1)])
@pytest.mark.parametrize("share", [0.02, 0.3, 1.0])
def test_measures_are_those_of_a_slow_loop_on_random_images(shape: tuple[int, int], share: float) -> None:
    random = np.random.default_rng(0)
    images = random.choice(SPREAD, (30, *shape)) * (random.random((30, *shape)) < share)
    check(images.astype(np.uint8))


def test_measures_are_those_of_a_slow_loop_on_digits(digits: Images) -> None:
    check(digits[::60])


def test_a_blank_image_has_neither_centre_nor_box() -> None:
    found = measure(np.zeros((1, 28, 28), np.uint8))
    absent = {"greys", "sharpness", "box", "centre_y", "centre_x"}
    assert {name for name, values in found.items() if np.isnan(values[0])} == absent
    assert {float(found[name][0]) for name in found.keys() - absent} == {0}


def test_a_constant_image_below_ink_has_a_centre_but_no_ink() -> None:
    found = measure(np.full((1, 28, 28), INK, np.uint8))
    assert {name for name, values in found.items() if np.isnan(values[0])} == {"greys", "sharpness", "box"}
    assert (found["centre_y"][0], found["centre_x"][0], found["ink"][0]) == (0, 0, 0)
    assert (found["pixel_mean"][0], found["pixel_std"][0]) == (INK, 0)


def test_a_full_image_fills_its_box_and_is_neither_grey_nor_sharp() -> None:
    found = measure(np.full((1, 28, 28), 255, np.uint8))
    expected = {"pixel_mean": 255, "pixel_std": 0, "ink": 784, "bright": 1, "greys": 0, "sharpness": 0, "box": 28}
    assert {name: float(found[name][0]) for name in expected} == expected


def test_a_dot_is_where_its_centre_is_and_a_speck() -> None:
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 3, 20] = 200
    found = measure(image)
    expected = {"centre_y": -10.5, "centre_x": 6.5, "box": 1, "specks": 1, "ink": 1, "greys": 1, "sharpness": 2}
    assert {name: float(found[name][0]) for name in expected} == expected


@pytest.mark.parametrize("dot", [(0, 0), (0, 27), (27, 0), (27, 27), (14, 14)])
def test_ink_in_the_eight_places_around_a_dot_makes_it_no_speck(dot: tuple[int, int]) -> None:
    places = list(product(range(28), repeat=2))
    images = np.zeros((len(places), 28, 28), np.uint8)
    for image, place in zip(images, places, strict=True):
        image[place] = INK + 1
        image[dot] = 255
    around = [max(abs(y - dot[0]), abs(x - dot[1])) == 1 for y, x in places]
    np.testing.assert_array_equal(measure(images)["specks"] == 0, around)


def test_chunks_do_not_show(digits: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = measure(digits[:100])
    for size in (1, 33, 100):
        monkeypatch.setattr(measures, "CHUNK", size)
        for name, values in measure(digits[:100]).items():
            np.testing.assert_array_equal(values, whole[name])


def test_no_image_has_no_measures() -> None:
    found = measure(np.zeros((0, 28, 28), np.uint8))
    assert {values.shape for values in found.values()} == {(0,)}
    assert list(found) == list(measure(np.zeros((1, 28, 28), np.uint8)))


@pytest.mark.parametrize("levels", [1, 3])
def test_noise_on_the_ground_leaves_ink_box_and_specks(digits: Images, levels: int) -> None:
    noise = np.random.default_rng(0).integers(-levels, levels + 1, digits.shape)
    noisy = np.clip(digits + np.where(digits > 0, 0, noise), 0, 255).astype(np.uint8)
    before, after = measure(digits), measure(noisy)
    assert (after["pixel_mean"] > before["pixel_mean"]).all()
    for name in ("ink", "box", "specks", "bright", "greys"):
        np.testing.assert_array_equal(after[name], before[name])


@pytest.mark.parametrize(("levels", "ink"), [(1, 4), (3, 10)])
def test_noise_on_all_pixels_moves_ink_by_those_at_its_limit(digits: Images, levels: int, ink: int) -> None:
    noise = np.random.default_rng(0).integers(-levels, levels + 1, digits.shape)
    before, after = measure(digits), measure(np.clip(digits + noise, 0, 255).astype(np.uint8))
    assert np.abs(after["ink"] - before["ink"]).max() <= ink
    for name in ("box", "specks"):
        assert np.mean(after[name] != before[name]) < 0.005


Change = Callable[[Images], Images]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda images: images.astype(int) // 2, "bright"),
        (lambda images: np.where(images > 127, 255, 0), "greys"),
        (lambda images: gaussian_filter(images, (0, 1, 1)), "sharpness"),
        (lambda images: np.roll(images, 3, 1), "centre_y"),
        (lambda images: np.roll(images, 3, 2), "centre_x"),
    ],
)
def test_what_a_measure_is_for_moves_its_mean_by_a_tenth(digits: Images, change: Change, name: str) -> None:
    before, after = (np.nanmean(measure(images.astype(np.uint8))[name]) for images in (digits, change(digits)))
    assert abs(after - before) > 0.1 * abs(before)
