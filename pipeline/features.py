"""Image features as scikit-learn transformers, in arithmetic that does not depend on the machine.

Sums are of integers small enough for their float type, so none is rounded: histograms and projections are the
same bytes with any BLAS kernel and any number of threads. Only the principal axes come from floating-point LAPACK;
rounding them to a grid hides their last bits, which leaves a difference possible but most unlikely.
"""

import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from threadpoolctl import threadpool_limits

CHUNK = 500  # images at a time: the planes of one chunk fit the processor's cache
DIRECTIONS = 8
LEVEL = 3750  # brings the largest values that digits have to 255; about one in a million is cut off there
GRID = 1 << 16  # principal axes are rounded to multiples of 1/GRID
UNIT = 32  # what the square root of a standard deviation becomes, so that rounding to whole numbers is fine enough


class GradientHistograms(TransformerMixin, BaseEstimator):
    """Histograms of gradient directions in overlapping cells, at one scale or several.

    The Sobel gradient of each pixel is split between the two nearest of eight directions by the parallelogram
    rule; each direction's plane is pooled into cells by triangular weights; the feature is the square root of the
    cell's share in the image's whole gradient.
    Source: C.-L. Liu, K. Nakashima, H. Sako, H. Fujisawa, "Handwritten digit recognition: benchmarking of
    state-of-the-art techniques", Pattern Recognition 36(10), 2003.

    scales: triples (cells a side, width of a cell, margin by which cells reach over the image's edge), in pixels.
    """

    def __init__(self, scales: Sequence[tuple[int, int, int]] = ((5, 9, 0),)) -> None:
        self.scales = scales

    def fit(self, X: NDArray[np.uint8], y: Any = None) -> Self:
        """Learn nothing but the image's size. X: uint8[n, side * side]."""
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Features uint8[n, 8 * cells] of square images X, uint8[n, side * side]."""
        side = math.isqrt(X.shape[1])
        weights = np.concatenate([cell_weights(side, *scale) for scale in self.scales], axis=1)
        level = (LEVEL / np.sqrt(weights.sum(axis=0))).astype(np.float32)
        features = np.empty((len(X), DIRECTIONS, weights.shape[1]), np.uint8)

        def fill(start: int) -> None:
            planes = direction_planes(X[start : start + CHUNK].reshape(-1, side, side))
            whole = np.maximum(planes.sum(axis=(1, 2, 3)), 1)  # 1: a blank image has no gradient to share
            sums = (planes.reshape(-1, side * side) @ weights).reshape(len(planes), DIRECTIONS, -1)
            shares = np.sqrt(sums / whole[:, None, None]) * level
            features[start : start + CHUNK] = np.minimum(np.rint(shares), 255)

        with threadpool_limits(1), ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(fill, range(0, len(X), CHUNK)))
        return features.reshape(len(X), DIRECTIONS * weights.shape[1])


def direction_planes(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The Sobel gradient's share in each of eight directions, 45 degrees apart: float32[n, 8, rows, columns].

    images: uint8[n, rows, columns]. Values are integers; a diagonal step counts as one step of each axis.
    """
    framed = np.pad(images.astype(np.float32), ((0, 0), (1, 1), (1, 1)))
    down = framed[:, :-2] + 2 * framed[:, 1:-1] + framed[:, 2:]
    across = framed[:, :, :-2] + 2 * framed[:, :, 1:-1] + framed[:, :, 2:]
    gx, gy = down[:, :, 2:] - down[:, :, :-2], across[:, 2:] - across[:, :-2]
    right, below = gx > 0, gy > 0
    horizontal, vertical = np.abs(gx), np.abs(gy)
    diagonal = np.minimum(horizontal, vertical)
    horizontal -= diagonal
    vertical -= diagonal
    planes = np.empty((len(images), DIRECTIONS, *images.shape[1:]), np.float32)
    for direction, (size, where) in enumerate(
        [
            (horizontal, right),
            (diagonal, right & below),
            (vertical, below),
            (diagonal, ~right & below),
            (horizontal, ~right),
            (diagonal, ~right & ~below),
            (vertical, ~below),
            (diagonal, right & ~below),
        ]
    ):
        np.multiply(size, where, out=planes[:, direction])
    return planes


def cell_weights(side: int, cells: int, width: int, margin: int) -> NDArray[np.float32]:
    """Integer triangular weights of cells x cells square cells, evenly spaced: float32[side * side, cells**2].

    A cell is `width` pixels wide; the outermost ones begin `margin` pixels outside the image.
    """
    starts = np.linspace(-margin, side + margin - width, cells)[:, None]
    distance = np.abs(np.arange(side) - (starts + (width - 1) / 2))
    line = np.rint(np.maximum(width + 1 - 2 * distance, 0)).astype(np.float32)
    return np.einsum("ay,bx->yxab", line, line).reshape(side * side, cells * cells)


class ExactPCA(TransformerMixin, BaseEstimator):
    """Principal components of integers, as integers, each divided by the square root of its standard deviation.

    That division is half of whitening. Axes are rounded to a grid and the result to whole numbers, in units of
    1/32. scikit-learn's PCA is the same but for the last bits, which depend on processor and threads.
    n_components: how many axes, those of the largest variance.
    """

    def __init__(self, n_components: int = 96) -> None:
        self.n_components = n_components

    def fit(self, X: NDArray[np.uint8], y: Any = None) -> Self:
        """Find the axes of X, uint8[n, d]."""
        self.n_features_in_ = X.shape[1]
        gram = np.zeros((X.shape[1], X.shape[1]))
        for start in range(0, len(X), 4096):
            part = X[start : start + 4096].astype(np.float64)
            gram += part.T @ part
        mean = X.sum(axis=0, dtype=np.int64) / len(X)
        variances, vectors = np.linalg.eigh(gram / len(X) - np.outer(mean, mean))
        largest = slice(None, -self.n_components - 1, -1)
        axes, deviations = vectors[:, largest], np.sqrt(np.maximum(variances[largest], 1))
        axes = axes * np.sign(np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], axis=0))
        self.mean_ = np.rint(mean)
        self.components_ = np.rint((axes / np.sqrt(deviations)).T * UNIT * GRID) / GRID
        return self

    def transform(self, X: NDArray[np.uint8]) -> NDArray[np.float64]:
        """X, uint8[n, d], along the axes: whole numbers, float64[n, n_components]."""
        parts = [X[start : start + 4096] - self.mean_ for start in range(0, max(len(X), 1), 4096)]
        return np.concatenate([np.rint(part @ self.components_.T) for part in parts])
