"""Pictures and plot data."""

import io

import numpy as np
from conftest import tiny_arrays
from PIL import Image

from pipeline.plots import COLUMNS, LINE, MARGIN, MOST, ZOOM, as_csv, misclassified

NAMES = {0: "left", 1: "middle", 2: "right"}


def test_csv_has_a_header_and_unix_line_ends() -> None:
    assert as_csv([{"id": 0, "actual": 7}, {"id": 1, "actual": 2}], ["id", "actual"]) == b"id,actual\n0,7\n1,2\n"


def test_the_picture_shows_each_wrong_digit_in_its_place() -> None:
    images, labels = tiny_arrays(60, 0)
    predicted = labels.copy()
    predicted[[5, 34]] = 0
    assert (labels[[5, 34]] != 0).all()
    sheet = np.asarray(Image.open(io.BytesIO(misclassified(images, labels, predicted, NAMES))))
    width = 28 * ZOOM + 2 * MARGIN
    for place, row in enumerate([5, 34]):
        left = place * width + MARGIN
        shown = sheet[2 * LINE : 2 * LINE + 28 * ZOOM : ZOOM, left : left + 28 * ZOOM : ZOOM]
        np.testing.assert_array_equal(shown, 255 - images[row])


def test_the_picture_is_the_same_bytes_every_time() -> None:
    images, labels = tiny_arrays(60, 0)
    assert misclassified(images, labels, labels[::-1], NAMES) == misclassified(images, labels, labels[::-1], NAMES)


def test_many_errors_make_a_picture_of_bounded_size() -> None:
    images, labels = tiny_arrays(600, 0)
    sheet = Image.open(io.BytesIO(misclassified(images, labels, (labels + 1) % 3, NAMES)))
    lines = MOST // COLUMNS
    assert sheet.height == lines * (28 * ZOOM + 2 * MARGIN + 2 * LINE) + 2 * LINE


def test_no_errors_make_a_picture_that_says_so() -> None:
    images, labels = tiny_arrays(60, 0)
    assert Image.open(io.BytesIO(misclassified(images, labels, labels, NAMES))).width > 0
