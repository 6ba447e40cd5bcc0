"""Images that stand in the data twice: byte for byte, moved by a pixel, with a little noise, or encoded again."""

import hashlib
import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.base import threads
from pipeline.gates.evidence.spectra import Spectra, alike, alike_within, spectrum

Images = NDArray[np.uint8]
Blocks = Iterable[Images]  # blocks uint8[n, rows, columns], which are read more than once
Rows = NDArray[np.int64]
Digests = NDArray[np.bytes_]
DIGEST = 16  # bytes; among a million images, the probability that two share a digest by chance is below 1e-26

FEW = 256  # pairs of images at a time: so few fit the processor's cache
COMPARED = 1 << 24  # bytes of the images that a search for repeats compares
PASSES = 4  # over all images; a fourth of those that it compares is in memory together


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


class Searched(NamedTuple):
    """Images that are searched: in blocks, their spectra float32[n, d], and the rows without exact repeats."""

    images: Blocks
    spectra: Spectra
    firsts: Rows

    @classmethod
    def of(cls, images: Blocks, digests: Digests) -> "Searched":
        """The images, one block of which is in memory at a time, and what is needed to search them."""
        spectra = np.concatenate([spectrum(part) for part in images])
        return cls(images, spectra, np.unique(first_seen(digests)))


def near(own: Searched, other: Searched, distance: float) -> Pairs:
    """The images within `distance` of one of the others that is moved by at most one pixel in each direction.

    Pairs with a like spectrum are compared pixel by pixel. All own images that are in a pair are in memory
    together. Of the others, exact repeats are not searched, because equal spectra would fill the cells.
    """
    rows, places = alike(own.spectra, other.spectra[other.firsts], distance)
    candidates = other.firsts[places]
    return _closest(rows, candidates, _distances(own.images, rows, other.images, candidates), distance)


def nearly_repeated(own: Searched, distance: float) -> Pairs:
    """The images within `distance` of an earlier one that is moved by at most one pixel in each direction.

    Exact repeats are left out. Pairs with the nearest spectra are compared pixel by pixel: so many that their
    images fit COMPARED bytes.
    """
    size = math.prod(next(iter(own.images)).shape[1:])
    pairs = alike_within(own.spectra[own.firsts], distance, COMPARED // max(size, 1))
    rows, candidates = (own.firsts[part] for part in pairs)
    parts = zip(np.array_split(rows, PASSES), np.array_split(candidates, PASSES), strict=True)
    found = [_distances(own.images, part, own.images, others) for part, others in parts]
    return _closest(rows, candidates, np.concatenate(found), distance)


def _closest(rows: Rows, candidates: Rows, found: NDArray[np.float64], distance: float) -> Pairs:
    """For each row the nearest of its candidates, if it is within `distance`; of equals the first."""
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
        jobs = np.split(pairs, range(FEW, len(pairs), FEW))

        def least(few: Rows, start: int = start, part: Images = part) -> NDArray[np.float64]:
            return _least(held[place[few]], part[candidates[few] - start])

        result[pairs] = np.concatenate(threads.over(least, jobs))
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
