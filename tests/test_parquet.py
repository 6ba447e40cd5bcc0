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
import parquets
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Run, tiny_arrays, write_tiny

from pipeline.__main__ import main
from pipeline.base import records
from pipeline.base.dataset import Dataset
from pipeline.base.errors import DataError, UnavailableError
from pipeline.base.structs import convert
from pipeline.rows import arrow, idx, parquet
from pipeline.rows.blocks import ROW_GROUP, Rows

IMAGES, LABELS = tiny_arrays(30, seed=0)


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> pa.Schema:
    """The schema of a dataset of 28 x 28 images of three classes."""
    folder = tmp_path_factory.mktemp("tiny")
    return arrow.schema(convert(write_tiny(folder), Dataset, folder))


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


def test_arrays_come_back_from_parquet(tmp_path: Path, schema: pa.Schema) -> None:
    parquets.write(arrow.from_arrays(IMAGES, LABELS, schema), tmp_path / "train.parquet")
    rows = parquet.read(tmp_path / "train.parquet")
    images, labels = arrow.to_arrays(rows)
    assert rows.schema.equals(schema, check_metadata=True)
    assert rows.column("id").to_pylist() == list(range(30))
    assert (images.dtype, labels.dtype) == (np.dtype("uint8"), np.dtype("uint8"))
    assert np.array_equal(images, IMAGES)
    assert np.array_equal(labels, LABELS)


def test_arrays_of_a_file_are_read_only(tmp_path: Path, schema: pa.Schema) -> None:
    parquets.write(arrow.from_arrays(IMAGES, LABELS, schema), tmp_path / "train.parquet")
    images, labels = arrow.to_arrays(parquet.read(tmp_path / "train.parquet"))
    assert not images.flags.writeable
    assert not labels.flags.writeable


def test_the_same_table_is_the_same_bytes(tmp_path: Path, schema: pa.Schema) -> None:
    for name in ["one", "two"]:
        parquets.write(arrow.from_arrays(IMAGES, LABELS, schema), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_pandas_polars_and_duckdb_read_the_same_pixels(tmp_path: Path, schema: pa.Schema) -> None:
    path = tmp_path / "train.parquet"
    parquets.write(arrow.from_arrays(IMAGES, LABELS, schema), path)
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
        parquet.read(path)


def test_a_truncated_file_is_named(tmp_path: Path, schema: pa.Schema) -> None:
    path = tmp_path / "train.parquet"
    parquets.write(arrow.from_arrays(IMAGES, LABELS, schema), path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=f"{path}: expected Parquet, found: "):
        parquet.read(path)


def test_a_file_with_broken_pages_is_named(tmp_path: Path, schema: pa.Schema) -> None:
    path = tmp_path / "train.parquet"
    parquets.write(arrow.from_arrays(IMAGES, LABELS, schema), path)
    content = path.read_bytes()
    path.write_bytes(content[:40] + bytes(30) + content[70:])
    with pytest.raises(DataError, match=f"{path}: expected Parquet, found: "):
        parquet.read(path)


def test_a_parquet_file_of_something_else_is_named(tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    pq.write_table(pa.table({"price": [1.5]}), path)
    with pytest.raises(DataError, match=f"{path}: expected "):
        parquet.read(path)


def test_a_file_that_another_program_wrote_is_said_and_what_to_do(tmp_path: Path, schema: pa.Schema) -> None:
    rows = arrow.from_arrays(IMAGES, LABELS, schema)
    (tmp_path / "folder").mkdir()
    pq.write_table(rows.select(["label", "image", "id"]), tmp_path / "order")
    pq.write_table(rows.set_column(1, "image", pa.array([[0]] * 30)), tmp_path / "lists")
    for name, message in [
        ("folder", "expected a Parquet file, found a folder"),
        ("order", "expected columns id, image, label, in this order, found label, image, id"),
        ("lists", "expected binary images, found list<"),
    ]:
        with pytest.raises(DataError, match=f"^{tmp_path / name}: {message}.*; another program wrote it: "):
            parquet.read(tmp_path / name)
    pl.from_arrow(rows).write_parquet(tmp_path / "polars")  # type: ignore[union-attr]
    with pytest.raises(
        DataError, match=r"polars: .* found no dataset, shape, class_names; another program wrote it: "
    ):
        parquet.require_own(parquet.scan(tmp_path / "polars").schema, tmp_path / "polars")


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"train.parquet: not found; run `dvc repro`"):
        parquet.read(tmp_path / "train.parquet")


def test_a_fingerprint_is_of_the_rows_and_the_schema_however_they_are_stored(
    tmp_path: Path, schema: pa.Schema
) -> None:
    rows = arrow.from_arrays(IMAGES, LABELS, schema)
    pq.write_table(rows, tmp_path / "other.parquet", row_group_size=7, compression="none")
    expected = parquet.fingerprints({"test": Rows.of(rows)})["test"]
    assert parquet.fingerprints({"test": parquet.scan(tmp_path / "other.parquet")})["test"] == expected
    images, labels = IMAGES.copy(), LABELS.copy()
    images[-1, -1, -1] ^= 1
    labels[0] ^= 1
    renamed = schema.with_metadata(schema.metadata | {b"class_names": b'["a", "b", "c"]'})
    others = [
        arrow.from_arrays(images, LABELS, schema),
        arrow.from_arrays(IMAGES, labels, schema),
        arrow.from_arrays(IMAGES, LABELS, renamed),
        rows.take([1, 0, *range(2, len(LABELS))]),
    ]
    assert len({expected, *(parquet.fingerprints({"test": Rows.of(other)})["test"] for other in others)}) == 5


def test_rows_are_read_as_passed_until_they_change(tmp_path: Path, schema: pa.Schema) -> None:
    path, record = tmp_path / "test.parquet", tmp_path / "passed.json"
    rows = arrow.from_arrays(IMAGES, LABELS, schema)
    parquets.write(rows, path)
    for content in ("", "[]", "{}", '{"train": "x"}', '{"test": "x"}'):
        record.write_text(content)
        with pytest.raises(DataError, match=r"test.parquet: has not passed the gate; run `python -m"):
            parquet.read_passed(path, record)
    record.write_text(json.dumps(parquet.fingerprints({"test": Rows.of(rows)})))
    assert parquet.read_passed(path, record).equals(rows)
    pq.write_table(rows.replace_schema_metadata({b"shape": b"[28, 27]"}), path)
    with pytest.raises(DataError, match="has not passed the gate"):
        parquet.read_passed(path, record)
    record.unlink()
    with pytest.raises(DataError, match="has not passed the gate"):
        parquet.read_passed(path, record)


def test_the_real_mnist_is_at_most_12_mb_and_equal_to_its_raw_files(mnist: Path, tmp_path: Path) -> None:
    assert main(["convert", "--raw", str(mnist), "--parquet", str(tmp_path)]) == 0
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 12_000_000
    for split, name in [("train", "train"), ("test", "t10k")]:
        images, labels = arrow.to_arrays(parquet.read(tmp_path / f"{split}.parquet"))
        assert images.tobytes() == (mnist / f"{name}-images-idx3-ubyte").read_bytes()[16:]
        assert labels.tobytes() == (mnist / f"{name}-labels-idx1-ubyte").read_bytes()[8:]


def test_on_a_full_disk_the_old_file_stays(full_disk: Path, schema: pa.Schema) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (30, 28, 28), np.uint8)
    with pytest.raises(OSError, match="No space left on device"):
        parquets.write(arrow.from_arrays(noise, LABELS, schema), full_disk / "train.parquet")
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


def test_a_file_of_blocks_is_the_same_bytes_as_one_of_the_whole(mnist: Path, tmp_path: Path) -> None:
    dataset = records.load("mnist")
    images, labels = (idx.read(mnist / file.name) for file in dataset.test.files)
    whole = arrow.from_arrays(images[:9_500], labels[:9_500], arrow.schema(dataset))
    options: Any = {"compression": "zstd", "compression_level": 9, "data_page_size": 1 << 24}
    options |= {"use_dictionary": ["label"], "write_statistics": ["id", "label"]}
    pq.write_table(whole, tmp_path / "whole", row_group_size=ROW_GROUP, **options)
    parquets.write(whole, tmp_path / "blocks")
    assert (tmp_path / "blocks").read_bytes() == (tmp_path / "whole").read_bytes()
