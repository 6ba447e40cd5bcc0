"""What a Parquet file holds, for the descriptions: rows, labels, bytes, and what each column means."""

from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from pipeline.base.outputs import sha256

MEANINGS = {
    "id": "row in the raw file, from 0",
    "image": "grey levels 0 to 255, a byte each, row by row from the top left",
    "label": "class of the image",
    "writer": "who wrote the digit",
    "hsf": "NIST's partition of the writer: 0 to 3 census employees, 4 high-school students",
}


class Contents(NamedTuple):
    """The file of a split. counts: the rows of each label that occurs; bytes, sha256: its length and hash."""

    rows: int
    counts: dict[int, int]
    bytes: int
    sha256: str


def of(path: Path) -> Contents:
    """What a Parquet file holds that `convert` wrote, also while the file still has its temporary name."""
    counts = pq.ParquetFile(path).read(["label"])["label"].value_counts().to_pylist()
    rows = {count["values"]: count["counts"] for count in counts}
    return Contents(sum(rows.values()), rows, path.stat().st_size, sha256(path))
