"""Parquet: what goes in comes out, in every reader; a write is all or nothing."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Run, tiny_arrays, write_tiny
from numpy.typing import NDArray

from pipeline import datasets, idx, table
from pipeline.__main__ import main
from pipeline.datasets import Dataset
from pipeline.errors import DataError, UnavailableError
from pipeline.files import convert
from pipeline.rows import ROW_GROUP, Images, Rows

IMAGES, LABELS = tiny_arrays(30, seed=0)


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> pa.Schema:
    """The schema of a dataset of 28 x 28 images of three classes."""
    folder = tmp_path_factory.mktemp("tiny")
    return table.schema(convert(write_tiny(folder), Dataset, folder))


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 64 kB with 4 kB left."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no `mount` here")
    if done.returncode != 0:
        pytest.skip(f"mounting is not permitted here: {done.stderr.strip()}")
    try:
        (disk / "train.parquet").write_bytes(b"old")
        (disk / "other").write_bytes(bytes(56 * 1024))
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_the_schema_names_the_columns_the_shape_and_the_classes(schema: pa.Schema) -> None:
    assert [(field.name, str(field.type), field.nullable) for field in schema] == [
        ("id", "int32", False),
        ("image", "fixed_size_binary[784]", False),
        ("label", "uint8", False),
    ]
    assert schema.metadata == {
        b"dataset": b"tiny",
        b"shape": b"[28, 28]",
        b"class_names": b'["left", "middle", "right"]',
    }
    assert table.class_names(schema.empty_table()) == {0: "left", 1: "middle", 2: "right"}


def test_arrays_come_back_from_parquet(tmp_path: Path, schema: pa.Schema) -> None:
    table.write(Rows.of(table.from_arrays(IMAGES, LABELS, schema)), tmp_path / "train.parquet")
    rows = table.read(tmp_path / "train.parquet")
    images, labels = table.to_arrays(rows)
    assert rows.schema.equals(schema, check_metadata=True)
    assert rows.column("id").to_pylist() == list(range(30))
    assert (images.dtype, labels.dtype) == (np.dtype("uint8"), np.dtype("uint8"))
    assert np.array_equal(images, IMAGES)
    assert np.array_equal(labels, LABELS)


def test_images_are_not_copied(schema: pa.Schema) -> None:
    images, _ = table.to_arrays(table.from_arrays(IMAGES, LABELS, schema))
    assert np.shares_memory(images, IMAGES)


def test_arrays_of_a_file_are_read_only(tmp_path: Path, schema: pa.Schema) -> None:
    table.write(Rows.of(table.from_arrays(IMAGES, LABELS, schema)), tmp_path / "train.parquet")
    images, labels = table.to_arrays(table.read(tmp_path / "train.parquet"))
    assert not images.flags.writeable
    assert not labels.flags.writeable


def test_a_slice_and_joined_chunks_give_their_own_rows(schema: pa.Schema) -> None:
    rows = table.from_arrays(IMAGES, LABELS, schema)
    images, labels = table.to_arrays(rows.slice(10, 5))
    assert np.array_equal(images, IMAGES[10:15])
    assert np.array_equal(labels, LABELS[10:15])
    images, labels = table.to_arrays(pa.concat_tables([rows.slice(20), rows.slice(0, 20)]))
    assert np.array_equal(images, np.roll(IMAGES, 10, axis=0))
    assert np.array_equal(labels, np.roll(LABELS, 10))


def test_images_that_are_not_contiguous_keep_their_pixels(schema: pa.Schema) -> None:
    turned = IMAGES.transpose(0, 2, 1)
    images, _ = table.to_arrays(table.from_arrays(turned, LABELS, schema))
    assert np.array_equal(images, turned)


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        pytest.param(IMAGES[:-1], LABELS, id="fewer images than labels"),
        pytest.param(IMAGES[:, ::2, ::2], LABELS, id="14 x 14 pixels"),
        pytest.param(IMAGES.reshape(15, 56, 28), LABELS[:15], id="56 x 28 pixels"),
        pytest.param(IMAGES.astype(">f4"), LABELS, id="images of another type"),
        pytest.param(IMAGES, LABELS.astype(">i4"), id="labels of another type"),
    ],
)
def test_arrays_that_are_not_the_schemas_are_refused(
    schema: pa.Schema, images: NDArray[Any], labels: NDArray[Any]
) -> None:
    with pytest.raises(DataError, match=r"expected .* found "):
        table.from_arrays(images, labels, schema)


def test_the_same_table_is_the_same_bytes(tmp_path: Path, schema: pa.Schema) -> None:
    for name in ["one", "two"]:
        table.write(Rows.of(table.from_arrays(IMAGES, LABELS, schema)), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_pandas_polars_and_duckdb_read_the_same_pixels(tmp_path: Path, schema: pa.Schema) -> None:
    path = tmp_path / "train.parquet"
    table.write(Rows.of(table.from_arrays(IMAGES, LABELS, schema)), path)
    query = f"SELECT image FROM '{path}' ORDER BY id"
    cells = {
        "pandas": list(pd.read_parquet(path)["image"]),
        "polars": pl.read_parquet(path)["image"].to_list(),
        "duckdb": [image for (image,) in duckdb.connect().execute(query).fetchall()],
    }
    assert cells == {reader: [image.tobytes() for image in IMAGES] for reader in cells}


@pytest.mark.parametrize("content", [b"", b"hello", b"PAR1" + bytes(100) + b"PAR1"])
def test_a_file_that_is_not_parquet_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "train.parquet"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"{path}: expected Parquet, found: "):
        table.read(path)


def test_a_truncated_file_is_named(tmp_path: Path, schema: pa.Schema) -> None:
    path = tmp_path / "train.parquet"
    table.write(Rows.of(table.from_arrays(IMAGES, LABELS, schema)), path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=f"{path}: expected Parquet, found: "):
        table.read(path)


def test_a_file_with_broken_pages_is_named(tmp_path: Path, schema: pa.Schema) -> None:
    path = tmp_path / "train.parquet"
    table.write(Rows.of(table.from_arrays(IMAGES, LABELS, schema)), path)
    content = path.read_bytes()
    path.write_bytes(content[:40] + bytes(30) + content[70:])
    with pytest.raises(DataError, match=f"{path}: expected Parquet, found: "):
        table.read(path)


def test_a_parquet_file_of_something_else_is_named(tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    pq.write_table(pa.table({"price": [1.5]}), path)
    with pytest.raises(DataError, match=f"{path}: expected "):
        table.read(path)


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"train.parquet: not found; run `dvc repro`"):
        table.read(tmp_path / "train.parquet")


def test_a_fingerprint_is_of_the_rows_and_the_schema_however_they_are_stored(
    tmp_path: Path, schema: pa.Schema
) -> None:
    rows = table.from_arrays(IMAGES, LABELS, schema)
    pq.write_table(rows, tmp_path / "other.parquet", row_group_size=7, compression="none")
    expected = table.fingerprints({"test": Rows.of(rows)})["test"]
    assert table.fingerprints({"test": table.scan(tmp_path / "other.parquet")})["test"] == expected
    images, labels = IMAGES.copy(), LABELS.copy()
    images[-1, -1, -1] ^= 1
    labels[0] ^= 1
    renamed = schema.with_metadata(schema.metadata | {b"class_names": b'["a", "b", "c"]'})
    others = [
        table.from_arrays(images, LABELS, schema),
        table.from_arrays(IMAGES, labels, schema),
        table.from_arrays(IMAGES, LABELS, renamed),
        rows.take([1, 0, *range(2, len(LABELS))]),
    ]
    assert len({expected, *(table.fingerprints({"test": Rows.of(other)})["test"] for other in others)}) == 5


def test_rows_are_read_as_passed_until_they_change(tmp_path: Path, schema: pa.Schema) -> None:
    path, record = tmp_path / "test.parquet", tmp_path / "passed.json"
    rows = table.from_arrays(IMAGES, LABELS, schema)
    table.write(Rows.of(rows), path)
    for content in ("", "[]", "{}", '{"train": "x"}', '{"test": "x"}'):
        record.write_text(content)
        with pytest.raises(DataError, match=r"test.parquet: has not passed the gate; run `python -m"):
            table.read_passed(path, record)
    record.write_text(json.dumps(table.fingerprints({"test": Rows.of(rows)})))
    assert table.read_passed(path, record).equals(rows)
    pq.write_table(rows.replace_schema_metadata({b"shape": b"[28, 27]"}), path)
    with pytest.raises(DataError, match="has not passed the gate"):
        table.read_passed(path, record)
    record.unlink()
    with pytest.raises(DataError, match="has not passed the gate"):
        table.read_passed(path, record)


def test_the_real_mnist_is_at_most_12_mb_and_equal_to_its_raw_files(mnist: Path, tmp_path: Path) -> None:
    assert main(["convert", "--raw", str(mnist), "--parquet", str(tmp_path)]) == 0
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 12_000_000
    for split, name in [("train", "train"), ("test", "t10k")]:
        images, labels = table.to_arrays(table.read(tmp_path / f"{split}.parquet"))
        assert images.tobytes() == (mnist / f"{name}-images-idx3-ubyte").read_bytes()[16:]
        assert labels.tobytes() == (mnist / f"{name}-labels-idx1-ubyte").read_bytes()[8:]


def test_on_a_full_disk_the_old_file_stays(full_disk: Path, schema: pa.Schema) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (30, 28, 28), np.uint8)
    with pytest.raises(OSError, match="No space left on device"):
        table.write(Rows.of(table.from_arrays(noise, LABELS, schema)), full_disk / "train.parquet")
    assert (full_disk / "train.parquet").read_bytes() == b"old"
    assert sorted(path.name for path in full_disk.iterdir()) == ["other", "train.parquet"]


def test_convert_on_a_full_disk_is_one_line_and_exit_3(full_disk: Path, tmp_path: Path, run: Run) -> None:
    paths = ["--raw", str(tmp_path / "mirror"), "--parquet", str(full_disk)]
    done = run(sys.executable, "-m", "pipeline", "convert", *paths)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith(f"convert: error: {full_disk / 'train.parquet'}: ")
    assert "No space left on device" in done.stderr
    assert done.stderr.count("\n") == 1
    assert (full_disk / "train.parquet").read_bytes() == b"old"
    assert sorted(path.name for path in full_disk.iterdir()) == ["other", "train.parquet"]


def test_rows_are_read_block_by_block_and_again(tmp_path: Path, schema: pa.Schema, monkeypatch: Any) -> None:
    monkeypatch.setattr("pipeline.rows.ROW_GROUP", 7)
    whole = table.from_arrays(IMAGES, LABELS, schema)
    table.write(Rows.of(whole), tmp_path / "train.parquet")
    kept = LABELS != 1
    for rows in (Rows.of(whole), table.scan(tmp_path / "train.parquet")):
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
    for rows in (Rows.of(schema.empty_table()), table.scan(tmp_path / "train.parquet")):
        assert (len(rows), [len(part) for part in rows.blocks()]) == (0, [0])


def test_a_file_of_blocks_is_the_same_bytes_as_one_of_the_whole(mnist: Path, tmp_path: Path) -> None:
    dataset = datasets.load("mnist")
    images, labels = (idx.read(mnist / file.name) for file in dataset.test.files)
    whole = table.from_arrays(images[:9_500], labels[:9_500], table.schema(dataset))
    options: Any = {"compression": "zstd", "use_dictionary": ["label"], "write_statistics": ["id", "label"]}
    pq.write_table(whole, tmp_path / "whole", row_group_size=ROW_GROUP, **options)
    table.write(Rows.of(whole), tmp_path / "blocks")
    assert (tmp_path / "blocks").read_bytes() == (tmp_path / "whole").read_bytes()
