"""Images that stand in the data twice: byte for byte, or moved by a pixel, with a little noise, encoded anew."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.measures import INK

Images = NDArray[np.uint8]
Blocks = Iterable[Images]  # of uint8[n, rows, columns]; gone through more than once
Rows = NDArray[np.int64]
Digests = NDArray[np.bytes_]
DIGEST = 16  # bytes: that any two of a million images share one by chance has a probability below 1e-26

# Low spatial frequencies, in waves a side. A shift changes their phase alone.
FREQUENCIES = [(0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0), (1, 2), (2, 1), (1, -2), (2, -1), (2, 2), (2, -2)]
FREQUENCIES += [(0, 3), (3, 0)]
CHUNK = 4096


class Pairs(NamedTuple):
    """Rows of one array, the row of the other that each is like, and their distance in grey levels (RMS)."""

    rows: Rows
    others: Rows
    distances: NDArray[np.float64]


def digests(images: Images) -> Digests:
    """What stands for each image of uint8[n, ...] and for no other: bytes[n] of DIGEST."""
    whole = np.ascontiguousarray(images)
    return np.array([hashlib.blake2b(image.data, digest_size=DIGEST).digest() for image in whole], f"S{DIGEST}")


def first_seen(digests: Digests) -> Rows:
    """For each of n images the first row with the same bytes: int64[n], its own row where it is new."""
    _, first, codes = np.unique(digests, return_index=True, return_inverse=True)
    return np.asarray(first[codes], np.int64)


def shared(digests: Digests, others: Digests, firsts: Rows) -> Pairs:
    """Which images stand byte for byte among others too; firsts: the rows of others that repeat none."""
    place = first_seen(np.concatenate([others[firsts], digests]))[len(firsts) :]
    rows = np.flatnonzero(place < len(firsts))
    return Pairs(rows, firsts[place[rows]], np.zeros(len(rows)))


def near(images: Blocks, others: Blocks, firsts: Rows, distance: float) -> Pairs:
    """Which of `images` are within `distance` of one of `others`, moved by at most one pixel each way.

    Candidates are the eight nearest in the spectrum's magnitudes, found by a tree; each is then compared pixel by
    pixel. Only the rows `firsts` of others are searched: many equal points would make the tree a list.
    """
    rows, candidates = _candidates(images, others, firsts, distance)
    found = _distances(images, rows, others, candidates)
    close = np.flatnonzero(found <= distance)
    close = close[np.lexsort((candidates[close], found[close], rows[close]))]
    rows, nearest = np.unique(rows[close], return_index=True)
    return Pairs(rows, candidates[close[nearest]], found[close[nearest]])


def _candidates(images: Blocks, others: Blocks, firsts: Rows, distance: float) -> tuple[Rows, Rows]:
    """Rows of `images`, increasing, each with a row of `others` that may be near; the tree ends with the call."""
    from scipy.spatial import KDTree

    points = np.empty((len(firsts), len(FREQUENCIES)))  # of the type that the tree does not copy
    for start, part in _starts(others):
        own = slice(*np.searchsorted(firsts, [start, start + len(part)]))
        points[own] = spectrum(part[firsts[own] - start])
    tree = KDTree(points, balanced_tree=False) if len(points) else None  # a quarter faster than a balanced one
    rows, candidates = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for start, part in _starts(images):
        if tree is None or not len(part):
            continue
        _, places = tree.query(spectrum(part), k=np.arange(1, 9), distance_upper_bound=distance, workers=-1)
        row, column = np.nonzero(places < len(firsts))
        rows.append(start + row)
        candidates.append(firsts[places[row, column]])
    return np.concatenate(rows), np.concatenate(candidates)


def _starts(blocks: Blocks) -> Iterator[tuple[int, Images]]:
    """Each block and its first row."""
    start = 0
    for part in blocks:
        yield start, part
        start += len(part)


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


def _distances(images: Blocks, rows: Rows, others: Blocks, candidates: Rows) -> NDArray[np.float64]:
    """The least RMS difference over the nine moves of each pair, a row of images and one of others.

    The images of `rows` are in memory together, of the others a block.
    """
    unique, place = np.unique(rows, return_inverse=True)
    parts = [
        part[unique[slice(*np.searchsorted(unique, [start, start + len(part)]))] - start]
        for start, part in _starts(images)
    ]
    result = np.empty(len(rows))
    if not len(rows):
        return result
    held = np.concatenate(parts)
    for start, part in _starts(others):
        pairs = np.flatnonzero((candidates >= start) & (candidates < start + len(part)))
        for few in np.split(pairs, range(CHUNK, len(pairs), CHUNK)):
            result[few] = _least(held[place[few]], part[candidates[few] - start])
    return result


def _least(images: Images, others: Images) -> NDArray[np.float64]:
    """The least RMS difference of each image from its other over the nine moves.

    The outermost pixels are left out: a move loses some of them, or brings them in at the other side.
    """
    height, width = images.shape[1:]
    image, other = images[:, 1:-1, 1:-1].astype(np.int32), others.astype(np.int32)
    squares = []
    for down in range(3):
        for right in range(3):
            difference = other[:, down : down + height - 2, right : right + width - 2] - image
            squares.append(np.einsum("nij,nij->n", difference, difference, dtype=np.int64))
    return np.asarray(np.sqrt(np.min(squares, axis=0) / (height * width)))
