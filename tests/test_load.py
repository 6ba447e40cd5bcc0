"""pipeline.load: a split as arrays, without the packages that only the pipeline needs."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import datasets
import duckdb
import numpy as np
import pandas as pd
import parquets
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from conftest import ROOT, tiny_arrays, tiny_record, write_tiny

import pipeline
from pipeline.base.dataset import Dataset
from pipeline.base.errors import ConfigError, DataError, UnavailableError
from pipeline.base.structs import convert
from pipeline.rows import arrow, idx, parquet

IMAGES, LABELS = tiny_arrays(30, seed=0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one of the two splits."""
    schema = arrow.schema(convert(write_tiny(tmp_path / "raw"), Dataset, tmp_path))
    parquets.write(arrow.from_arrays(IMAGES, LABELS, schema), tmp_path / "parquet/train.parquet")
    return tmp_path / "parquet"


def test_a_split_is_two_arrays_that_cannot_be_written_to(folder: Path) -> None:
    images, labels = pipeline.load("train", folder)
    assert {images.dtype, labels.dtype} == {np.dtype(np.uint8)}
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, LABELS)
    for array in (images, labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_the_real_rows_are_those_of_the_raw_files_in_the_default_folder(
    mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not (ROOT / "data/parquet/train.parquet").is_file():
        pytest.skip("data/parquet is not here; `make repro` makes it")
    monkeypatch.chdir(ROOT)
    for split, name in [("train", "train"), ("test", "t10k")]:
        images, labels = pipeline.load(split)
        assert images.shape == (len(labels), 28, 28)
        np.testing.assert_array_equal(images, idx.read(mnist / f"{name}-images-idx3-ubyte"))
        np.testing.assert_array_equal(labels, idx.read(mnist / f"{name}-labels-idx1-ubyte"))


def test_what_arrow_has_read_is_not_copied_however_many_row_groups_there_are(folder: Path) -> None:
    path = folder / "train.parquet"
    pq.write_table(parquet.read(path), path, row_group_size=7)
    arrow.to_arrays(rows := parquet.read(path))  # what the first call imports takes memory, too
    before = pa.total_allocated_bytes()
    images, labels = arrow.to_arrays(rows)
    assert pa.total_allocated_bytes() == before
    assert (images.flags.owndata, labels.flags.owndata) == (False, False)


@pytest.mark.parametrize(
    ("split", "error", "message"),
    [
        (
            "test",
            UnavailableError,
            r"test.parquet: not found; run `dvc repro` or `dvc pull` in its project, or the stage `convert`",
        ),
        ("valid", ConfigError, "split: expected train or test, found 'valid'"),
        ("../train", ConfigError, "split: expected train or test, found '../train'"),
    ],
)
def test_what_is_not_there_is_said(folder: Path, split: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        pipeline.load(split, folder)


def test_what_is_no_parquet_is_said(folder: Path) -> None:
    (folder / "train.parquet").write_bytes(b"hello")
    with pytest.raises(DataError, match=r"train.parquet: expected Parquet, found: "):
        pipeline.load("train", folder)


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import pipeline", {"numpy", "pyarrow", "msgspec"}),
        ("import sys, pipeline; pipeline.load('train', sys.argv[1])", {"pandas", "sklearn", "dvc"}),
    ],
)
def test_nothing_is_imported_that_is_not_needed(folder: Path, code: str, absent: set[str]) -> None:
    code = f"{code}; import sys; print({absent!r} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


def test_what_another_program_wrote_is_refused_in_one_line(folder: Path) -> None:
    path = folder / "train.parquet"
    rows = parquet.read(path)
    wrong = rows.schema.metadata | {b"shape": b"[28, 27]"}
    for schema, message in [
        (rows.schema.remove_metadata().with_metadata({"a": "b"}), "found no dataset, shape, class_names; another"),
        (rows.schema.with_metadata(wrong), r"expected images of \[28, 27\], found images of .*\[784\]; another"),
    ]:
        pq.write_table(rows.cast(schema), path)
        with pytest.raises(DataError, match=f"^{path}: .*{message}"):
            pipeline.load("train", folder)


def by_pandas(source: Path, target: Path) -> None:
    pd.read_parquet(source).to_parquet(target)


def by_pandas_from_another_order_with_an_index(source: Path, target: Path) -> None:
    pd.read_parquet(source).sort_values("label").to_parquet(target)


def by_polars(source: Path, target: Path) -> None:
    pl.read_parquet(source).write_parquet(target)


def by_duckdb(source: Path, target: Path) -> None:
    duckdb.connect().execute(f"copy (select * from '{source}') to '{target}'")


def by_duckdb_with_wide_numbers(source: Path, target: Path) -> None:
    wide = f"select label::int as label, image, id::bigint as id from '{source}'"
    duckdb.connect().execute(f"copy ({wide}) to '{target}'")


def by_duckdb_into_a_folder(source: Path, target: Path) -> None:
    rows = f"select id, image, label::smallint as label from '{source}'"
    duckdb.connect().execute(
        f"copy ({rows}) to '{target}' (format parquet, partition_by (label), write_partition_columns true)"
    )


def by_datasets(source: Path, target: Path) -> None:
    rows = datasets.Dataset.from_parquet(str(source), cache_dir=str(target.parent / "cache"))
    rows.to_parquet(target)


WRITERS = [
    by_pandas,
    by_pandas_from_another_order_with_an_index,
    by_polars,
    by_duckdb,
    by_duckdb_with_wide_numbers,
    by_duckdb_into_a_folder,
    by_datasets,
]


@pytest.fixture
def rewritten(folder: Path) -> Path:
    """A folder beside that of the rows, for files of other programs, and the record of the dataset in it."""
    path = folder.parent / "rewritten"
    path.mkdir()
    record = json.loads(json.dumps(tiny_record(0)))
    (path / "tiny.yaml").write_text(yaml.safe_dump(record))
    return path


@pytest.mark.parametrize("write", WRITERS)
def test_rows_that_another_program_wrote_are_read_by_the_record_and_refused_without_it(
    folder: Path, rewritten: Path, write: Callable[[Path, Path], None]
) -> None:
    write(folder / "train.parquet", rewritten / "train.parquet")
    images, labels = pipeline.load("train", rewritten, dataset=str(rewritten / "tiny.yaml"))
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, LABELS)
    with pytest.raises(DataError) as error:
        pipeline.load("train", rewritten)
    assert str(error.value).startswith(f"{rewritten / 'train.parquet'}: expected ")
    assert str(error.value).endswith(parquet.AGAIN)


def test_own_rows_are_read_by_the_record_too(folder: Path, rewritten: Path) -> None:
    images, _ = pipeline.load("train", folder, dataset=str(rewritten / "tiny.yaml"))
    np.testing.assert_array_equal(images, IMAGES)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("id, image", "expected columns id, image, label, found id, image$"),
        ("id, image, label + 300 as label", "label: expected uint8, found int.*300 not in range: 0 to 255"),
        ("id, image, label + 0.5 as label", "label: expected uint8, found "),
        ("id, image, case when id = 3 then null else label end as label", "label: .* found 1 nulls$"),
        ("0 as id, image, label", "id: expected each once, found 0 twice$"),
        ("id, [1, 2] as image, label", r"image: expected fixed_size_binary\[784\], found list"),
    ],
)
def test_rows_that_do_not_fit_the_record_are_refused(
    folder: Path, rewritten: Path, columns: str, message: str
) -> None:
    path = rewritten / "train.parquet"
    duckdb.connect().execute(f"copy (select {columns} from '{folder / 'train.parquet'}') to '{path}'")
    with pytest.raises(DataError, match=f"^{path}: {message}"):
        pipeline.load("train", rewritten, dataset=str(rewritten / "tiny.yaml"))


def test_images_of_other_lengths_are_refused_also_if_they_are_right_in_sum(folder: Path, rewritten: Path) -> None:
    path = rewritten / "train.parquet"
    rows = pq.read_table(folder / "train.parquet").replace_schema_metadata({})
    cells = rows["image"].to_pylist()
    cells[:2] = [cells[0] + b"x", cells[1][:-1]]
    pq.write_table(rows.set_column(1, "image", pa.array(cells, pa.binary())), path)
    with pytest.raises(DataError, match=rf"^{path}: image: expected fixed_size_binary\[784\], found binary"):
        pipeline.load("train", rewritten, dataset=str(rewritten / "tiny.yaml"))


def test_rows_of_another_dataset_and_a_dataset_that_is_none_are_refused(folder: Path) -> None:
    with pytest.raises(DataError, match=r"train.parquet: expected rows of kmnist, found rows of tiny$"):
        pipeline.load("train", folder, dataset="kmnist")
    with pytest.raises(ConfigError, match=r"dataset: expected one of .*, found 'mnits'"):
        pipeline.load("train", folder, dataset="mnits")
