"""Pictures of many images on one sheet."""

import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

ZOOM, COLUMNS, MOST = 2, 12, 120
MARGIN, LINE = 6, 14  # pixels around an image, and the height of a line of text
RUN_LENGTH = 3  # zlib's Z_RLE: the same bytes on every processor


def misclassified(
    images: NDArray[np.uint8],
    actual: NDArray[np.integer[Any]],
    predicted: NDArray[np.integer[Any]],
    class_names: Mapping[int, str],
) -> bytes:
    """A PNG of the rows whose prediction is wrong, each under its row number, given and predicted label.

    images: as for `contact_sheet`; actual, predicted: int[n]. It shows the first 120 and says how many there are.
    """
    wrong = np.flatnonzero(actual != predicted)
    captions = [f"{row}\n{class_names[actual[row]]} > {class_names[predicted[row]]}" for row in wrong[:MOST]]
    title = f"{len(wrong):,} of {len(images):,} misclassified{shown(len(wrong))}: row, given > predicted"
    return contact_sheet(title, images[wrong[:MOST]], captions)


def shown(n: int) -> str:
    """Words that say that only the first of `n` pictures are shown; empty if all are."""
    return f", the first {MOST}" if n > MOST else ""


def contact_sheet(title: str, images: NDArray[np.uint8], captions: Sequence[str]) -> bytes:
    """A PNG of images uint8[n, rows, columns] or uint8[n, rows, columns, channels], a caption under each.

    A long caption makes all cells wider, so that it is whole and overlaps no other. Then a line has fewer cells.
    Grey images are shown as dark ink on white. Images of three channels are shown in colour, as they are; other
    numbers of channels become their mean, in grey. The bytes are the same on every processor.
    """
    in_colour = images.ndim == 4 and images.shape[3] == 3
    rows, columns = images.shape[1] * ZOOM, images.shape[2] * ZOOM
    draw, font = ImageDraw.Draw(Image.new("L", (1, 1))), ImageFont.load_default(10)
    _, _, title_width, _ = draw.textbbox((0, 0), title, font)
    boxes = [draw.textbbox((0, 2), caption, font, spacing=2) for caption in captions]
    narrow = columns + 2 * MARGIN
    width = max([narrow, *(math.ceil(box[2]) + MARGIN for box in boxes)])
    height = rows + 2 * MARGIN + max([2 * LINE, *(math.ceil(box[3]) for box in boxes)])
    across = max(1, COLUMNS * narrow // width)
    lines = max(1, -(-len(images) // across))
    size = max(across * width, math.ceil(title_width) + 2 * MARGIN), lines * height + 2 * LINE
    sheet = Image.new("RGB" if in_colour else "L", size, "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, LINE // 2), title, "black", font)
    for place, (image, caption) in enumerate(zip(images, captions, strict=True)):
        left = place % across * width + MARGIN
        top = place // across * height + 2 * LINE
        shown_as = image if in_colour else 255 - _grey(image)
        picture = Image.fromarray(shown_as).resize((columns, rows), Image.Resampling.NEAREST)
        sheet.paste(picture, (left, top))
        draw.text((left, top + rows + 2), caption, "black", font, spacing=2)
    out = io.BytesIO()
    sheet.save(out, "png", compress_type=RUN_LENGTH)
    return out.getvalue()


def _grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image uint8[rows, columns] as it is; the mean of the channels of an image with channels."""
    if image.ndim == 2:
        return image
    return np.asarray(image.sum(axis=2, dtype=np.int64) // image.shape[2], np.uint8)
