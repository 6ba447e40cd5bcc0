"""The rows of raw files, with one block in memory."""

import tracemalloc
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import parquets
import pyarrow as pa
import pytest
from conftest import tiny_arrays, write_tiny

from pipeline.base import structs
from pipeline.base.dataset import Dataset, Split
from pipeline.base.errors import DataError
from pipeline.gates.evidence.gather import gather
from pipeline.rows import arrow, convert, idx, parquet
from pipeline.rows.blocks import Rows

IMAGES, LABELS = tiny_arrays(300, 0)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """The tiny dataset's record; its files are in the test's folder."""
    return structs.convert(write_tiny(tmp_path), Dataset, tmp_path)


def test_the_rows_are_those_of_the_files(dataset: Dataset, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("pipeline.rows.blocks.ROW_GROUP", 70)
    rows = convert.rows(dataset, "train", tmp_path)
    assert [len(block) for block in rows.blocks()] == [70, 70, 70, 70, 20]
    whole = arrow.from_arrays(IMAGES, LABELS, arrow.schema(dataset))
    assert pa.concat_tables(rows.blocks()).equals(whole, check_metadata=True)


def test_transposed_images_are_turned_and_the_schema_says_so(dataset: Dataset, tmp_path: Path) -> None:
    rows = convert.rows(msgspec.structs.replace(dataset, transposed=True), "train", tmp_path)
    images, _ = arrow.to_arrays(next(rows.blocks()))
    np.testing.assert_array_equal(images, IMAGES.swapaxes(1, 2))
    assert rows.schema.metadata[b"transposed"] == b"true"


@pytest.mark.parametrize(
    ("place", "array", "message"),
    [
        (0, IMAGES[1:], r"images: expected uint8\[300, 28, 28\], found uint8\[299, 28, 28\]"),
        (0, IMAGES[:, 1:], r"images: expected uint8\[300, 28, 28\], found uint8\[300, 27, 28\]"),
        (1, LABELS.astype(">i4"), r"labels: expected uint8\[300\], found >i4\[300\]"),
    ],
)
def test_files_of_something_else_are_refused(
    dataset: Dataset, tmp_path: Path, place: int, array: Any, message: str
) -> None:
    (tmp_path / dataset.train.files[place].name).write_bytes(idx.encode(array))
    with pytest.raises(DataError, match=f"^{tmp_path}: .*{message}; run `python -m pipeline inspect`"):
        convert.rows(dataset, "train", tmp_path)


def test_the_rows_that_both_files_have_can_be_taken(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / dataset.train.labels.name).write_bytes(idx.encode(LABELS[:200]))
    rows = convert.rows(dataset, "train", tmp_path, 200)
    assert pa.concat_tables(rows.blocks())["label"].to_pylist() == LABELS[:200].tolist()


class Watched(NamedTuple):
    """Rows. At each read of a block, the number of blocks still in memory and of allocated bytes is noted."""

    rows: Rows
    blocks: list[int]
    bytes: list[int]


def watched(rows: Rows) -> Watched:
    blocks: list[int] = []
    allocated: list[int] = []
    alive: set[int] = set()

    def read(number: int, columns: Sequence[str]) -> pa.Table:
        blocks.append(len(alive))
        allocated.append(pa.total_allocated_bytes() + tracemalloc.get_traced_memory()[0])
        block = rows.read(number, columns)
        alive.add(len(blocks))
        weakref.finalize(block, alive.discard, len(blocks))
        return block

    return Watched(Rows(rows.schema, rows.ends, read), blocks, allocated)


@pytest.fixture
def many(dataset: Dataset, tmp_path: Path, monkeypatch: Any) -> dict[Split, Watched]:
    """Rows in 40 blocks and in 4, from Parquet files that were written and read block by block."""
    monkeypatch.setattr("pipeline.rows.blocks.ROW_GROUP", 250)
    result: dict[Split, Watched] = {}
    splits: list[tuple[Split, int]] = [("train", 10_000), ("test", 1_000)]
    for seed, (split, number) in enumerate(splits):
        for file, array in zip(dataset.splits[split].files, tiny_arrays(number, seed), strict=True):
            (tmp_path / file.name).write_bytes(idx.encode(array))
        source = watched(convert.rows(dataset, split, tmp_path))
        parquets.write(source.rows, tmp_path / split)
        assert len(source.blocks) == 2 * number / 250
        assert max(source.blocks) <= 2, "one, and the one before it"
        result[split] = watched(parquet.scan(tmp_path / split))
    return result


def test_files_are_written_and_gates_pass_with_a_block_of_images_in_memory(
    dataset: Dataset, many: dict[Split, Watched]
) -> None:
    tables = {split: part.rows for split, part in many.items()}
    gather(dataset, dict.fromkeys(tables, tables["test"]), 0)  # what is imported on the way is not of the rows
    tracemalloc.start()
    try:
        for part in many.values():
            part.bytes.clear()
        evidence = gather(dataset, tables, 0)
        for rows in tables.values():
            parquet.fingerprints({"test": rows})["test"]
    finally:
        tracemalloc.stop()
    assert evidence["train"].rows["ink"].notna().all()
    held = many["train"].bytes
    assert len(held) >= 7 * 40, "each pass reads each block"
    assert max(held) - held[0] < 0.7 * 784 * 10_000, "features, measures and hashes are less than the images"
