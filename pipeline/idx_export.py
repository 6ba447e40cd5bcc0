"""The Parquet files back to the raw IDX files, byte for byte, a row group in memory at a time."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline import idx, table
from pipeline.datasets import Dataset, RawFile
from pipeline.errors import DataError
from pipeline.rows import Rows, pixels

Array = NDArray[np.uint8]


def export(dataset: Dataset, parquet: Path, folder: Path, packed: bool) -> None:
    """Write the raw files of `dataset` into `folder`, from the Parquet file of each split in the folder `parquet`.

    packed: each as .gz. Raises DataError for rows that are not those of the record; what would have another
    SHA-256 than the record's is not written.
    """
    for split, record in dataset.splits.items():
        path = parquet / f"{split}.parquet"
        rows = table.scan(path)
        _require_own(rows, dataset, record.rows, path)
        for column, file, shape in [("image", record.images, dataset.shape), ("label", record.labels, ())]:
            header = idx.Header(np.dtype(np.uint8), (record.rows, *shape))
            target = folder / f"{file.name}{'.gz' * packed}"
            idx.write(target, header, _proven(_arrays(rows, path, column, shape), header, file, path))


def _require_own(rows: Rows, dataset: Dataset, count: int, path: Path) -> None:
    """Raise DataError for a Parquet file of another dataset, type or number of rows."""
    expected, found = table.schema(dataset), rows.schema
    fields = [[schema.field(name) for name in table.COLUMNS] for schema in (expected, found)]
    if fields[0] != fields[1] or not expected.metadata.items() <= found.metadata.items():
        raise DataError(f"{path}: expected {table.in_words(expected)}, found {table.in_words(found)}")
    if len(rows) != count:
        raise DataError(f"{path}: expected {count:,} rows, found {len(rows):,}")


def _arrays(rows: Rows, path: Path, column: str, shape: tuple[int, ...]) -> Iterator[Array]:
    """The images, as the raw file has them, or the labels of each row group."""
    turned = rows.schema.metadata.get(b"transposed") == b"true"
    first = 0
    for group, part in enumerate(rows.blocks(["id", column])):
        ids = pa.chunked_array([np.arange(first, first + len(part), dtype=np.int32)])
        if part.column("id") != ids:
            raise DataError(
                f"{path}: id: expected {first:,} to {first + len(part) - 1:,} in order in row group {group}"
            )
        first += len(part)
        values = part[column]
        array = pixels(values, shape) if shape else values.to_numpy()
        yield array.swapaxes(1, 2) if shape and turned else array


def _proven(blocks: Iterator[Array], header: idx.Header, file: RawFile, path: Path) -> Iterator[Array]:
    """The blocks; DataError after the last where their file is not the record's."""
    digest = hashlib.sha256(header.encoded)
    for block in blocks:
        plain = np.ascontiguousarray(block)
        digest.update(plain.data)
        yield plain
    if file.sha256 and digest.hexdigest() != file.sha256:
        raise DataError(
            f"{path}: {file.name}: SHA-256: expected {file.sha256}, found {digest.hexdigest()}; "
            "run `python -m pipeline convert`"
        )
