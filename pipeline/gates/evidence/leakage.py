"""Images that stand in the data twice: byte for byte, moved by a pixel, with a little noise, or encoded again."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.base import threads
from pipeline.gates.evidence.measures import INK

Images = NDArray[np.uint8]
Blocks = Iterable[Images]  # blocks uint8[n, rows, columns], which are read more than once
Rows = NDArray[np.int64]
Digests = NDArray[np.bytes_]
DIGEST = 16  # bytes; among a million images, the probability that two share a digest by chance is below 1e-26

# Low spatial frequencies: waves from top to bottom and from left to right. A shift changes only their phase.
FREQUENCIES = [(0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0), (1, 2), (2, 1), (1, -2), (2, -1), (2, 2), (2, -2)]
FREQUENCIES += [(0, 3), (3, 0)]
CHUNK, FEW = 4096, 256  # images, and pairs of images, at a time: few pairs fit the processor's cache


class Pairs(NamedTuple):
    """Rows of one array, the row of the other array that each is like, and their distance in grey levels (RMS)."""

    rows: Rows
    others: Rows
    distances: NDArray[np.float64]


def digests(images: Images) -> Digests:
    """A hash of all bytes of each image uint8[n, ...]: bytes[n] of length DIGEST."""
    whole = np.ascontiguousarray(images)
    return np.array([hashlib.blake2b(image.data, digest_size=DIGEST).digest() for image in whole], f"S{DIGEST}")


def first_seen(digests: Digests) -> Rows:
    """For each of n digests, the first row with the same digest: int64[n]. A new digest has its own row."""
    _, first, codes = np.unique(digests, return_index=True, return_inverse=True)
    return np.asarray(first[codes], np.int64)


def shared(digests: Digests, others: Digests, firsts: Rows) -> Pairs:
    """The images that stand byte for byte among others, too. firsts: the rows of others without repeats."""
    place = first_seen(np.concatenate([others[firsts], digests]))[len(firsts) :]
    rows = np.flatnonzero(place < len(firsts))
    return Pairs(rows, firsts[place[rows]], np.zeros(len(rows)))


def near(images: Blocks, others: Blocks, firsts: Rows, distance: float) -> Pairs:
    """The images within `distance` of one of `others` that is moved by at most one pixel in each direction.

    A tree finds the eight candidates with the nearest spectrum for each image; then each pair is compared pixel by
    pixel. All images that have a candidate are in memory together; others are read a block at a time. Only the
    rows `firsts` of others are searched, because many equal points would make the tree slow.
    """
    rows, candidates = _candidates(images, others, firsts, distance)
    found = _distances(images, rows, others, candidates)
    close = np.flatnonzero(found <= distance)
    close = close[np.lexsort((candidates[close], found[close], rows[close]))]
    rows, nearest = np.unique(rows[close], return_index=True)
    return Pairs(rows, candidates[close[nearest]], found[close[nearest]])


def _candidates(images: Blocks, others: Blocks, firsts: Rows, distance: float) -> tuple[Rows, Rows]:
    """Rows of `images`, increasing, each with a row of `others` that may be near. The tree is freed at the end."""
    from scipy.spatial import KDTree

    points = np.empty((0, 0))
    for start, part in _starts(others):
        own = slice(*np.searchsorted(firsts, [start, start + len(part)]))
        found = spectrum(part[firsts[own] - start])
        if not start:
            points = np.empty((len(firsts), found.shape[1]))  # float64, because the tree does not copy that
        points[own] = found
    tree = KDTree(points, balanced_tree=False) if len(points) else None  # a balanced tree takes a quarter longer
    rows, candidates = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for start, part in _starts(images):
        if tree is None or not len(part):
            continue
        _, places = tree.query(
            spectrum(part), k=np.arange(1, 9), distance_upper_bound=distance, workers=threads.count()
        )
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
    """The magnitude of low frequencies in images uint8[n, rows, columns], in grey levels: float32[n, 14].

    Two images are no farther apart here than the RMS difference of their ink. That is Parseval's theorem, because
    each frequency stands for itself and its opposite. A frequency that an image of this size cannot tell from
    another one is left out, so images with a side of less than 7 pixels have fewer columns; at least one, of 0.
    """
    n, rows, columns = images.shape
    frequencies = [(u, v) for u, v in FREQUENCIES if 2 * abs(u) < rows and 2 * abs(v) < columns]
    if not frequencies:
        return np.zeros((n, 1), np.float32)
    y, x = np.mgrid[:rows, :columns]
    phases = np.stack([2 * np.pi * (u * y / rows + v * x / columns) for u, v in frequencies])
    waves = np.concatenate([np.cos(phases), np.sin(phases)]).reshape(-1, rows * columns).T.astype(np.float32)
    result = np.empty((n, len(frequencies)), np.float32)
    for start in range(0, n, CHUNK):
        pixels = images[start : start + CHUNK].reshape(-1, rows * columns)
        parts = np.where(pixels > INK, pixels, 0).astype(np.float32) @ waves
        real, imaginary = np.split(parts, 2, axis=1)
        result[start : start + CHUNK] = np.hypot(real, imaginary) * (np.sqrt(2) / (rows * columns))
    return result


def _distances(images: Blocks, rows: Rows, others: Blocks, candidates: Rows) -> NDArray[np.float64]:
    """The smallest RMS difference over the nine moves, for each pair of a row of images and a row of others.

    The images of `rows` are in memory together; others are read a block at a time.
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
        for few in np.split(pairs, range(FEW, len(pairs), FEW)):
            result[few] = _least(held[place[few]], part[candidates[few] - start])
    return result


def _least(images: Images, others: Images) -> NDArray[np.float64]:
    """The smallest RMS difference of each image from its other image, over the nine moves.

    The outermost pixels are left out, because a move loses some of them or brings them in at the other side. An
    image with less than three rows, or columns, is not moved along that axis.
    """
    height, width = images.shape[1:]
    top, left = 1 if height > 2 else 0, 1 if width > 2 else 0
    inner_height, inner_width = height - 2 * top, width - 2 * left
    image = images[:, top : top + inner_height, left : left + inner_width].astype(np.int32)
    other = others.astype(np.int32)
    squares = []
    for down in range(2 * top + 1):
        for right in range(2 * left + 1):
            difference = other[:, down : down + inner_height, right : right + inner_width] - image
            squares.append(np.einsum("nij,nij->n", difference, difference, dtype=np.int64))
    return np.asarray(np.sqrt(np.min(squares, axis=0) / (height * width)))
