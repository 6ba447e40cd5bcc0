"""Who wrote each digit: downloaded, checked row for row, and joined."""

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import writers
from conftest import edit
from numpy.typing import NDArray

from pipeline.base import records
from pipeline.base.dataset import Dataset
from pipeline.base.errors import ConfigError, DataError
from pipeline.base.structs import convert
from pipeline.rows import arrow, idx, inspect, provenance

NAMES = [writers.file_name(split) for split in ("train", "test")]
Values = NDArray[Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Dataset]:
    """The raw files of the tiny dataset and of who wrote it, and its record."""
    raw = tmp_path_factory.mktemp("raw")
    return raw, convert(writers.record(raw), Dataset, Path("tiny.yaml"))


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run a stage on the tiny dataset, in a folder of its own: `call("download", provenance=True)`."""
    return writers.stages(tmp_path, monkeypatch)


def spoiled(raw: Path, folder: Path, change: Callable[[Values], Any], split: str = "train") -> Path:
    """A copy of the raw files in which `change` was done to a file of extended labels."""
    shutil.copytree(raw, folder)
    array = np.array(idx.read(raw / writers.file_name(split)))
    (folder / writers.file_name(split)).write_bytes(idx.encode(array if change(array) is None else change(array)))
    return folder


def test_mnist_s_record_says_what_was_measured() -> None:
    known = records.load("mnist", provenance=True).provenance
    assert known is not None
    assert [(part.writers, part.hsf) for part in known.splits.values()] == [
        (539, {0: 30950, 4: 29050}),
        (297, {0: 4999, 4: 5001}),
    ]
    assert records.load("mnist").provenance is None


def test_a_dataset_without_provenance_says_so(call: Callable[..., int], capsys: Any) -> None:
    edit(Path("tiny.yaml"), provenance=None)
    assert call("download") == 2
    said = "download: error: provenance: expected false, because the record of tiny has none; found true\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("provenance__test__hsf", {0: 30, 4: 29}, r"provenance\.test\.hsf: expected 60 rows in all, found 59"),
        ("provenance__train__file__bytes", 12 + 32 * 299, r"train\.file\.bytes: .* 300 rows or more, found 9,580"),
        ("provenance__train__file__name", "t10k-labels-idx1-ubyte", "6 files, found two with the same name"),
    ],
)
def test_a_record_that_contradicts_itself_is_refused(
    call: Callable[..., int], key: str, value: object, message: str
) -> None:
    edit(Path("tiny.yaml"), **{key: value})
    with pytest.raises(ConfigError, match=message):
        records.load("tiny")


def test_its_files_come_where_they_are_wanted_and_go_where_they_are_not(call: Callable[..., int]) -> None:
    for name in NAMES:  # as they are published
        path = Path("mirror", name)
        path.with_name(f"{name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert call("download", provenance=False) == 0
    before = sorted(path.name for path in Path("data/raw").iterdir())
    assert call("download") == 0
    assert sorted(path.name for path in Path("data/raw").iterdir()) == sorted([*before, *NAMES])
    assert call("download", provenance=False) == 0
    assert sorted(path.name for path in Path("data/raw").iterdir()) == before


def test_sound_files_have_no_findings(made: tuple[Path, Dataset]) -> None:
    raw, dataset = made
    assert inspect.raw_files(dataset, raw).findings == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            lambda x: x.__setitem__(([3, 40], 0), 9),
            "classes: expected the labels, row for row, found 2 other classes, in rows 3, 40",
        ),
        (lambda x: x[:, :7], "shape: expected 305 x 8 of int32, found 305 x 7 of int32"),
        (lambda x: x.astype(np.int16), "shape: expected 305 x 8 of int32, found 305 x 8 of int16"),
    ],
)
def test_what_differs_is_found_with_its_rows(
    made: tuple[Path, Dataset], tmp_path: Path, change: Callable[[Values], Any], found: str
) -> None:
    raw, dataset = made
    findings = inspect.raw_files(dataset, spoiled(raw, tmp_path / "raw", change)).findings
    assert findings[0].check == "SHA-256"
    assert [str(finding) for finding in findings[1:]] == [f"{NAMES[0]}: {found}"]


@pytest.mark.parametrize("shape", [(400,), (300, 2), (200,)])
def test_labels_of_another_shape_are_findings_beside_it(
    made: tuple[Path, Dataset], tmp_path: Path, shape: tuple[int, ...]
) -> None:
    raw, dataset = made
    folder = shutil.copytree(raw, tmp_path / "raw")
    (folder / "train-labels-idx1-ubyte").write_bytes(idx.encode(np.ones(shape, np.uint8)))
    found = {finding.check for finding in inspect.raw_files(dataset, folder).findings}
    assert {"SHA-256", "shape"} <= found


def test_a_missing_file_is_found(made: tuple[Path, Dataset], tmp_path: Path) -> None:
    raw, dataset = made
    shutil.copytree(raw, tmp_path / "raw")
    (tmp_path / "raw" / NAMES[1]).unlink()
    findings = inspect.raw_files(dataset, tmp_path / "raw").findings
    assert [(finding.where, finding.check) for finding in findings] == [(NAMES[1], inspect.MISSING)]


LABELS = np.arange(5, dtype=np.uint8)


def known(*changes: tuple[int, int, int], rows: int = 6) -> NDArray[np.int32]:
    """Extended labels of LABELS, with (row, column, value) changed."""
    result = np.zeros((rows, 8), np.int32)
    result[: len(LABELS), 0] = LABELS[:rows]
    for row, column, value in changes:
        result[row, column] = value
    return result


def test_writer_and_series_are_the_columns_of_the_first_rows() -> None:
    writer, hsf = provenance.columns(known((1, 2, 2599), (4, 1, 4)), LABELS)
    assert (str(writer.dtype), str(hsf.dtype)) == ("int16", "int8")
    assert (writer.tolist(), hsf.tolist()) == ([0, 2599, 0, 0, 0], [0, 0, 0, 0, 4])


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (known((2, 0, 7), (4, 0, 1)), "found 2 other classes: rows 2, 4"),
        (known(rows=4), r"expected int32\[5 or more, 8\], found int32\[4, 8\]"),
        (known().astype(np.int64), r"found int64\[6, 8\]"),
        (
            known((3, 2, 40_000)),
            "expected writers of int16 and series of int8, found values that do not fit: rows 3",
        ),
    ],
)
def test_what_does_not_fit_is_not_joined(array: NDArray[np.int32], message: str) -> None:
    with pytest.raises(DataError, match=message):
        provenance.columns(array, LABELS)


def test_convert_joins_by_row_and_only_where_it_is_asked_to(call: Callable[..., int]) -> None:
    call("download")
    assert call("convert", provenance=False) == 0
    plain = pq.read_table("data/parquet/test.parquet")
    assert plain.schema.names == arrow.COLUMNS
    assert call("convert") == 0
    rows = pq.read_table("data/parquet/test.parquet")
    expected = writers.extended(Path("mirror"), "test")[:60]
    assert rows.schema.field("writer").type == pa.int16()
    assert rows.schema.field("hsf").type == pa.int8()
    np.testing.assert_array_equal(rows["writer"], expected[:, 2])
    np.testing.assert_array_equal(rows["hsf"], expected[:, 1])
    assert rows.select(arrow.COLUMNS).equals(plain)


def test_convert_refuses_what_is_of_other_rows(call: Callable[..., int], capsys: Any) -> None:
    call("download")
    path = Path("data/raw", NAMES[0])
    path.write_bytes(idx.encode(np.roll(idx.read(path), 1, axis=0)))
    assert call("convert") == 1
    error = capsys.readouterr().err
    assert error.startswith(
        f"convert: error: {path}: expected the labels, row for row, found 299 other classes: rows 1, 2"
    )
    assert error.endswith("and 199 more; run `python -m pipeline inspect`\n")
