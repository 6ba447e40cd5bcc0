"""What is measured of every image: one column for each measure."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.base import threads

Images = NDArray[np.uint8]
Columns = dict[str, NDArray[np.float64]]

INK = 16  # grey levels above it are ink; noise of a few levels and traces of compression are below it
BRIGHT = 250  # grey levels from here on are saturated
STEP = 16  # steps between neighbouring pixels up to this one do not count
SPECK = 128  # a pixel above it may be a speck
CHUNK = 500  # images at a time: what is computed of them must fit the processor's cache


def measure(images: Images) -> Columns:
    """Measure images uint8[n, rows, columns]: each field of pipeline.base.thresholds.ImageMeasures, as float64[n].

    An image without ink has NaN for greys, sharpness and box; an image that is all black has no centre of mass
    either. Sums are of whole numbers, so they do not depend on the machine.
    """
    chunks = [images[start : start + CHUNK] for start in range(0, max(len(images), 1), CHUNK)]
    parts = threads.over(_measure, chunks)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _measure(images: Images) -> Columns:
    n, rows, columns = images.shape
    flat = images.reshape(n, rows * columns)
    total = flat.sum(axis=1, dtype=np.int64)
    square = np.einsum("ij,ij->i", flat, flat, dtype=np.int64)
    ink = np.count_nonzero(flat > INK, axis=1)
    bright = np.count_nonzero(flat >= BRIGHT, axis=1)
    mean = total / (rows * columns)
    centre_y, centre_x = _centre(images, total)
    of_ink = np.where(ink > 0, ink, np.nan)
    return {
        "pixel_mean": mean,
        "pixel_std": np.sqrt(np.maximum(square / (rows * columns) - mean**2, 0)),
        "pixel_max": flat.max(axis=1, initial=0).astype(np.float64),
        "ink": ink.astype(np.float64),
        "bright": bright / (rows * columns),
        "greys": (ink - bright) / of_ink,
        "sharpness": _steps(images) / np.where(ink > 0, total, np.nan),
        "box": _box(images),
        "centre_y": centre_y,
        "centre_x": centre_x,
        "specks": _specks(images),
    }


def _centre(images: Images, total: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The centre of mass, in pixels from the middle of the image, downwards and to the right."""
    _, rows, columns = images.shape
    weight = np.where(total > 0, total, np.nan)
    down = images.sum(axis=2, dtype=np.int64) @ np.arange(rows) / weight - (rows - 1) / 2
    right = images.sum(axis=1, dtype=np.int64) @ np.arange(columns) / weight - (columns - 1) / 2
    return down, right


def _steps(images: Images) -> NDArray[np.int64]:
    """The sum of the differences between pixels side by side; differences up to STEP do not count."""
    left, right = images[:, :, :-1], images[:, :, 1:]
    step = np.maximum(left, right) - np.minimum(left, right)
    step[step <= STEP] = 0
    return np.asarray(step.sum(axis=(1, 2), dtype=np.int64))


def _box(images: Images) -> NDArray[np.float64]:
    """The longer side of the smallest box around the ink, in pixels."""
    ink: Any = images > INK
    sides = []
    for line in (ink.any(axis=2), ink.any(axis=1)):
        size = line.shape[1] - line.argmax(axis=1) - line[:, ::-1].argmax(axis=1)
        sides.append(np.where(line.any(axis=1), size, np.nan))
    return np.maximum(*sides)


def _specks(images: Images) -> NDArray[np.float64]:
    """The number of pixels above SPECK that have no ink among their eight neighbours."""
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    sides = np.maximum(framed[:, :, :-2], framed[:, :, 2:])
    lines = np.maximum(sides, framed[:, :, 1:-1])
    neighbours = np.maximum(np.maximum(lines[:, :-2], lines[:, 2:]), sides[:, 1:-1])
    alone = (images > SPECK) & (neighbours <= INK)
    return np.asarray(np.count_nonzero(alone, axis=(1, 2)), np.float64)
