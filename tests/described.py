"""A folder of Parquet files with what describes it, of any tiny dataset: as `convert` leaves it."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import writers
from conftest import tiny_arrays, write_tiny
from numpy.typing import NDArray

from pipeline import contents, croissant, dataset_card, files, table
from pipeline.datasets import Dataset, Split

Arrays = tuple[NDArray[np.uint8], NDArray[np.uint8]]
SIZES: dict[Split, int] = {"train": 300, "test": 60}


def arrays(split: Split, first_label: int = 0) -> Arrays:
    """The images and labels of a split."""
    images, labels = tiny_arrays(SIZES[split], list(SIZES).index(split))
    return images, labels + np.uint8(first_label)


def describe(folder: Path, provenance: bool = False, **changes: Any) -> Path:
    """Write both splits and both descriptions into folder/parquet; return it. changes: of the record."""
    record = write_tiny(folder / "raw") | changes
    if provenance:
        record["provenance"] = writers.write(folder / "raw")
    dataset = files.convert(record, Dataset, folder)
    schema, found = table.schema(dataset), {}
    for split, count in SIZES.items():
        origin = [np.arange(count) % 5] * 2 if provenance else []
        rows = table.from_arrays(*arrays(split, dataset.first_label), schema, *origin)
        path = folder / f"parquet/{split}.parquet"
        path.parent.mkdir(exist_ok=True)
        pq.write_table(rows, path)
        found[split] = contents.of(path)
    files.write_json(path.with_name("croissant.json"), croissant.describe(dataset, rows.schema, found))
    files.write_text(path.with_name("README.md"), dataset_card.write(dataset, rows.schema, found))
    return path.parent
