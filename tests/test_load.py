"""pipeline.load: a split as arrays, without the packages that only the pipeline needs."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import parquets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import ROOT, tiny_arrays, write_tiny

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
        ("test", UnavailableError, r"test.parquet: not found; run `dvc repro` \(or `dvc pull`\) first"),
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
        (rows.schema.remove_metadata().with_metadata({"a": "b"}), "found no dataset, shape, class_names$"),
        (rows.schema.with_metadata(wrong), r"expected images of \[28, 27\], found images of 784 bytes$"),
    ]:
        pq.write_table(rows.cast(schema), path)
        with pytest.raises(DataError, match=f"^{path}: .*{message}"):
            pipeline.load("train", folder)
