"""Images moved, sheared and bent, the same bytes on any machine: element by element, without sums of floats."""

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

CHUNK = 500  # images at a time: what is computed of one chunk fits the processor's cache

Images = NDArray[np.uint8]


def shape_of(pixels: int) -> tuple[int, int]:
    """Rows and columns of an image of so many pixels: a square where that fits, else one row."""
    side = math.isqrt(pixels)
    return (side, side) if side * side == pixels else (1, pixels)


def by_chunks(n: int, work: Callable[[slice], NDArray[Any]]) -> NDArray[Any]:
    """What `work` makes of each chunk of n rows, in order; one thread a processor, each with one BLAS thread."""
    chunks = [slice(start, start + CHUNK) for start in range(0, max(n, 1), CHUNK)]
    with threadpool_limits(1), ThreadPoolExecutor(os.cpu_count()) as pool:
        return np.concatenate(list(pool.map(work, chunks)))


def sampled(images: Images, rows: NDArray[np.float32], columns: NDArray[np.float32]) -> Images:
    """Images uint8[n, h, w] read at fractional rows and columns, float32[n, h, w], bilinearly; 0 outside."""
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
    """Images uint8[n, h, w] under affine maps, float64[n, 2, 3] or [2, 3].

    A map takes (row, column, 1) of the result to the row and column that it is read from, both from the centre.
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

    return by_chunks(len(images), read)


def slants(images: Images) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The centre of mass of each image, float64[n, 2], and by how many columns it leans a row, float64[n].

    The lean is the covariance of row and column over the variance of the row, as weighed by the ink.
    """
    rows, columns = (np.arange(size, dtype=np.int64) for size in images.shape[1:])
    by_row, by_column = images.sum(axis=2, dtype=np.int64), images.sum(axis=1, dtype=np.int64)
    mass = np.maximum(by_row.sum(axis=1), 1)
    row, column = (by_row * rows).sum(axis=1) / mass, (by_column * columns).sum(axis=1) / mass
    both = ((images @ columns) * rows).sum(axis=1) / mass - row * column
    spread = (by_row * rows**2).sum(axis=1) / mass - row**2
    return np.stack([row, column], axis=1), np.where(spread > 1e-9, both / np.maximum(spread, 1e-9), 0.0)


class ImageTransformer(TransformerMixin, BaseEstimator):
    """A transformer of images that learns nothing from them but their size."""

    def fit(self, X: Images, y: Any = None) -> Self:
        """Learn the image's size. X: uint8[n, h * w]."""
        validate_data(self, X)
        return self

    def _images(self, X: Images) -> Images:
        """X, uint8[n, h * w], as uint8[n, h, w]: squares where h * w is a square number, else one row each."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        if X.dtype != np.uint8:
            X = np.clip(np.rint(X), 0, 255).astype(np.uint8)
        return X.reshape(-1, *shape_of(X.shape[1]))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "n_features_in_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


class Deskewing(ImageTransformer):
    """Shears each image so that its main axis stands upright, its centre of mass in the middle.

    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
    Proceedings of the IEEE 86(11), 1998, section III.A.
    """

    def transform(self, X: Images) -> Images:
        """Upright images uint8[n, h * w] of X, uint8[n, h * w]."""
        images = self._images(X)
        centres, leans = slants(images)
        maps = np.zeros((len(images), 2, 3))
        maps[:, 0, 0] = maps[:, 1, 1] = 1
        maps[:, 1, 0] = leans
        maps[:, :, 2] = centres - (np.array(images.shape[1:]) - 1) / 2
        return moved(images, maps).reshape(len(images), -1)


class Subsampling(ImageTransformer):
    """Makes each image smaller: a pixel of the result is the mean of the area that it covers.

    side: pixels a side of the result; margin: pixels at each edge of the image that are left out first. Where an
    image has fewer, as many as it has.
    """

    def __init__(self, side: int = 16, margin: int = 2) -> None:
        self.side = side
        self.margin = margin

    def transform(self, X: Images) -> Images:
        """Smaller images uint8[n, side * side] of X, uint8[n, h * w]."""
        images = self._images(X)
        down, across = (self._shares(size) for size in images.shape[1:])

        def smaller(part: slice) -> Images:
            means = down @ images[part].astype(np.float32) @ across.T / (down[0].sum() * across[0].sum())
            return np.rint(means).astype(np.uint8).reshape(len(means), -1)

        return by_chunks(len(images), smaller)

    def _shares(self, size: int) -> NDArray[np.float32]:
        """How much each pixel of the result covers of each of the image's: whole numbers, float32[side, size]."""
        margin = min(self.margin, (size - 1) // 2)
        inner = size - 2 * margin
        side = min(self.side, inner)
        start, new = (np.arange(size) - margin)[None] * side, np.arange(side)[:, None] * inner
        covered = np.minimum(start + side, new + inner) - np.maximum(start, new)
        return np.maximum(covered, 0).astype(np.float32)
