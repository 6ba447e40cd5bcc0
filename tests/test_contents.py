"""What a Parquet file holds, for the card and the Croissant description."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.base.outputs import Outputs
from pipeline.describe import contents

LABELS = np.array([3, 1, 3, 255], np.uint8)


def write(path: Path, labels: pa.Array, out: Outputs) -> None:
    pq.write_table(pa.table({"label": labels}), out.part(path), row_group_size=3)


def test_rows_are_counted_and_bytes_hashed(tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    with Outputs() as out:
        write(path, pa.array(LABELS), out)
    found = contents.of(path)
    assert (found.rows, found.counts) == (4, {1: 1, 3: 2, 255: 1})
    assert (found.bytes, found.sha256) == (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())


def test_a_new_file_counts_before_it_replaces_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    with Outputs() as out:
        write(path, pa.array(LABELS), out)
    with Outputs() as out:
        write(path, pa.array(LABELS[:1]), out)
        found = contents.of(out.part(path))
        assert contents.of(path).rows == 4
    assert found.rows == 1
    assert found == contents.of(path)
