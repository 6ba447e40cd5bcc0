"""`export` writes the raw files that `convert` read, byte for byte, or none of them."""

import dataclasses
import gzip
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import parquets
import pyarrow as pa
import pytest
from conftest import ROOT, tiny_arrays, write_tiny

from pipeline.__main__ import main
from pipeline.base.dataset import Dataset
from pipeline.base.errors import DataError
from pipeline.base.outputs import Outputs
from pipeline.base.structs import convert
from pipeline.rows import arrow, export, idx, parquet
from pipeline.rows.blocks import Rows

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TINY = {"train": (300, 0), "test": (60, 1)}  # rows and seed


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """The tiny dataset: its raw files in `raw/`, its Parquet files in `parquet/`. No image is transposed."""
    found = convert(write_tiny(tmp_path / "raw"), Dataset, tmp_path)
    write_parquet(found, tmp_path)
    return found


def write_parquet(dataset: Dataset, folder: Path) -> None:
    for split, (rows, seed) in TINY.items():
        parquets.write(
            arrow.from_arrays(*tiny_arrays(rows, seed), arrow.schema(dataset)),
            folder / "parquet" / f"{split}.parquet",
        )


def exported(dataset: Dataset, source: Path, folder: Path, gzipped: bool) -> None:
    """Write the raw files of the Parquet files in `source` into `folder`."""
    with Outputs() as out:
        export.raw_files(dataset, source, folder, gzipped, out)


def without_hashes(dataset: Dataset) -> Dataset:
    """The record if only the published .gz files are known: no raw file has a SHA-256."""
    replace = msgspec.structs.replace
    splits = {
        split: replace(
            record, images=replace(record.images, sha256=None), labels=replace(record.labels, sha256=None)
        )
        for split, record in dataset.splits.items()
    }
    return replace(dataset, **splits)


@pytest.mark.parametrize("known", [True, False], ids=["known hashes", "unknown hashes"])
def test_the_files_are_those_that_the_parquet_was_made_of(tmp_path: Path, dataset: Dataset, known: bool) -> None:
    record = dataset if known else without_hashes(dataset)
    exported(record, tmp_path / "parquet", tmp_path / "out", gzipped=False)
    assert len(list((tmp_path / "out").iterdir())) == 4
    for file in dataset.files:
        assert (tmp_path / "out" / file.name).read_bytes() == (tmp_path / "raw" / file.name).read_bytes()


def test_no_image_is_read_for_the_labels(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan, read = parquet.scan, list[Sequence[str]]()

    def noted(path: Path) -> Rows:
        rows = scan(path)

        def own(number: int, columns: Sequence[str]) -> pa.Table:
            read.append(columns)
            return rows.read(number, columns)

        return dataclasses.replace(rows, read=own)

    monkeypatch.setattr(parquet, "scan", noted)
    exported(dataset, tmp_path / "parquet", tmp_path / "out", gzipped=False)
    assert read == [["id", "image"], ["id", "label"]] * 2


def test_gzipped_they_are_the_same_bytes_each_time(tmp_path: Path, dataset: Dataset) -> None:
    for name in ("one", "two"):
        exported(dataset, tmp_path / "parquet", tmp_path / name, gzipped=True)
    for file in dataset.files:
        packed = (tmp_path / "one" / f"{file.name}.gz").read_bytes()
        assert gzip.decompress(packed) == (tmp_path / "raw" / file.name).read_bytes()
        assert packed == (tmp_path / "two" / f"{file.name}.gz").read_bytes()
    assert len(list((tmp_path / "one").iterdir())) == 4


def test_images_that_convert_made_upright_are_transposed_again(tmp_path: Path, dataset: Dataset) -> None:
    transposed = msgspec.structs.replace(without_hashes(dataset), transposed=True)
    write_parquet(transposed, tmp_path)
    exported(transposed, tmp_path / "parquet", tmp_path / "out", gzipped=False)
    upright, labels = tiny_arrays(300, 0)
    assert (tmp_path / "out" / IMAGES).read_bytes() == idx.encode(upright.swapaxes(1, 2))
    assert (tmp_path / "out" / LABELS).read_bytes() == idx.encode(labels)


def change(path: Path, column: str, values: np.ndarray) -> None:
    rows = parquet.read(path)
    place = rows.schema.get_field_index(column)
    parquets.write(rows.set_column(place, rows.schema.field(column), pa.array(values)), path)


def test_a_file_of_other_bytes_than_the_record_s_is_not_written(tmp_path: Path, dataset: Dataset) -> None:
    labels = tiny_arrays(300, 0)[1]
    labels[7] = 2
    change(tmp_path / "parquet/train.parquet", "label", labels)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / LABELS).write_text("good")
    digest = hashlib.sha256(idx.encode(labels)).hexdigest()
    expected = f"train.parquet: {LABELS}: SHA-256: expected {dataset.train.labels.sha256}, found {digest}; run "
    with pytest.raises(DataError, match=re.escape(expected)):
        exported(dataset, tmp_path / "parquet", tmp_path / "out", gzipped=False)
    assert (tmp_path / "out" / LABELS).read_text() == "good"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [LABELS], "no file without the others"


def test_rows_in_another_order_are_no_raw_file_though_no_hash_is_known(tmp_path: Path, dataset: Dataset) -> None:
    change(tmp_path / "parquet/train.parquet", "id", np.arange(300, dtype=np.int32)[::-1].copy())
    with pytest.raises(DataError, match=r"train.parquet: id: expected 0 to 299 in order in row group 0"):
        exported(without_hashes(dataset), tmp_path / "parquet", tmp_path / "out", gzipped=False)
    assert list((tmp_path / "out").iterdir()) == []


def test_fewer_rows_than_the_record_s_are_refused(tmp_path: Path, dataset: Dataset) -> None:
    path = tmp_path / "parquet/train.parquet"
    parquets.write(parquet.read(path)[:200], path)
    with pytest.raises(DataError, match=r"train.parquet: expected 300 rows, found 200"):
        exported(dataset, tmp_path / "parquet", tmp_path / "out", gzipped=False)


def test_the_parquet_of_another_dataset_is_one_clear_line(
    tmp_path: Path, dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["export", str(tmp_path / "out"), "--params", str(ROOT / "params.yaml"), "--parquet"]
    assert main([*call, str(tmp_path / "parquet")]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"export: error: {tmp_path}/parquet/train.parquet: expected id int32 not null; ")
    assert "dataset mnist; " in error
    assert "dataset tiny; " in error
    assert error.count("\n") == 1
    assert main([*call, str(tmp_path / "absent")]) == 3
    assert "absent/train.parquet: not found; run `dvc repro`" in capsys.readouterr().err


def test_the_real_files_come_back_with_one_row_group_in_memory(
    mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    params = ["--params", str(ROOT / "params.yaml"), "--parquet", str(tmp_path)]
    assert main(["convert", "--raw", str(mnist), *params]) == 0
    pool, usual = pa.proxy_memory_pool(pa.system_memory_pool()), pa.default_memory_pool()
    pa.set_memory_pool(pool)
    try:
        assert main(["export", str(tmp_path / "out"), *params]) == 0
    finally:
        pa.set_memory_pool(usual)
    assert capsys.readouterr().err == f"export: {tmp_path}/out: 4 files of mnist, with the record's SHA-256\n"
    for path in (tmp_path / "out").iterdir():
        assert path.read_bytes() == (mnist / path.name).read_bytes()
    assert pool.max_memory() < 24_000_000  # of 47 MB of pixels
