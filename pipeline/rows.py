"""Rows that are read a block at a time: what stands in a Parquet file, or will, need never be in memory whole."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

ROW_GROUP = 10_000
T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True)
class Rows:
    """Rows of a schema, read a block at a time and as often as wanted: they need never be in memory together.

    ends: int64[blocks], how many rows there are up to the end of each block; read: some columns of a block.
    """

    schema: pa.Schema
    ends: NDArray[np.int64]
    read: Callable[[int, Sequence[str]], pa.Table]

    @classmethod
    def of(cls, table: pa.Table) -> "Rows":
        """The rows of a table."""
        return cls(table.schema, ends(len(table)), lambda k, columns: table.select(columns)[block(k)])

    def __len__(self) -> int:
        return int(self.ends[-1])

    def blocks(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The blocks in their order; all columns where none are named."""
        return (self.read(k, columns or self.schema.names) for k in range(len(self.ends)))

    def images(self, places: NDArray[np.int64]) -> list[bytes | None]:
        """The images in these places, which increase; only their blocks are read."""
        number, starts = np.searchsorted(self.ends, places, "right"), np.append(0, self.ends)
        parts = (self.read(k, ["image"])["image"].take(places[number == k] - starts[k]) for k in np.unique(number))
        return [image for part in parts for image in part.to_pylist()]


@dataclass(frozen=True)
class Images:
    """The images of the rows that bool[n] keeps, all of them whole: uint8[m, *shape] for each block."""

    rows: Rows
    kept: NDArray[np.bool_]
    shape: tuple[int, int]

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        for images, kept in zip(
            self.rows.blocks(["image"]), np.split(self.kept, self.rows.ends[:-1]), strict=True
        ):
            column = images["image"]
            yield pixels(column if kept.all() else column.filter(pa.array(kept)), self.shape)

    def beside(self, values: NDArray[T]) -> Iterator[tuple[NDArray[np.uint8], NDArray[T]]]:
        """Each block with the values of its images, of one value an image."""
        start = 0
        for images in self:
            yield images, values[start : start + len(images)]
            start += len(images)


def ends(rows: int) -> NDArray[np.int64]:
    """Where each block of so many rows ends: one block at least."""
    return np.minimum(np.arange(1, max(-(-rows // ROW_GROUP), 1) + 1) * ROW_GROUP, rows)


def block(number: int) -> slice:
    """The rows of a block."""
    return slice(number * ROW_GROUP, (number + 1) * ROW_GROUP)


def pixels(images: pa.ChunkedArray, shape: Sequence[int]) -> NDArray[np.uint8]:
    """The arrays of whole images of this shape: uint8[n, *shape], read-only, uncopied where Arrow allows."""
    width = int(np.prod(shape))
    images = images.cast(pa.binary(width))
    column = images.chunk(0) if images.num_chunks == 1 else images.combine_chunks()  # which always copies
    result = np.frombuffer(column.buffers()[1] or b"", np.uint8, len(column) * width, column.offset * width)
    result.flags.writeable = False
    return result.reshape(-1, *shape)
