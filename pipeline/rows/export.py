"""Write the raw IDX files again from the Parquet files, byte for byte, with one row group in memory."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.base.dataset import Dataset, RawFile, Split
from pipeline.base.errors import DataError
from pipeline.base.outputs import Outputs
from pipeline.rows import arrow, idx, parquet
from pipeline.rows.blocks import Rows, pixels

Array = NDArray[np.uint8]


def raw_files(dataset: Dataset, source: Path, folder: Path, gzipped: bool, out: Outputs) -> None:
    """Write the raw files of `dataset` into `folder`, from the Parquet file of each split in the folder `source`.

    gzipped: write each as .gz. Raises DataError if the rows are not those of the record, or if a file would not
    have the record's SHA-256.
    """
    for split in dataset.splits:
        _split(dataset, split, source / f"{split}.parquet", folder, gzipped, out)


def _split(dataset: Dataset, split: Split, path: Path, folder: Path, gzipped: bool, out: Outputs) -> None:
    """Write the two files of a split from its Parquet file at `path`."""
    record, rows = dataset.splits[split], parquet.scan(path)
    _require_own(rows, dataset, record.rows, path)
    for column, file, shape in [("image", record.images, dataset.raw_shape), ("label", record.labels, ())]:
        header = idx.Header(np.dtype(np.uint8), (record.rows, *shape))
        target = folder / (f"{file.name}.gz" if gzipped else file.name)
        arrays = _arrays(rows, path, column, dataset.shape)
        idx.write(out.part(target), header, _proven(arrays, header, file, path), gzipped)


def _require_own(rows: Rows, dataset: Dataset, count: int, path: Path) -> None:
    """Raise DataError for a Parquet file of another dataset, type or number of rows."""
    parquet.require_own(rows.schema, path)
    expected, found = arrow.schema(dataset), rows.schema
    fields = [[schema.field(name) for name in arrow.COLUMNS] for schema in (expected, found)]
    if fields[0] != fields[1] or not expected.metadata.items() <= found.metadata.items():
        raise DataError(f"{path}: expected {arrow.in_words(expected)}, found {arrow.in_words(found)}")
    if len(rows) != count:
        raise DataError(f"{path}: expected {count:,} rows, found {len(rows):,}")


def _arrays(rows: Rows, path: Path, column: str, shape: tuple[int, ...]) -> Iterator[Array]:
    """The images of each row group, transposed as in the raw file, or its labels. Checks the ids.

    Raises DataError if the rows are not in the order of the raw file.
    """
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
        if column == "label":
            yield values.to_numpy()
        else:
            images = pixels(values, shape)
            yield images.swapaxes(1, 2) if turned else images


def _proven(blocks: Iterator[Array], header: idx.Header, file: RawFile, path: Path) -> Iterator[Array]:
    """The blocks. After the last one, DataError if the SHA-256 of their file is not that of the record."""
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
