"""What a Parquet file holds, for those who describe it: rows, labels, bytes, and what each column means."""

from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from pipeline.files import sha256, written

MEANINGS = {
    "id": "row in the raw file, from 0",
    "image": "grey levels 0 to 255, a byte each, row by row from the top left",
    "label": "class of the image",
    "writer": "who wrote the digit",
    "hsf": "NIST's partition of the writer: 0 to 3 census employees, 4 high-school students",
}


class Contents(NamedTuple):
    """A split's file. counts: rows of each label, of those that occur; bytes: of the file, as its SHA-256."""

    rows: int
    counts: dict[int, int]
    bytes: int
    sha256: str


def of(path: Path) -> Contents:
    """What a Parquet file of `convert` holds, from the moment that it was written."""
    path = written(path)
    counts = pq.ParquetFile(path).read(["label"])["label"].value_counts().to_pylist()
    rows = {count["values"]: count["counts"] for count in counts}
    return Contents(sum(rows.values()), rows, path.stat().st_size, sha256(path))
