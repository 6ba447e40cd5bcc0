"""Pictures and plot data."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

ZOOM, COLUMNS, MOST = 2, 12, 120
MARGIN, LINE = 6, 14  # pixels around a digit, and the height of a line of text
RUN_LENGTH = 3  # zlib's Z_RLE: the same bytes on every processor


def as_csv(rows: Iterable[Mapping[Any, Any]], columns: Sequence[str]) -> bytes:
    """Rows as CSV with a header and Unix line ends."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def misclassified(
    images: NDArray[np.uint8],
    actual: NDArray[np.integer[Any]],
    predicted: NDArray[np.integer[Any]],
    class_names: Mapping[int, str],
) -> bytes:
    """A PNG of the rows whose prediction is wrong, each under its row number, given and predicted label.

    images: uint8[n, rows, columns]; actual, predicted: int[n]. It shows the first 120 and says how many there are.
    """
    wrong = np.flatnonzero(actual != predicted)
    captions = [f"{row}\n{class_names[actual[row]]} > {class_names[predicted[row]]}" for row in wrong[:MOST]]
    title = f"{len(wrong):,} of {len(images):,} misclassified{shown(len(wrong))}: row, given > predicted"
    return contact_sheet(title, images[wrong[:MOST]], captions)


def shown(n: int) -> str:
    """Says that of `n` pictures only the first are shown, where that is so."""
    return f", the first {MOST}" if n > MOST else ""


def contact_sheet(title: str, images: NDArray[np.uint8], captions: Sequence[str]) -> bytes:
    """A PNG of images uint8[n, rows, columns], a caption of up to two lines under each.

    The same bytes on every processor.
    """
    rows, columns = images.shape[1] * ZOOM, images.shape[2] * ZOOM
    width, height = columns + 2 * MARGIN, rows + 2 * MARGIN + 2 * LINE
    lines = max(1, -(-len(images) // COLUMNS))
    sheet = Image.new("L", (COLUMNS * width, lines * height + 2 * LINE), 255)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(10)
    draw.text((MARGIN, LINE // 2), title, 0, font)
    for place, (image, caption) in enumerate(zip(images, captions, strict=True)):
        left = place % COLUMNS * width + MARGIN
        top = place // COLUMNS * height + 2 * LINE
        digit = Image.fromarray(255 - image).resize((columns, rows), Image.Resampling.NEAREST)
        sheet.paste(digit, (left, top))
        draw.text((left, top + rows + 2), caption, 0, font, spacing=2)
    out = io.BytesIO()
    sheet.save(out, "png", compress_type=RUN_LENGTH)
    return out.getvalue()
