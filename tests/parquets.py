"""Parquet files for tests, written as `convert` writes them."""

from pathlib import Path

import pyarrow as pa

from pipeline.base.outputs import Outputs
from pipeline.rows import parquet
from pipeline.rows.blocks import Rows


def write(rows: Rows | pa.Table, path: Path) -> None:
    """Write rows as the Parquet file `path`."""
    with Outputs() as out:
        parquet.write(Rows.of(rows) if isinstance(rows, pa.Table) else rows, path, out)
