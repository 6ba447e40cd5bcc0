"""Images whose spectrum is alike, found in a time that grows no faster than the number of images.

This is locality-sensitive hashing. The spectra are scaled to one length, because a darker copy has a smaller
spectrum, and turned to their principal axes. There, space is cut into cells, once for each table, each time with
other borders. Two images may be alike if one table has both in a cell; where a cell is full, only the nearest
along the first axis are taken. So bad data cost no more than good data.
Source: M. Datar, N. Immorlica, P. Indyk, V. Mirrokni, "Locality-sensitive hashing scheme based on p-stable
distributions", SCG 2004.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.base import threads
from pipeline.features.components import UNIT, principal_axes, project
from pipeline.features.images import by_chunks
from pipeline.gates.evidence.measures import INK

Images = NDArray[np.uint8]
Spectra = NDArray[np.float32]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Keys = NDArray[np.uint64]

# Low spatial frequencies: waves from top to bottom and from left to right. A shift changes only their phase.
FREQUENCIES = [(0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0), (1, 2), (2, 1), (1, -2), (2, -1), (2, 2), (2, -2)]
FREQUENCIES += [(0, 3), (3, 0)]
LENGTH = 255  # of a scaled spectrum, whose parts are then bytes
TABLES = 16
CELL = 7 * UNIT  # the width of a cell, about one standard deviation along an axis; copies differ by a tenth of it
ASIDE = 4  # neighbours on each side in a cell
MOST = 8  # pairs of an image, those with the nearest spectrum
FINE = np.uint64(8)  # bits of a key that order the rows of a cell
CHUNK = 10_000  # spectra at a time
NONE = np.empty(0, np.int64)
ODD = (
    np.random.default_rng(0).integers(1 << 62, size=len(FREQUENCIES)) * 2 + 1
)  # mixes the numbers of a cell into a key


def spectrum(images: Images) -> Spectra:
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

    def of_chunk(part: slice) -> Spectra:
        pixels = images[part].reshape(-1, rows * columns)
        real, imaginary = np.split(np.where(pixels > INK, pixels, 0).astype(np.float32) @ waves, 2, axis=1)
        return np.asarray(np.hypot(real, imaginary) * np.float32(np.sqrt(2) / (rows * columns)))

    return by_chunks(n, of_chunk)


def alike(spectra: Spectra, others: Spectra, distance: float) -> tuple[Rows, Rows]:
    """Rows of spectra float32[n, d], increasing, each with a row of `others` float32[m, d] up to `distance` away.

    A row has at most MOST pairs. A few pairs are not found: 3 of 6,504 images of MNIST that were moved over the
    edge, which changes a spectrum most.
    """
    if not len(spectra) or not len(others):
        return NONE, NONE
    mean, axes = principal_axes(_scaled(others), others.shape[1])
    own, theirs = (Cells.of(part, mean, axes) for part in (spectra, others))

    def of_table(number: int) -> Rows:
        """The pairs of one table, each as one number."""
        border = CELL * number // TABLES
        rows, columns = _neighbours(own.keys(border), theirs.keys(border))
        return (rows * len(others) + columns)[_apart(spectra[rows], others[columns]) <= distance]

    pairs = np.unique(np.concatenate(threads.over(of_table, range(TABLES))))
    rows, columns = np.divmod(pairs, len(others))
    order = np.lexsort((_apart(spectra[rows], others[columns]), rows))
    rank = np.arange(len(rows)) - np.searchsorted(rows, rows)
    kept = np.sort(order[rank < MOST])
    return rows[kept], columns[kept]


def alike_within(spectra: Spectra, distance: float, most: int) -> tuple[Rows, Rows]:
    """Rows of spectra float32[n, d], each with an earlier row up to `distance` away.

    They are the `most` nearest pairs that were seen, so that bad data, where all are near, cost no more. Only
    every fourth table is used: that is four times as fast, and finds 2,997 or more of 3,000 noisy, moved or darker
    copies of MNIST.
    """
    if not len(spectra):
        return NONE, NONE
    cells = Cells.of(spectra, *principal_axes(_scaled(spectra), spectra.shape[1]))

    def of_table(number: int) -> Rows:
        """The nearest pairs of one table, each as one number."""
        pairs = [NONE]
        for rows, others in _followers(cells.keys(CELL * number // TABLES)):
            near = _apart(spectra[rows], spectra[others]) <= distance
            pairs.append((np.maximum(rows, others) * len(spectra) + np.minimum(rows, others))[near])
        return nearest(np.concatenate(pairs))

    def nearest(pairs: Rows) -> Rows:
        if len(pairs) <= most:
            return pairs
        apart = [_apart(*(spectra[part] for part in np.divmod(few, len(spectra)))) for few in _chunks(pairs)]
        return pairs[np.argpartition(np.concatenate(apart), most)[:most]]

    pairs = nearest(np.unique(np.concatenate(threads.over(of_table, range(0, TABLES, 4)))))
    rows, others = np.divmod(np.sort(pairs), len(spectra))
    return rows, others


class Cells(NamedTuple):
    """Where spectra lie: a number for the cell of each, uint64[n], and its place there by axis, uint8[d, n]."""

    numbers: Keys
    places: NDArray[np.uint8]

    @classmethod
    def of(cls, spectra: Spectra, mean: Floats, axes: Floats) -> "Cells":
        """The cells of spectra float32[n, d] along `axes`, with borders at multiples of CELL."""
        result = cls(np.empty(len(spectra), np.uint64), np.empty(spectra.shape[::-1], np.uint8))
        for start in range(0, len(spectra), CHUNK):
            part = slice(start, start + CHUNK)
            cells, places = np.divmod(project(_scaled(spectra[part]), mean, axes), CELL)
            result.numbers[part] = (cells.astype(np.int64) * ODD[: len(axes)]).sum(axis=1)  # modulo 2**64
            result.places[:, part] = places.T
        return result

    def keys(self, border: int) -> Keys:
        """The keys of the cells whose borders are moved by `border`: equal but for the last bits in one cell.

        The last bits are the place in the cell on the first axis.
        """
        result = self.numbers.copy()
        for odd, places in zip(ODD.astype(np.uint64), self.places, strict=False):
            result += (places >= CELL - border) * odd
        first = (self.places[0].astype(np.uint64) + np.uint64(border)) % np.uint64(CELL)
        return np.asarray(result >> FINE << FINE | first)


def _apart(spectra: Spectra, others: Spectra) -> Spectra:
    difference = spectra - others
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", difference, difference)))


def _scaled(spectra: Spectra) -> NDArray[np.uint8]:
    """Spectra of one length, as bytes."""
    lengths = np.sqrt(np.einsum("ij,ij->i", spectra, spectra))
    scaled = spectra * (LENGTH / np.maximum(lengths, 1))[:, None]
    return np.asarray(np.rint(scaled), np.uint8)


def _neighbours(keys: Keys, others: Keys) -> tuple[Rows, Rows]:
    """Rows of `keys`, each with a row of `others` of the same cell: the nearest ones, ASIDE on each side."""
    order = np.argsort(others)
    ranked = others[order]
    places = np.searchsorted(ranked, keys)[:, None] + np.arange(-ASIDE, ASIDE)
    inside = (places >= 0) & (places < len(others))
    places = places.clip(0, len(others) - 1)
    same = ranked[places] >> FINE == (keys >> FINE)[:, None]
    rows, columns = np.nonzero(inside & same)
    return rows, order[places[rows, columns]]


def _followers(keys: Keys) -> Iterator[tuple[Rows, Rows]]:
    """Rows of one cell, each with one of the ASIDE rows that follow it there; some at a time."""
    order = np.argsort(keys)
    cells = keys[order] >> FINE
    for step in range(1, ASIDE + 1):
        for same in _chunks(np.flatnonzero(cells[step:] == cells[:-step])):
            yield order[same], order[same + step]


def _chunks(rows: Rows) -> list[Rows]:
    return np.split(rows, range(CHUNK, len(rows), CHUNK))
