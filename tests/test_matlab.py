"""MATLAB files: the struct that EMNIST has, and what is another file."""

from pathlib import Path

import numpy as np
import pytest
import scipy.io
from forms import matlab
from reading import TINY, read

from pipeline.base.errors import ConfigError, DataError, UnavailableError
from pipeline.readers import matlab as reader


def test_uncompressed_files_are_read(tmp_path: Path) -> None:
    parts = {"train": {"images": TINY["train"][0].reshape(300, -1), "labels": TINY["train"][1]}}
    scipy.io.savemat(tmp_path / "a.mat", {"dataset": parts})
    assert np.array_equal(read(tmp_path)["train"][0], TINY["train"][0])


def test_two_files(tmp_path: Path) -> None:
    scipy.io.savemat(tmp_path / "other.mat", {})
    matlab(tmp_path, TINY)
    with pytest.raises(ConfigError, match=r"expected one \.mat file, found emnist-mnist\.mat, other\.mat"):
        read(tmp_path)


def test_another_content(tmp_path: Path) -> None:
    scipy.io.savemat(tmp_path / "a.mat", {"X": np.zeros(3)})
    with pytest.raises(
        DataError, match="expected a struct `dataset` with train and test, as EMNIST has it, found X"
    ):
        read(tmp_path)


def test_a_split_without_labels(tmp_path: Path) -> None:
    scipy.io.savemat(tmp_path / "a.mat", {"dataset": {"train": {"images": np.zeros((3, 784), np.uint8)}}})
    with pytest.raises(DataError, match=r"dataset\.train: expected images and labels, found images"):
        read(tmp_path)


@pytest.mark.parametrize("cut", [10, 5000])
def test_a_file_that_is_cut_short(tmp_path: Path, cut: int) -> None:
    path = matlab(tmp_path, TINY)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DataError, match=r"emnist-mnist\.mat: expected a .*MATLAB file"):
        read(path)


def test_a_file_that_unpacks_to_too_much_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST", 100_000)
    with pytest.raises(UnavailableError, match="unpacks to more than 0 GiB; give the IDX files"):
        read(matlab(tmp_path, TINY))
