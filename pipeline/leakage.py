"""Images that stand in the data twice: byte for byte, or moved by a pixel, with a little noise, encoded anew."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.measures import INK

Images = NDArray[np.uint8]
Rows = NDArray[np.int64]

# Low spatial frequencies, in waves a side. A shift changes their phase alone.
FREQUENCIES = [(0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0), (1, 2), (2, 1), (1, -2), (2, -1), (2, 2), (2, -2)]
FREQUENCIES += [(0, 3), (3, 0)]
CHUNK = 4096


class Pairs(NamedTuple):
    """Rows of one array, the row of the other that each is like, and their distance in grey levels (RMS)."""

    rows: Rows
    others: Rows
    distances: NDArray[np.float64]


def first_seen(images: Images) -> Rows:
    """For each image of uint8[n, ...] the first row with the same bytes: int64[n], its own row where it is new."""
    codes, _ = pd.factorize(_keys(images))
    _, first = np.unique(codes, return_index=True)
    return np.asarray(first[codes], np.int64)


def shared(images: Images, others: Images, firsts: Rows) -> Pairs:
    """Which of `images` stand byte for byte among `others` too; firsts: the rows of others that repeat none."""
    place = pd.Index(_keys(others[firsts])).get_indexer(_keys(images))
    rows = np.flatnonzero(place >= 0)
    return Pairs(rows, firsts[place[rows]], np.zeros(len(rows)))


def _keys(images: Images) -> NDArray[Any]:
    width = images[0].nbytes if len(images) else 1
    joined = np.ascontiguousarray(images).tobytes()
    keys = np.empty(len(images), object)
    keys[:] = [joined[start : start + width] for start in range(0, len(joined), width)]
    return keys


def near(images: Images, others: Images, firsts: Rows, distance: float) -> Pairs:
    """Which of `images` are within `distance` of one of `others`, moved by at most one pixel each way.

    Candidates are the eight nearest in the spectrum's magnitudes, found by a tree; each is then compared pixel by
    pixel. Only the rows `firsts` of others are searched: many equal points would make the tree a list.
    """
    from scipy.spatial import KDTree

    if not (len(images) and len(others)):
        return Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    tree = KDTree(spectrum(others[firsts]))
    _, places = tree.query(spectrum(images), k=np.arange(1, 9), distance_upper_bound=distance, workers=-1)
    rows, column = np.nonzero(places < len(firsts))
    candidates = firsts[places[rows, column]]
    found = _distances(images, rows, others, candidates)
    close = np.flatnonzero(found <= distance)
    close = close[np.lexsort((candidates[close], found[close], rows[close]))]
    rows, nearest = np.unique(rows[close], return_index=True)
    return Pairs(rows, candidates[close[nearest]], found[close[nearest]])


def spectrum(images: Images) -> NDArray[np.float32]:
    """The magnitude of each of FREQUENCIES in images uint8[n, rows, columns]: float32[n, 14].

    In grey levels: two images are no farther apart here than the RMS difference of their ink. That is Parseval's
    theorem, as each frequency stands for itself and its opposite.
    """
    n, rows, columns = images.shape
    y, x = np.mgrid[:rows, :columns]
    phases = np.stack([2 * np.pi * (u * y / rows + v * x / columns) for u, v in FREQUENCIES])
    waves = np.concatenate([np.cos(phases), np.sin(phases)]).reshape(-1, rows * columns).T.astype(np.float32)
    result = np.empty((n, len(FREQUENCIES)), np.float32)
    for start in range(0, n, CHUNK):
        pixels = images[start : start + CHUNK].reshape(-1, rows * columns)
        parts = np.where(pixels > INK, pixels, 0).astype(np.float32) @ waves
        real, imaginary = np.split(parts, 2, axis=1)
        result[start : start + CHUNK] = np.hypot(real, imaginary) * (np.sqrt(2) / (rows * columns))
    return result


def _distances(images: Images, rows: Rows, others: Images, candidates: Rows) -> NDArray[np.float64]:
    """The least RMS difference of images[rows] and others[candidates] over the nine moves.

    The outermost pixels are left out: a move loses some of them, or brings them in at the other side.
    """
    height, width = images.shape[1:]
    result = np.empty(len(rows))
    for start in range(0, len(rows), CHUNK):
        part = slice(start, start + CHUNK)
        image = images[rows[part], 1:-1, 1:-1].astype(np.int32)
        other = others[candidates[part]].astype(np.int32)
        squares = []
        for down in range(3):
            for right in range(3):
                difference = other[:, down : down + height - 2, right : right + width - 2] - image
                squares.append(np.einsum("nij,nij->n", difference, difference, dtype=np.int64))
        result[part] = np.sqrt(np.min(squares, axis=0) / (height * width))
    return result
