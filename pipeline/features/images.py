"""The shape of images, and moved images: the same bytes on every machine, because no sum is of floats."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.base import threads

CHUNK = 500  # images at a time
FEW = 100  # images at a time where several floats a pixel are computed: they must fit the processor's cache

Images = NDArray[np.uint8]
Shape = tuple[int, ...]


def image_shape(pixels: int, shape: Sequence[int] | None) -> Shape:
    """The shape of an image that has `pixels` values: `shape`, or the shape of a square grey image if it is None.

    Raises ValueError if the shape does not fit the number of values. No shape but a square is ever assumed.
    """
    if shape is not None:
        if math.prod(shape) != pixels or len(shape) not in (2, 3):
            raise ValueError(
                f"shape: expected (rows, columns) or (rows, columns, channels) of {pixels} values, found {shape}"
            )
        return tuple(shape)
    side = math.isqrt(pixels)
    if side * side != pixels:
        raise ValueError(
            f"shape: expected the shape of an image of {pixels} values, which is no square; found None"
        )
    return side, side


def as_images(X: NDArray[Any], shape: Sequence[int] | None) -> NDArray[Any]:
    """Flat images X, [n, values], as grey images [n, rows, columns]. shape: see `image_shape`."""
    return grey(X.reshape(-1, *image_shape(X.shape[1], shape)))


def grey(images: NDArray[Any]) -> NDArray[Any]:
    """Grey images [n, rows, columns] of the same dtype; an image with channels becomes the mean of its channels.

    images: [n, rows, columns], which are returned as they are, or [n, rows, columns, channels]. The mean of whole
    numbers is rounded; a half is rounded up.
    """
    if images.ndim == 3:
        return images
    channels = images.shape[3]
    if images.dtype.kind == "f":
        return np.asarray(images.mean(axis=3, dtype=images.dtype))
    total = images.sum(axis=3, dtype=np.int64)
    total += channels // 2
    total //= channels
    return total.astype(images.dtype)


def by_channel(images: Images, change: Callable[[Images], Images]) -> Images:
    """Images [n, rows, columns] or [n, rows, columns, channels], each channel changed by itself.

    change: a function of images [n, rows, columns] that returns images of the same shape.
    """
    if images.ndim == 3:
        return change(images)
    return np.stack([change(images[..., channel]) for channel in range(images.shape[3])], axis=3)


def by_chunks(n: int, work: Callable[[slice], NDArray[Any]], size: int = CHUNK) -> NDArray[Any]:
    """The results of `work` for all chunks of n rows, joined in order. The chunks are computed in threads."""
    chunks = [slice(start, start + size) for start in range(0, max(n, 1), size)]
    return np.concatenate(threads.over(work, chunks))


def sampled(images: Images, rows: NDArray[np.float32], columns: NDArray[np.float32]) -> Images:
    """Images uint8[n, h, w], read bilinearly at fractional rows and columns, float32[n, h, w]; 0 outside."""
    n, height, width = images.shape
    framed = np.pad(images, ((0, 0), (1, 2), (1, 2))).astype(np.float32).ravel()
    rows, columns = np.clip(rows, -1, height) + 1, np.clip(columns, -1, width) + 1
    top, left = np.floor(rows), np.floor(columns)
    down, right = rows - top, columns - left
    stride = width + 3
    first = np.arange(n)[:, None, None] * ((height + 3) * stride)
    at = first + top.astype(np.int64) * stride + left.astype(np.int64)
    above = framed[at] * (1 - right) + framed[at + 1] * right
    below = framed[at + stride] * (1 - right) + framed[at + stride + 1] * right
    return np.rint(above * (1 - down) + below * down).astype(np.uint8)


def moved(images: Images, maps: NDArray[np.float64]) -> Images:
    """Images uint8[n, h, w], each moved by an affine map: float64[n, 2, 3], or [2, 3] for one map for all.

    A map gives, for (row, column, 1) of a pixel of the result, the row and column of the image at which that pixel
    is read. Rows and columns are counted from the centre.
    """
    _, height, width = images.shape
    centre = np.array([(height - 1) / 2, (width - 1) / 2])
    grid = np.moveaxis(np.indices((height, width)), 0, -1) - centre
    maps = np.broadcast_to(maps, (len(images), 2, 3))

    def read(part: slice) -> Images:
        own = maps[part, :, :, None, None]
        rows, columns = (
            own[:, axis, 0] * grid[..., 0] + own[:, axis, 1] * grid[..., 1] + own[:, axis, 2] + centre[axis]
            for axis in (0, 1)
        )
        return sampled(images[part], rows.astype(np.float32), columns.astype(np.float32))

    return by_chunks(len(images), read, FEW)


def slants(images: Images) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The centre of mass of each image, float64[n, 2], and its lean in columns a row, float64[n].

    images: uint8[n, h, w]. The lean is the covariance of row and column divided by the variance of the row; ink is
    the weight.
    """
    rows, columns = (np.arange(size, dtype=np.int64) for size in images.shape[1:])
    by_row, by_column = images.sum(axis=2, dtype=np.int64), images.sum(axis=1, dtype=np.int64)
    mass = np.maximum(by_row.sum(axis=1), 1)
    row, column = (by_row * rows).sum(axis=1) / mass, (by_column * columns).sum(axis=1) / mass
    both = ((images @ columns) * rows).sum(axis=1) / mass - row * column
    spread = (by_row * rows**2).sum(axis=1) / mass - row**2
    return np.stack([row, column], axis=1), np.where(spread > 1e-9, both / np.maximum(spread, 1e-9), 0.0)
