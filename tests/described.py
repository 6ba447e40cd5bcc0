"""A folder of Parquet files of a tiny dataset with both descriptions, as `convert` leaves it."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import writers
from conftest import tiny_arrays, write_tiny
from numpy.typing import NDArray

from pipeline.base import structs
from pipeline.base.dataset import Dataset, Split
from pipeline.base.outputs import Outputs
from pipeline.describe import contents, croissant, dataset_card
from pipeline.rows import arrow

Arrays = tuple[NDArray[np.uint8], NDArray[np.uint8]]
SIZES: dict[Split, int] = {"train": 300, "test": 60}


def arrays(split: Split, first_label: int = 0) -> Arrays:
    """The images and labels of a split."""
    images, labels = tiny_arrays(SIZES[split], 0 if split == "train" else 1)
    return images, labels + np.uint8(first_label)


def describe(folder: Path, provenance: bool = False, **changes: Any) -> Path:
    """Write both splits and both descriptions into folder/parquet, which is returned. changes: to the record."""
    record = write_tiny(folder / "raw") | changes
    if provenance:
        record["provenance"] = writers.write(folder / "raw")
    dataset = structs.convert(record, Dataset, folder)
    schema, found = arrow.schema(dataset), {}
    for split, count in SIZES.items():
        origin = [np.arange(count) % 5] * 2 if provenance else []
        rows = arrow.from_arrays(*arrays(split, dataset.first_label), schema, *origin)
        path = folder / f"parquet/{split}.parquet"
        path.parent.mkdir(exist_ok=True)
        pq.write_table(rows, path)
        found[split] = contents.of(path)
    with Outputs() as out:
        out.json(path.with_name("croissant.json"), croissant.describe(dataset, rows.schema, found))
        out.text(path.with_name("README.md"), dataset_card.write(dataset, rows.schema, found))
    return path.parent
