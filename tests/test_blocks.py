"""Rows in blocks: read one at a time, in order, as often as wanted."""

from pathlib import Path
from typing import Any

import numpy as np
import parquets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import tiny_arrays, write_tiny

from pipeline.base.dataset import Dataset
from pipeline.base.structs import convert
from pipeline.rows import arrow, parquet
from pipeline.rows.blocks import Images, Rows

IMAGES, LABELS = tiny_arrays(30, seed=0)


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> pa.Schema:
    """The schema of a dataset of 28 x 28 images of three classes."""
    folder = tmp_path_factory.mktemp("tiny")
    return arrow.schema(convert(write_tiny(folder), Dataset, folder))


def test_rows_are_read_block_by_block_and_again(tmp_path: Path, schema: pa.Schema, monkeypatch: Any) -> None:
    monkeypatch.setattr("pipeline.rows.blocks.ROW_GROUP", 7)
    whole = arrow.from_arrays(IMAGES, LABELS, schema)
    parquets.write(whole, tmp_path / "train.parquet")
    kept = LABELS != 1
    for rows in (Rows.of(whole), parquet.scan(tmp_path / "train.parquet")):
        assert (len(rows), rows.ends.tolist()) == (30, [7, 14, 21, 28, 30])
        for _ in range(2):
            assert pa.concat_tables(rows.blocks()).equals(whole)
            images = Images(rows, kept, (28, 28))
            assert [len(part) for part in images] == np.add.reduceat(kept, [0, 7, 14, 21, 28]).tolist()
            assert np.array_equal(np.concatenate(list(images)), IMAGES[kept])
        assert [part.column_names for part in rows.blocks(["label"])] == [["label"]] * 5
        assert rows.images(np.array([0, 6, 7, 29])) == [IMAGES[k].tobytes() for k in (0, 6, 7, 29)]


@pytest.mark.parametrize("groups", [0, 1], ids=["without row groups", "with an empty one"])
def test_a_file_without_rows_is_one_empty_block(tmp_path: Path, schema: pa.Schema, groups: int) -> None:
    with pq.ParquetWriter(tmp_path / "train.parquet", schema) as writer:
        if groups:
            writer.write_table(schema.empty_table())
    for rows in (Rows.of(schema.empty_table()), parquet.scan(tmp_path / "train.parquet")):
        assert (len(rows), [len(part) for part in rows.blocks()]) == (0, [0])


def test_values_beside_the_images_are_those_of_the_same_rows(schema: pa.Schema, monkeypatch: Any) -> None:
    monkeypatch.setattr("pipeline.rows.blocks.ROW_GROUP", 7)
    kept = LABELS != 1
    images = Images(Rows.of(arrow.from_arrays(IMAGES, LABELS, schema)), kept, (28, 28))
    for part, values in images.beside(np.flatnonzero(kept)):
        np.testing.assert_array_equal(part, IMAGES[values])
