"""The rows of the two raw files of a split, which `convert` writes as Parquet and `check` judges."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from numpy.typing import NDArray

from pipeline.base.dataset import Dataset, Split
from pipeline.base.errors import DataError
from pipeline.rows import arrow, idx, provenance
from pipeline.rows.blocks import Rows, block, ends


def rows(dataset: Dataset, split: Split, folder: Path, most: int | None = None) -> Rows:
    """The rows of a split, from its raw files in `folder`. Images that are stored transposed are made upright.

    most: the largest number of rows that are taken; None for all. Raises DataError if the files do not hold images
    of the record's shape and as many labels.
    """
    record, schema = dataset.splits[split], arrow.schema(dataset)
    names = [folder / file.name for file in record.files]
    images, labels = (idx.read(name)[:most] for name in names)
    try:
        arrow.require_fit(_upright(images, dataset), labels, schema)
    except DataError as error:
        raise DataError(f"{folder}: {record.images.name}: {error}; run `python -m pipeline inspect`") from None

    origin = provenance.read(dataset, split, folder, labels)

    def read(number: int, columns: Sequence[str]) -> pa.Table:
        part = block(number)
        # Map the files again for each block, because a mapping keeps in memory what was read through it.
        images, labels = (idx.read(name)[:most][part] for name in names)
        of_writers = (column[part] for column in origin)
        return arrow.from_arrays(_upright(images, dataset), labels, schema, *of_writers, first=part.start).select(
            columns
        )

    return Rows(schema, ends(len(labels)), read)


def _upright(images: NDArray[Any], dataset: Dataset) -> NDArray[Any]:
    """Raw images, with rows and columns exchanged if the record says that they are stored transposed."""
    return images.swapaxes(1, 2) if dataset.transposed and images.ndim > 2 else images
