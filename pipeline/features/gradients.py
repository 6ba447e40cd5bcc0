"""Histograms of gradient directions, in arithmetic that does not depend on the machine.

All sums are sums of integers that are small enough for their float type, so no sum is rounded. The features are
therefore the same bytes with any BLAS kernel and any number of threads.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.features.images import FEW, Images, by_chunks

DIRECTIONS = 8
LEVEL = 3750  # the largest values of digits become 255; about one value in a million is cut off there
SCALES = ((5, 9, 0),)

Scales = Sequence[tuple[int, int, int]]


def histograms(images: Images, scales: Scales = SCALES) -> NDArray[np.uint8]:
    """Histograms of gradient directions in overlapping cells of images uint8[n, h, w]: uint8[n, 8 * cells].

    The Sobel gradient of each pixel is split between the two nearest of eight directions by the parallelogram
    rule. The plane of each direction is pooled into cells by triangular weights. A feature is the square root of a
    cell's share of the whole gradient of the image.
    Source: C.-L. Liu, K. Nakashima, H. Sako, H. Fujisawa, "Handwritten digit recognition: benchmarking of
    state-of-the-art techniques", Pattern Recognition 36(10), 2003.

    scales: triples (cells a side, width of a cell in pixels, pixels by which cells reach over the image's edge).
    """
    height, width = images.shape[1:]
    weights = np.concatenate([cell_weights((height, width), *scale) for scale in scales], axis=1)
    level = (LEVEL / np.sqrt(np.maximum(weights.sum(axis=0), 1))).astype(np.float32)

    def of_chunk(part: slice) -> NDArray[np.uint8]:
        planes = direction_planes(images[part])
        whole = np.maximum(planes.sum(axis=(1, 2, 3)), 1)  # 1: a blank image has no gradient to share
        sums = (planes.reshape(-1, len(weights)) @ weights).reshape(len(planes), DIRECTIONS, -1)
        shares = np.sqrt(sums / whole[:, None, None]) * level
        return np.minimum(np.rint(shares), 255).astype(np.uint8).reshape(len(planes), DIRECTIONS * len(level))

    return by_chunks(len(images), of_chunk, FEW)


def direction_planes(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The parts of the Sobel gradient in eight directions, 45 degrees apart: float32[n, 8, rows, columns].

    images: uint8[n, rows, columns]. The values are whole numbers. A diagonal step counts as one step on each axis.
    """
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1))).astype(np.int16)
    down = framed[:, :-2] + 2 * framed[:, 1:-1] + framed[:, 2:]
    across = framed[:, :, :-2] + 2 * framed[:, :, 1:-1] + framed[:, :, 2:]
    gx, gy = down[:, :, 2:] - down[:, :, :-2], across[:, 2:] - across[:, :-2]
    right, left, below, above = np.maximum(gx, 0), np.maximum(-gx, 0), np.maximum(gy, 0), np.maximum(-gy, 0)
    diagonals = [np.minimum(*sides) for sides in [(right, below), (below, left), (left, above), (above, right)]]
    planes = np.empty((len(images), DIRECTIONS, *images.shape[1:]), np.float32)
    for k, side in enumerate((right, below, left, above)):
        planes[:, 2 * k] = side - diagonals[k] - diagonals[k - 1]
        planes[:, 2 * k + 1] = diagonals[k]
    return planes


def cell_weights(shape: tuple[int, int], cells: int, width: int, margin: int) -> NDArray[np.float32]:
    """The weight of each pixel in each of cells x cells square cells: float32[h * w, cells**2].

    The weights are whole numbers and triangular; the cells are evenly spaced. shape: h and w. A cell is `width`
    pixels wide. The outermost cells begin `margin` pixels outside the image.
    """
    lines = []
    for size in shape:
        starts = np.linspace(-margin, size + margin - width, cells)[:, None]
        distance = np.abs(np.arange(size) - (starts + (width - 1) / 2))
        lines.append(np.rint(np.maximum(width + 1 - 2 * distance, 0)).astype(np.float32))
    return np.einsum("ay,bx->yxab", *lines).reshape(shape[0] * shape[1], cells * cells)
