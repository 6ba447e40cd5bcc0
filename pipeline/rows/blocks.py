"""Rows that are read a block at a time, so that a whole split is never in memory."""

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
    """Rows of a schema, in blocks that can be read more than once.

    ends: int64[blocks], the number of rows up to the end of each block. read: gives some columns of the block with
    this number.
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
        """The blocks in order, with these columns; None for all columns."""
        return (self.read(k, columns or self.schema.names) for k in range(len(self.ends)))

    def images(self, places: NDArray[np.int64]) -> list[bytes | None]:
        """The images of these rows, whose numbers increase. Only the blocks with these rows are read."""
        number, starts = np.searchsorted(self.ends, places, "right"), np.append(0, self.ends)
        parts = (self.read(k, ["image"])["image"].take(places[number == k] - starts[k]) for k in np.unique(number))
        return [image for part in parts for image in part.to_pylist()]


@dataclass(frozen=True)
class Images:
    """The images of some rows, a block at a time: uint8[m, *shape]. kept: bool[n], True for a row that is wanted.

    Each of these images must have all its values.
    """

    rows: Rows
    kept: NDArray[np.bool_]
    shape: tuple[int, ...]

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        for images, kept in zip(
            self.rows.blocks(["image"]), np.split(self.kept, self.rows.ends[:-1]), strict=True
        ):
            column = images["image"]
            yield pixels(column if kept.all() else column.filter(pa.array(kept)), self.shape)

    def beside(self, values: NDArray[T]) -> Iterator[tuple[NDArray[np.uint8], NDArray[T]]]:
        """Each block of images with its part of `values`, which has one value for each image."""
        start = 0
        for images in self:
            yield images, values[start : start + len(images)]
            start += len(images)


def ends(rows: int) -> NDArray[np.int64]:
    """The number of rows up to the end of each block, if there are `rows` rows. There is at least one block."""
    return np.minimum(np.arange(1, max(-(-rows // ROW_GROUP), 1) + 1) * ROW_GROUP, rows)


def block(number: int) -> slice:
    """The rows of the block with this number."""
    return slice(number * ROW_GROUP, (number + 1) * ROW_GROUP)


def pixels(images: pa.ChunkedArray, shape: Sequence[int]) -> NDArray[np.uint8]:
    """A column of images as an array uint8[n, *shape], read-only; not copied if Arrow allows that."""
    width = int(np.prod(shape))
    images = images.cast(pa.binary(width))
    column = images.chunk(0) if images.num_chunks == 1 else images.combine_chunks()  # this always copies
    result = np.frombuffer(column.buffers()[1] or b"", np.uint8, len(column) * width, column.offset * width)
    result.flags.writeable = False
    return result.reshape(-1, *shape)
