"""What a Parquet file holds, as the card and the Croissant description tell it."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import contents, files

LABELS = np.array([3, 1, 3, 255], np.uint8)


def write(path: Path, labels: pa.Array) -> None:
    with files.publishing(path) as partial:
        pq.write_table(pa.table({"label": labels}), partial, row_group_size=3)


def test_rows_are_counted_and_bytes_hashed(tmp_path: Path) -> None:
    write(path := tmp_path / "train.parquet", pa.array(LABELS))
    found = contents.of(path)
    assert (found.rows, found.counts) == (4, {1: 1, 3: 2, 255: 1})
    assert (found.bytes, found.sha256) == (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())


def test_a_file_that_is_yet_to_take_the_place_of_an_old_one_is_the_one_that_counts(tmp_path: Path) -> None:
    write(path := tmp_path / "train.parquet", pa.array(LABELS))
    with files.together():
        write(path, pa.array(LABELS[:1]))
        found = contents.of(path)
    assert found.rows == 1
    assert found == contents.of(path)
