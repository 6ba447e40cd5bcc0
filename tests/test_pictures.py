"""Pictures of misclassified images: each in its place, the same bytes every time."""

import io
from typing import Any

import numpy as np
import pytest
from conftest import tiny_arrays
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipeline.base.pictures import COLUMNS, LINE, MARGIN, MOST, ZOOM, contact_sheet, misclassified

NAMES = {0: "left", 1: "middle", 2: "right"}


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
    names = {label: str(label) for label in NAMES}
    sheet = Image.open(io.BytesIO(misclassified(images, labels, (labels + 1) % 3, names)))
    lines = MOST // COLUMNS
    assert sheet.height == lines * (28 * ZOOM + 2 * MARGIN + 2 * LINE) + 2 * LINE


def texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that are drawn from now on."""
    drawn: list[str] = []
    draw = ImageDraw.ImageDraw.text

    def noted(self: ImageDraw.ImageDraw, place: tuple[float, float], text: str, *rest: Any, **named: Any) -> None:
        drawn.append(text)
        draw(self, place, text, *rest, **named)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", noted)
    return drawn


def test_no_errors_make_a_picture_of_a_title_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels = tiny_arrays(60, 0)
    drawn = texts(monkeypatch)
    sheet = np.asarray(Image.open(io.BytesIO(misclassified(images, labels, labels, NAMES))))
    assert drawn == ["0 of 60 misclassified: row, given > predicted"]
    assert (sheet[2 * LINE :] == 255).all(), "no image below the title"
    assert (sheet[: 2 * LINE] < 255).any()


def test_the_title_counts_and_each_caption_names_the_row_and_both_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels = tiny_arrays(600, 0)
    drawn = texts(monkeypatch)
    misclassified(images, labels, (labels + 1) % 3, NAMES)
    assert drawn[0] == f"600 of 600 misclassified, the first {MOST}: row, given > predicted"
    assert drawn[1:3] == ["0\nleft > middle", "1\nmiddle > right"]
    assert len(drawn) == 1 + MOST


def ink(sheet: NDArray[np.uint8]) -> int:
    return int((sheet < 255).sum())


@pytest.mark.parametrize(
    "caption", ["1", "9, more like 4", "59999\nT-shirt/top > Ankle boot", "x" * 300, "1\n2\n3"]
)
@pytest.mark.parametrize("n", [1, 2, 13])
def test_captions_are_whole_and_overlap_nothing(caption: str, n: int) -> None:
    box = ImageDraw.Draw(Image.new("L", (1, 1))).textbbox((0, 0), caption, ImageFont.load_default(10), spacing=2)
    alone = Image.new("L", (int(box[2]) + 9, int(box[3]) + 9), 255)
    ImageDraw.Draw(alone).text((0, 0), caption, 0, ImageFont.load_default(10), spacing=2)
    sheet = contact_sheet("", np.zeros((n, 28, 28), np.uint8), [caption] * n)
    assert ink(np.asarray(Image.open(io.BytesIO(sheet)))) == n * ink(np.asarray(alone))


def test_a_title_is_whole() -> None:
    images = np.zeros((1, 4, 4), np.uint8)
    sheets = [np.asarray(Image.open(io.BytesIO(contact_sheet(t, images, [""])))) for t in ("W" * 99, "W" * 198)]
    assert ink(sheets[1]) == 2 * ink(sheets[0])
