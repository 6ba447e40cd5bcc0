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


def as_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
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
    class_names: Sequence[str],
) -> bytes:
    """A PNG of the rows whose prediction is wrong, each under its row number, given and predicted label.

    images: uint8[n, rows, columns]; actual, predicted: int[n]. It shows the first 120 and says how many there are.
    """
    wrong = np.flatnonzero(actual != predicted)
    shown = wrong[:MOST]
    rows, columns = images.shape[1] * ZOOM, images.shape[2] * ZOOM
    width, height = columns + 2 * MARGIN, rows + 2 * MARGIN + 2 * LINE
    lines = max(1, -(-len(shown) // COLUMNS))
    sheet = Image.new("L", (COLUMNS * width, lines * height + 2 * LINE), 255)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(10)
    first = f", the first {len(shown)}" if len(shown) < len(wrong) else ""
    title = f"{len(wrong):,} of {len(images):,} misclassified{first}: row, given > predicted"
    draw.text((MARGIN, LINE // 2), title, 0, font)
    for place, row in enumerate(shown):
        left = place % COLUMNS * width + MARGIN
        top = place // COLUMNS * height + 2 * LINE
        digit = Image.fromarray(255 - images[row]).resize((columns, rows), Image.Resampling.NEAREST)
        sheet.paste(digit, (left, top))
        given, guess = class_names[actual[row]], class_names[predicted[row]]
        draw.text((left, top + rows + 2), f"{row}\n{given} > {guess}", 0, font, spacing=2)
    out = io.BytesIO()
    sheet.save(out, "png", compress_type=RUN_LENGTH)
    return out.getvalue()
