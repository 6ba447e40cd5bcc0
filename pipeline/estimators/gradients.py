"""Histograms of gradient directions, in arithmetic that does not depend on the machine.

Sums are of integers small enough for their float type, so none is rounded: the features are the same bytes with
any BLAS kernel and any number of threads.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.estimators.images import Images, ImageTransformer, by_chunks

DIRECTIONS = 8
LEVEL = 3750  # brings the largest values that digits have to 255; about one in a million is cut off there


class GradientHistograms(ImageTransformer):
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

    def transform(self, X: Images) -> NDArray[np.uint8]:
        """Features uint8[n, 8 * cells] of images X, uint8[n, h * w]."""
        images = self._images(X)
        weights = np.concatenate([cell_weights(images.shape[1:], *scale) for scale in self.scales], axis=1)
        level = (LEVEL / np.sqrt(np.maximum(weights.sum(axis=0), 1))).astype(np.float32)

        def histograms(part: slice) -> NDArray[np.uint8]:
            planes = direction_planes(images[part])
            whole = np.maximum(planes.sum(axis=(1, 2, 3)), 1)  # 1: a blank image has no gradient to share
            sums = (planes.reshape(-1, len(weights)) @ weights).reshape(len(planes), DIRECTIONS, -1)
            shares = np.sqrt(sums / whole[:, None, None]) * level
            return np.minimum(np.rint(shares), 255).astype(np.uint8).reshape(len(planes), DIRECTIONS * len(level))

        return by_chunks(len(images), histograms)


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


def cell_weights(shape: tuple[int, int], cells: int, width: int, margin: int) -> NDArray[np.float32]:
    """Integer triangular weights of cells x cells square cells, evenly spaced: float32[h * w, cells**2].

    shape: h and w. A cell is `width` pixels wide; the outermost ones begin `margin` pixels outside the image.
    """
    lines = []
    for size in shape:
        starts = np.linspace(-margin, size + margin - width, cells)[:, None]
        distance = np.abs(np.arange(size) - (starts + (width - 1) / 2))
        lines.append(np.rint(np.maximum(width + 1 - 2 * distance, 0)).astype(np.float32))
    return np.einsum("ay,bx->yxab", *lines).reshape(shape[0] * shape[1], cells * cells)
