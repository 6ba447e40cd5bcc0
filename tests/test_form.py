"""What readers share: which split a name says, and which values are pixels and labels."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.base.errors import ConfigError, DataError
from pipeline.readers import form


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("x_train", "train"), ("Xtest", "test"), ("train-00000-of-00001.parquet", "train"), ("t10k-x", "test"),
        ("emnist-letters-test.csv", "test"), ("training", "train"), ("mnist_test.csv", "test"),
        ("latest.csv", None), ("constrained", None), ("validation", None), ("train_test.csv", None),
        ("train.parquet/part-0.parquet", "train"),
    ],
)  # fmt: skip
def test_a_name_says_its_split(name: str, split: str | None) -> None:
    assert form.split_of(name) == split


def test_files_whose_names_say_no_split_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"expected names with train or test in them, found a\.csv, b\.csv; rename"
    ):
        form.by_split(tmp_path, [tmp_path / "a.csv", tmp_path / "b.csv"])


@pytest.mark.parametrize("kind", ["bool", "int8", "uint16", "int64", "float32", "float64"])
def test_whole_numbers_of_any_type_are_taken(kind: str) -> None:
    given = form.as_uint8(np.array([0, 1, 1], kind), "labels")
    assert given.dtype == np.uint8
    assert given.tolist() == [0, 1, 1]


@pytest.mark.parametrize("value", [-1, 256, 0.5, np.nan, np.inf])
def test_another_number_is_an_error_with_its_row(value: float) -> None:
    with pytest.raises(
        DataError, match=rf"labels: expected whole numbers from 0 to 255, found {value}.* in row 1,003"
    ):
        form.as_uint8(np.array([1.0, 2, 3, value]), "labels", first=1000)


def test_grey_levels_from_0_to_1_are_named() -> None:
    with pytest.raises(DataError, match=r"found 0\.5 in row 0; multiply by 255 and round"):
        form.as_uint8(np.array([[0.5, 1]]), "images")


def test_text_is_no_number() -> None:
    with pytest.raises(DataError, match="found values of type <U3"):
        form.as_uint8(np.array(["cat"]), "labels")


def test_a_flat_image_needs_the_shape_of_a_record() -> None:
    flat = np.zeros((2, 3072), np.uint8)
    assert form.as_images(flat, (32, 32, 3), "x").shape == (2, 32, 32, 3)
    with pytest.raises(
        ConfigError, match=r"x: 3,072 values do not say how many rows .*; name a record .*--dataset"
    ):
        form.as_images(flat, None, "x")
    with pytest.raises(DataError, match="x: expected images of 28 x 28, found 3,072 values a row"):
        form.as_images(flat, (28, 28), "x")


def test_one_channel_is_grey() -> None:
    assert form.as_images(np.zeros((2, 28, 28, 1), np.uint8), None, "x").shape == (2, 28, 28)


def test_labels_may_be_a_column_but_not_one_hot() -> None:
    assert form.as_labels(np.array([[1], [2]]), "y").tolist() == [1, 2]
    with pytest.raises(DataError, match=r"y: expected one label a row, found an array of \[2, 10\]"):
        form.as_labels(np.zeros((2, 10)), "y")
