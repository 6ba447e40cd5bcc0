"""Changes that may have happened to all images of a dataset, each as a function of its mean images."""

from collections.abc import Callable
from functools import partial
from itertools import product

import numpy as np
from numpy.typing import NDArray

from pipeline.features.images import moved

Floats = NDArray[np.float64]
Change = Callable[[Floats], Floats]  # of images float64[n, rows, columns]

AS_IS = "none"  # the images are as in the record
ANGLES = (-45, -30, -20, -15, -10, -5, 5, 10, 15, 20, 30, 45)
FACTORS = (0.7, 0.8, 0.9, 0.95, 1.05, 1.1, 1.2, 1.3)
OFFSETS = range(-3, 4)

# The order of these dictionaries carries meaning: of changes that fit equally well, the first one is named.
# UPRIGHT holds the ways to lay a rectangle on itself. TURNED exchanges rows and columns, so it needs a square.
UPRIGHT: dict[str, Change] = {
    AS_IS: lambda r: r,
    "mirrored left to right": lambda r: r[:, :, ::-1],
    "mirrored top to bottom": lambda r: r[:, ::-1],
    "rotated by 180 degrees": lambda r: r[:, ::-1, ::-1],
}
TURNED: dict[str, Change] = {
    "transposed": lambda r: r.swapaxes(1, 2),
    "rotated by 90 degrees, counterclockwise": lambda r: np.rot90(r, 1, (1, 2)),
    "rotated by 90 degrees, clockwise": lambda r: np.rot90(r, -1, (1, 2)),
    "transposed along the other diagonal": lambda r: np.rot90(r, 2, (1, 2)).swapaxes(1, 2),
}
GREYS: dict[str, Change] = {
    "inverted": lambda r: 255 - r,
    "scaled to 0 to 1": lambda r: r / 255,
    "scaled to 0 to 127": lambda r: r / 2,
}


def ways(shape: tuple[int, int]) -> dict[str, Change]:
    """The ways in which images of a shape may lie: eight for a square, else the four that keep the shape."""
    return UPRIGHT | TURNED if shape[0] == shape[1] else UPRIGHT


def transformations(shape: tuple[int, int], transposed: bool = False) -> dict[str, Change]:
    """All changes that may have happened to images of a shape, by name; no change, AS_IS, is the first.

    transposed: whether the raw files have rows and columns exchanged, because bytes are exchanged in the files.
    """
    rows, columns = shape
    result = ways(shape) | GREYS | _resampled(shape)
    for n in (2, 4, 8):
        if rows * columns % n == 0:
            result[f"byte order exchanged in groups of {n}"] = partial(_swapped, width=n, transposed=transposed)
    for down, right in product(OFFSETS, OFFSETS):
        if down or right:
            name = f"shifted by {down:+d} rows and {right:+d} columns"
            result[name] = partial(np.roll, shift=(down, right), axis=(1, 2))
    return result


def _resampled(shape: tuple[int, int]) -> dict[str, Change]:
    """The changes that mix neighbouring pixels. Bolder and thinner strokes are approximations."""
    weights = np.exp(-np.square(np.arange(-3, 4)) / 2)
    result: dict[str, Change] = {
        "blurred": lambda r: np.tensordot(_around(r, 3), np.outer(weights, weights) / weights.sum() ** 2, 2),
        "made bolder": lambda r: (r + _around(r, 1).max(axis=(3, 4))) / 2,
        "made thinner": lambda r: (r + _around(r, 1).min(axis=(3, 4))) / 2,
    }
    for angle in ANGLES:
        cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        turn = np.array([[cosine, sine, 0], [-sine, cosine, 0]])
        sense = "counterclockwise" if angle > 0 else "clockwise"
        result[f"rotated by {abs(angle)} degrees, {sense}"] = partial(_mapped, turn)
    for factor in FACTORS:
        result[f"scaled in size by {factor}"] = partial(_mapped, np.eye(2, 3) / factor)
    return result


def _around(images: Floats, far: int) -> Floats:
    """All pixels up to `far` rows and columns from each pixel: float64[n, rows, columns, 2 far + 1, 2 far + 1]."""
    side = 2 * far + 1
    framed = np.pad(images, ((0, 0), (far, far), (far, far)), "edge")
    return np.lib.stride_tricks.sliding_window_view(framed, (side, side), axis=(1, 2))


def _mapped(map_: Floats, images: Floats) -> Floats:
    return moved(np.rint(images).astype(np.uint8), map_).astype(np.float64)


def _swapped(images: Floats, width: int, transposed: bool) -> Floats:
    """Images with the values of each group of `width` in reverse order, as the raw files hold them."""
    stored = images.swapaxes(1, 2) if transposed else images
    changed = stored.reshape(len(images), -1, width)[:, :, ::-1].reshape(stored.shape)
    return changed.swapaxes(1, 2) if transposed else changed
