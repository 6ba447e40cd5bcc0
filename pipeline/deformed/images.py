"""Deformed copies of images, as handwriting varies: turned, slanted, scaled, shifted, bent, thicker or thinner.

The same random numbers give the same bytes on every machine: long sums are of whole numbers, and of floats only
+ - * / are taken, which are rounded alike everywhere.
Source: G. Loosli, S. Canu, L. Bottou, "Training invariant support vector machines using selective sampling", in
"Large Scale Kernel Machines", MIT Press 2007. There, a deformation is a sum of an elastic field, a shift and a
change of the strokes' thickness, taken along tangents. Here, pixels are moved, also turned, slanted and scaled.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.features.images import by_channel

Images = NDArray[np.uint8]
Words = NDArray[np.uint64]  # random numbers
Floats = NDArray[np.float64]
Places = NDArray[np.int32]

BITS = 8
WHOLE = 1 << BITS  # places are whole numbers of its parts of a pixel; the weights of a spline add up to it
KNOTS = (
    7  # pixels between the control points of an elastic field; its correlation is that of a Gaussian of 4 pixels
)
UNIT = 35.2 * WHOLE**2  # the standard deviation of a field that is not yet scaled
LANES = 0x00FF00FF
FEW = 50  # images at a time: what is computed of them must fit the processor's cache
STEPS = BITS - 1  # bits of the share of a stroke's change: with so few, products fit 16 bits


class Bounds(NamedTuple):
    """How far images are deformed: each draw is uniform between minus and plus these bounds.

    turn: tangent of half the angle; slant: in columns a row; scale: of height and width, as a share; shift: in
    pixels; bend: the standard deviation of an elastic field, in pixels; stroke: the share of the way from an image
    to the same image with strokes a pixel thicker on each side, or thinner.
    """

    turn: float = 0.08
    slant: float = 0.15
    scale: float = 0.1
    shift: float = 1.0
    bend: float = 0.9
    stroke: float = 0.25


BOUNDS = Bounds()
DRAWS = len(Bounds._fields) + 2  # two scales and two shifts; these random numbers come before those of the field


def draw(seed: int, numbers: range, shape: tuple[int, int]) -> Words:
    """The random numbers of the images with these numbers, of this shape: uint64[n, words].

    Those of one image depend on `seed` and its number alone. The generator is Philox: J. Salmon, M. Moraes, R.
    Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
    """
    down, across = map(_controls, shape)
    blocks = -(-(DRAWS + -(-2 * down * across // 8)) // 4)  # of four words: one step of the generator
    generator = np.random.Philox(key=seed, counter=numbers.start * blocks)
    return np.asarray(generator.random_raw(len(numbers) * blocks * 4)).reshape(len(numbers), blocks * 4)


def deform(images: Images, words: Words, bounds: Bounds = BOUNDS) -> Images:
    """A deformed copy of each image, uint8[n, h, w] or uint8[n, h, w, channels]. words: as `draw` gives them.

    Channels are deformed alike.
    """
    result = np.empty_like(images)
    for start in range(0, len(images), FEW):
        part = slice(start, start + FEW)
        own = words[part]
        draws = ((own[:, :DRAWS] >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1).T
        shares = np.rint(draws[-1] * (bounds.stroke * (1 << STEPS))).astype(np.int16)
        rows, columns = _places(draws, own[:, DRAWS:], (images.shape[1], images.shape[2]), bounds)
        result[part] = by_channel(images[part], lambda one: _read(_stroked(one, shares), rows, columns))  # noqa: B023
    return result


def _places(draws: Floats, words: Words, shape: tuple[int, int], bounds: Bounds) -> tuple[Places, Places]:
    """The rows and the columns at which the pixels of the copies are read, in parts of a pixel: int32[n, h, w]."""
    turn, slant, high, wide, down, right, bend, _ = draws
    tangent = turn * bounds.turn
    cosine, sine = (1 - tangent * tangent) / (1 + tangent * tangent), 2 * tangent / (1 + tangent * tangent)
    high, wide, lean = 1 + high * bounds.scale, 1 + wide * bounds.scale, slant * bounds.slant
    # For each axis of the source: pixels for each row and each column of the copy, and for the middle of both.
    maps = [
        ((cosine - sine * lean) * high, -sine * high, down * bounds.shift + (shape[0] - 1) / 2),
        ((sine + cosine * lean) * wide, cosine * wide, right * bounds.shift + (shape[1] - 1) / 2),
    ]
    y, x = (np.arange(size) - (size - 1) / 2 for size in shape)
    fields = _fields(words, shape)
    fields *= (bend * (bounds.bend * WHOLE / UNIT)).astype(np.float32)[:, None, None, None]
    for axis, (by_row, by_column, middle) in enumerate(maps):
        fields[:, axis] += ((by_row[:, None] * y + middle[:, None]) * WHOLE).astype(np.float32)[:, :, None]
        fields[:, axis] += (by_column[:, None] * x * WHOLE).astype(np.float32)[:, None, :]
    rows, columns = np.rint(fields, out=fields).astype(np.int32).transpose(1, 0, 2, 3)
    return rows, columns


def _fields(words: Words, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Cubic splines through noise: whole numbers, whose standard deviation is UNIT, float32[n, 2, h, w].

    No sum is rounded, because all are below 2**24.
    """
    height, width = shape
    down, across = map(_controls, shape)
    noise = words.astype("<u8", copy=False).view(np.int8)[:, : 2 * down * across].astype(np.float32)
    wide = noise.reshape(-1, across) @ _spline(width)
    high = wide.reshape(-1, 2, down, width).transpose(0, 1, 3, 2).reshape(-1, down) @ _spline(height)
    return np.ascontiguousarray(high.reshape(-1, 2, width, height).transpose(0, 1, 3, 2))


def _controls(size: int) -> int:
    """The number of control points that a line of pixels needs."""
    return (size - 1) // KNOTS + 4


@lru_cache
def _spline(size: int) -> NDArray[np.float32]:
    """The weights of the control points for each pixel of a line: whole numbers, float32[controls, size]."""
    result = np.zeros((_controls(size), size), np.float32)
    for pixel in range(size):
        first, t = divmod(pixel, KNOTS)
        s, unit = KNOTS - t, KNOTS**3
        cubics = [s**3, 3 * t**3 - 6 * t**2 * KNOTS + 4 * unit, 3 * s**3 - 6 * s**2 * KNOTS + 4 * unit, t**3]
        result[first : first + 4, pixel] = [(2 * WHOLE * cubic + 6 * unit) // (12 * unit) for cubic in cubics]
    return result


def _read(images: Images, rows: Places, columns: Places) -> Images:
    """Images uint8[n, h, w], read bilinearly at rows and columns in parts of a pixel; 0 outside."""
    n, height, width = images.shape
    # One number for each pixel and its neighbours to the right, below, and below to the right: 8 bits for each.
    four = np.zeros((n, height + 3, width + 3), np.uint32)
    four[:, 1 : height + 1, 1 : width + 1] = images
    four[:, :, :-1] |= four[:, :, 1:] << 8
    four[:, :-1] |= four[:, 1:] << 16
    rows, columns = (
        np.clip(place, -WHOLE, size * WHOLE) + WHOLE for place, size in ((rows, height), (columns, width))
    )
    at = (rows >> BITS) * (width + 3)
    at += columns >> BITS
    at += (np.arange(n, dtype=np.int32) * ((height + 3) * (width + 3)))[:, None, None]
    beside = four.ravel().take(at)
    down, right = (place.view(np.uint32) & (WHOLE - 1) for place in (rows, columns))
    both = beside & LANES  # 16 bits for the upper pixel, 16 for the lower
    both *= WHOLE - right
    beside >>= 8
    beside &= LANES
    beside *= right
    both += beside
    upper = both & 0xFFFF
    upper *= WHOLE - down
    both >>= 16
    both *= down
    upper += both
    upper += WHOLE * WHOLE // 2
    upper >>= 2 * BITS
    return np.asarray(upper, np.uint8)


def _stroked(images: Images, shares: NDArray[np.int16]) -> Images:
    """Images uint8[n, h, w], their strokes thicker if the share is positive, thinner if negative."""
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1)), "edge")
    sides = [framed[:, 1:-1, :-2], framed[:, 1:-1, 2:], framed[:, :-2, 1:-1], framed[:, 2:, 1:-1]]
    towards = images.copy()
    for chosen, change in (shares > 0, np.maximum), (shares < 0, np.minimum):
        part = images[chosen]
        for side in sides:
            part = change(part, side[chosen])
        towards[chosen] = part
    steps = (towards.astype(np.int16) - images) * np.abs(shares)[:, None, None]
    return np.asarray(images + ((steps + (1 << STEPS - 1)) >> STEPS), np.uint8)
