"""How images of characters lie, without a record that was measured upright."""

from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from hands import HANDS, written
from numpy.typing import NDArray

from pipeline.base import records
from pipeline.gates.evidence.changes import AS_IS, ways
from pipeline.gates.evidence.orientation import UNCLEAR, UNLIKE, Floats, glyph, orientation
from pipeline.gates.evidence.references import ClassSums
from pipeline.rows import idx

DIGITS = "0123456789"
WAYS = ways((28, 28))


@pytest.fixture(scope="module")
def rows(mnist: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    images, labels = (idx.read(mnist / f"t10k-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
    return images, labels.astype(np.int64)


@pytest.fixture(scope="module")
def digits(rows: tuple[NDArray[np.uint8], NDArray[np.int64]]) -> Floats:
    return ClassSums.of(*rows, 10).means


@pytest.mark.parametrize("way", WAYS)
def test_digits_of_mnist_are_told_apart_in_all_eight_ways(digits: Floats, way: str) -> None:
    assert orientation(WAYS[way](digits), DIGITS) == way


@pytest.mark.parametrize("way", ways((30, 20)))
def test_images_that_are_no_square_have_four_ways(way: str) -> None:
    drawn = np.stack([glyph(digit, (30, 20)) for digit in DIGITS])
    assert drawn.shape == (10, 30, 20)
    assert len(ways((30, 20))) == 4
    assert orientation(ways((30, 20))[way](drawn), DIGITS) == way


@pytest.mark.parametrize("shape", [(28, 28), (20, 30), (9, 40)])
def test_a_glyph_is_centred_and_fills_its_box(shape: tuple[int, int]) -> None:
    image = glyph("8", shape)
    total = image.sum()
    middle = [np.arange(size) @ image.sum(axis=1 - axis) / total for axis, size in enumerate(shape)]
    np.testing.assert_allclose(middle, [(size - 1) / 2 for size in shape], atol=0.5)
    assert image.max() <= 255
    lines = (image > 16).any(axis=1).sum()
    assert abs(lines - 20 / 28 * min(shape)) <= 2


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_labels_are_no_verdict_and_half_of_them_are_right_enough(
    rows: tuple[NDArray[np.uint8], NDArray[np.int64]], seed: int
) -> None:
    images, labels = rows
    shuffled = np.random.default_rng(seed).permutation(labels)
    assert orientation(ClassSums.of(images, shuffled, 10).means, DIGITS) == UNLIKE
    half = np.where(np.arange(len(labels)) % 2, labels, shuffled)
    assert orientation(ClassSums.of(images, half, 10).means.swapaxes(1, 2), DIGITS) == "transposed"


def test_images_of_something_else_are_no_verdict(digits: Floats) -> None:
    noise = np.random.default_rng(0).integers(0, 256, digits.shape).astype(np.float64)
    assert orientation(noise, DIGITS) == UNLIKE


def test_a_class_without_rows_tells_nothing(digits: Floats) -> None:
    some = digits.copy()
    some[[1, 8]] = np.nan
    assert orientation(some, DIGITS) == AS_IS
    assert orientation(some.swapaxes(1, 2), DIGITS) == "transposed"


@pytest.mark.parametrize("names", ["0", "い", "いろ"])
def test_names_that_tell_nothing_are_no_verdict(digits: Floats, names: str) -> None:
    assert orientation(digits[: len(names)], names) == UNCLEAR


@pytest.mark.skipif(not HANDS, reason="needs the fonts breip and femkeklaver")
@pytest.mark.parametrize("font", HANDS, ids=lambda path: str(path.stem))
@pytest.mark.parametrize("name", ["emnist-letters", "emnist-balanced", "emnist-byclass"])
def test_letters_of_a_hand_are_told_apart_too(name: str, font: Path) -> None:
    names = records.load(name).class_names
    means = written(names, font)
    assert {way: orientation(WAYS[way](means), names) for way in WAYS} == {way: way for way in WAYS}


def test_the_fonts_are_installed_where_ci_runs() -> None:
    assert "fonts-breip fonts-femkeklaver" in (ROOT / ".ci/run").read_text()
