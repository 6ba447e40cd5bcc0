"""A folder of Parquet files with what describes it, of any tiny dataset: as `convert` leaves it."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from conftest import tiny_arrays, write_tiny
from numpy.typing import NDArray

from pipeline import contents, croissant, dataset_card, files, table
from pipeline.datasets import Dataset, Split

Arrays = tuple[NDArray[np.uint8], NDArray[np.uint8]]
SIZES: dict[Split, int] = {"train": 300, "test": 60}
PROVENANCE = pa.schema(
    [pa.field(name, pa.int16() if name == "writer" else pa.int8(), False) for name in ("writer", "hsf")]
)


def arrays(split: Split, first_label: int = 0) -> Arrays:
    """The images and labels of a split."""
    images, labels = tiny_arrays(SIZES[split], list(SIZES).index(split))
    return images, labels + np.uint8(first_label)


def describe(folder: Path, provenance: bool = False, **changes: Any) -> Path:
    """Write both splits and both descriptions into folder/parquet; return it. changes: of the record."""
    record = write_tiny(folder / "raw") | changes
    dataset = files.convert(record, Dataset, folder)
    schema, found = table.schema(dataset), {}
    for split in SIZES:
        rows = table.from_arrays(*arrays(split, dataset.first_label), schema)
        for field in PROVENANCE if provenance else []:
            rows = rows.append_column(field, pa.array(np.arange(len(rows)) % 5, field.type))
        path = folder / f"parquet/{split}.parquet"
        path.parent.mkdir(exist_ok=True)
        pq.write_table(rows, path)
        found[split] = contents.of(path)
    files.write_json(path.with_name("croissant.json"), croissant.describe(dataset, rows.schema, found))
    files.write_text(path.with_name("README.md"), dataset_card.write(dataset, rows.schema, found))
    return path.parent
