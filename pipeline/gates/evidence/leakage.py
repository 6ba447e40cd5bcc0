"""Images that stand in the data twice: byte for byte, moved by a pixel, with a little noise, or encoded again."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.gates.evidence.spectra import alike, spectrum

Images = NDArray[np.uint8]
Blocks = Iterable[Images]  # blocks uint8[n, rows, columns], which are read more than once
Rows = NDArray[np.int64]
Digests = NDArray[np.bytes_]
DIGEST = 16  # bytes; among a million images, the probability that two share a digest by chance is below 1e-26

FEW = 256  # pairs of images at a time: so few fit the processor's cache


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

    Pairs with a like spectrum are compared pixel by pixel. All images that are in a pair are in memory together;
    others are read a block at a time. Only the rows `firsts` of others are searched, because equal spectra would
    fill the cells.
    """
    own = np.concatenate([spectrum(part) for part in images])
    theirs = np.concatenate([spectrum(part) for part in _taken(others, firsts)])
    rows, places = alike(own, theirs, distance)
    candidates = firsts[places]
    found = _distances(images, rows, others, candidates)
    close = np.flatnonzero(found <= distance)
    close = close[np.lexsort((candidates[close], found[close], rows[close]))]
    rows, nearest = np.unique(rows[close], return_index=True)
    return Pairs(rows, candidates[close[nearest]], found[close[nearest]])


def _starts(blocks: Blocks) -> Iterator[tuple[int, Images]]:
    """Each block and its first row."""
    start = 0
    for part in blocks:
        yield start, part
        start += len(part)


def _taken(blocks: Blocks, rows: Rows) -> Iterator[Images]:
    """The images of these rows, which increase, block by block."""
    for start, part in _starts(blocks):
        yield part[rows[slice(*np.searchsorted(rows, [start, start + len(part)]))] - start]


def _distances(images: Blocks, rows: Rows, others: Blocks, candidates: Rows) -> NDArray[np.float64]:
    """The smallest RMS difference over the nine moves, for each pair of a row of images and a row of others.

    The images of `rows` are in memory together; others are read a block at a time.
    """
    unique, place = np.unique(rows, return_inverse=True)
    result = np.empty(len(rows))
    if not len(rows):
        return result
    held = np.concatenate(list(_taken(images, unique)))
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
