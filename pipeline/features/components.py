"""Principal components in arithmetic that does not depend on the machine.

All sums are sums of integers that are small enough for their float type, so no sum is rounded. Projections are
therefore the same bytes with any BLAS kernel and any number of threads. Only the principal axes come from LAPACK,
in floating point. They are rounded to a grid, which hides their last bits. A difference between two machines is
possible, but very unlikely.
"""

import numpy as np
from numpy.typing import NDArray

GRID = 1 << 16  # principal axes are rounded to multiples of 1/GRID
UNIT = 32  # the square root of a standard deviation becomes 32, so that whole numbers are fine enough
CHUNK = 4096  # rows at a time

Floats = NDArray[np.float64]


def principal_axes(X: NDArray[np.uint8], count: int) -> tuple[Floats, Floats]:
    """The mean of X, float64[d], and the `count` axes along which X varies most, float64[count, d].

    X: uint8[n, d]. Each axis is divided by the square root of the standard deviation along it. That is half of
    whitening.
    """
    gram = np.zeros((X.shape[1], X.shape[1]))
    for start in range(0, len(X), CHUNK):
        part = X[start : start + CHUNK].astype(np.float64)
        gram += part.T @ part
    mean = X.sum(axis=0, dtype=np.float64) / len(X)
    variances, vectors = np.linalg.eigh(gram / len(X) - np.outer(mean, mean))
    largest = slice(None, -count - 1, -1)
    axes, deviations = vectors[:, largest], np.sqrt(np.maximum(variances[largest], 1))
    axes = axes * np.sign(np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], axis=0))
    return np.rint(mean), np.rint((axes / np.sqrt(deviations)).T * UNIT * GRID) / GRID


def project(X: NDArray[np.uint8], mean: Floats, axes: Floats) -> Floats:
    """The coordinates of X, uint8[n, d], along axes float64[c, d]: whole numbers, float64[n, c] of 1/32."""
    parts = [X[start : start + CHUNK] - mean for start in range(0, max(len(X), 1), CHUNK)]
    return np.concatenate([np.rint(part @ axes.T) for part in parts])
