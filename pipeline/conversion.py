"""The rows that a split's two raw files make: what `convert` writes as Parquet and `check` judges as it is."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from pipeline import idx, provenance, table
from pipeline.datasets import Dataset, Split
from pipeline.errors import DataError
from pipeline.rows import Rows, block, ends


def rows(dataset: Dataset, split: Split, folder: Path, most: int | None = None) -> Rows:
    """The rows of a split's files in `folder`, images turned where they are stored transposed.

    most: how many are taken where one of the files holds more. Raises DataError for files that are not of such
    images and labels.
    """
    record, schema = dataset.splits[split], table.schema(dataset)
    names = [folder / file.name for file in record.files]
    images, labels = (idx.read(name)[:most] for name in names)
    try:
        table.require_fit(images, labels, schema)
    except DataError as error:
        raise DataError(f"{folder}: {record.images.name}: {error}; run `python -m pipeline inspect`") from None

    origin = provenance.read(dataset, split, folder, labels)

    def read(number: int, columns: Sequence[str]) -> pa.Table:
        part = block(number)
        # Mapped anew for each block: a mapping keeps all that was read of it in memory.
        images, labels = (idx.read(name)[:most][part] for name in names)
        upright = images.swapaxes(1, 2) if dataset.transposed else images
        of_writers = (column[part] for column in origin)
        return table.from_arrays(upright, labels, schema, *of_writers, first=part.start).select(columns)

    return Rows(schema, ends(len(labels)), read)
