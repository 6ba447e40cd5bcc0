"""CSV: where the label is, and what is no row of pixels."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from forms import bare_csv, kaggle, table
from reading import TINY, read

from pipeline.base.errors import ConfigError, DataError

IMAGES, LABELS = TINY["train"]


def write(path: Path, content: pa.Table, header: bool = True) -> None:
    pa.csv.write_csv(content, path, pa.csv.WriteOptions(include_header=header))


@pytest.mark.parametrize("label_first", [True, False])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("name", ["label", "class"])
def test_the_label_is_first_or_last(tmp_path: Path, label_first: bool, header: bool, name: str) -> None:
    content = table(IMAGES, LABELS, label_first)
    content = content.rename_columns([name if column == "label" else column for column in content.column_names])
    write(tmp_path / "train.csv", content, header)
    images, labels = read(tmp_path)["train"]
    assert np.array_equal(images, IMAGES)
    assert np.array_equal(labels, LABELS)


def test_a_label_in_the_middle_needs_a_header(tmp_path: Path) -> None:
    content = table(IMAGES, LABELS, True).select(
        [f"pixel{n}" for n in range(5)] + ["label"] + [f"pixel{n}" for n in range(5, 784)]
    )
    write(tmp_path / "train.csv", content)
    assert np.array_equal(read(tmp_path)["train"][0], IMAGES)
    write(tmp_path / "train.csv", content, header=False)
    with pytest.raises(
        ConfigError, match="neither the first nor the last column could be it; give the file a header"
    ):
        read(tmp_path)


def test_a_corner_that_could_be_the_label_needs_a_header(tmp_path: Path) -> None:
    images = IMAGES.copy()
    images[:, -1, -1] = LABELS
    write(tmp_path / "train.csv", table(images, LABELS, True), header=False)
    with pytest.raises(
        ConfigError, match="both the first and the last column could be it; give the file a header"
    ):
        read(tmp_path)


def test_a_header_without_a_label_is_kaggles_test_split(tmp_path: Path) -> None:
    write(tmp_path / "test.csv", table(IMAGES, LABELS, True).drop_columns("label"))
    with pytest.raises(
        ConfigError, match=r"test\.csv: expected one column with the name label, found none in 784 columns"
    ):
        read(tmp_path)


def test_two_files_for_a_split(tmp_path: Path) -> None:
    kaggle(tmp_path, TINY)
    bare_csv(tmp_path, TINY)
    with pytest.raises(ConfigError, match=r"expected one file for train, found mnist_train\.csv, train\.csv\.gz"):
        read(tmp_path)


@pytest.mark.parametrize("value", ["256", "-1", "0.5", "", "x"])
def test_a_value_that_is_no_pixel(tmp_path: Path, value: str) -> None:
    kaggle(tmp_path, TINY)
    path = tmp_path / "mnist_train.csv"
    lines = path.read_text().splitlines()
    lines[7] = lines[7].rpartition(",")[0] + f",{value}"
    path.write_text("\n".join(lines))
    with pytest.raises(
        DataError, match=r"mnist_train\.csv: expected rows of whole numbers from 0 to 255, found: .*conversion"
    ):
        read(tmp_path)


def test_a_row_that_is_too_short(tmp_path: Path) -> None:
    kaggle(tmp_path, TINY)
    path = tmp_path / "mnist_train.csv"
    path.write_text(path.read_text() + "1,2,3\n")
    with pytest.raises(DataError, match="Expected 785 columns, got 3"):
        read(tmp_path)


def test_rows_of_another_size_than_the_record_says(tmp_path: Path) -> None:
    write(tmp_path / "train.csv", table(IMAGES[:, 1:], LABELS, True))
    with pytest.raises(DataError, match=r"train\.csv: expected images of 28 x 28, found 756 values a row"):
        read(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\n", b"1;2;3\n", b"\x00" * 5000])
def test_a_file_that_is_no_csv(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "train.csv").write_bytes(content)
    with pytest.raises(DataError, match=r"train\.csv: expected values with commas between them"):
        read(tmp_path)


@pytest.mark.parametrize("cut", [30, -100])
def test_gzip_that_is_cut_short(tmp_path: Path, cut: int) -> None:
    bare_csv(tmp_path, TINY)
    path = tmp_path / "train.csv.gz"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DataError, match=r"train\.csv\.gz: expected"):
        read(tmp_path)
