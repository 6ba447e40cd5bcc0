"""NumPy's files: which array is which, and what is no array of numbers."""

from pathlib import Path

import numpy as np
import pytest
from forms import arrays, keras
from reading import TINY, read

from pipeline.base.errors import ConfigError, DataError

IMAGES, LABELS = TINY["train"]


def test_the_names_of_medmnist_with_a_validation_split(tmp_path: Path) -> None:
    parts = {f"{split}_images": TINY[split][0] for split in TINY} | {
        f"{split}_labels": TINY[split][1] for split in TINY
    }
    np.savez(
        tmp_path / "pathmnist.npz", val_images=IMAGES, val_labels=LABELS[:, None], allow_pickle=False, **parts
    )
    assert np.array_equal(read(tmp_path / "pathmnist.npz")["train"][0], IMAGES)


def test_images_may_be_flat_if_the_record_says_the_shape(tmp_path: Path) -> None:
    np.savez(tmp_path / "flat.npz", x_train=IMAGES.reshape(len(IMAGES), -1), y_train=LABELS)
    assert np.array_equal(read(tmp_path)["train"][0], IMAGES)


def test_names_that_say_nothing_are_an_error(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", a=IMAGES, b=LABELS)
    with pytest.raises(ConfigError, match=r"expected one array each of x_train, y_train, .*, found a, b"):
        read(tmp_path)


def test_two_arrays_for_one_place_are_an_error(tmp_path: Path) -> None:
    arrays(tmp_path, TINY)
    keras(tmp_path, TINY)
    with pytest.raises(ConfigError, match="expected one array each"):
        read(tmp_path)


def test_labels_without_images_are_no_split(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", x_train=IMAGES, y_train=LABELS, y_test=LABELS)
    assert read(tmp_path).keys() == {"train"}


def test_python_objects_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", x_train=IMAGES, y_train=LABELS.astype(object))
    with pytest.raises(
        DataError, match=r"data\.npz: y_train: .*Python objects: they are a pickle, which can run code"
    ):
        read(tmp_path)


@pytest.mark.parametrize("images", [299, 301, 10_001])
def test_another_number_of_labels_than_images(tmp_path: Path, images: int) -> None:
    np.savez(tmp_path / "data.npz", x_train=np.zeros((images, 28, 28), np.uint8), y_train=LABELS)
    with pytest.raises(DataError, match=r"expected as many labels as images, found 300 labels and (at least )?\d"):
        read(tmp_path)


def test_columns_first_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", x_train=np.asfortranarray(IMAGES), y_train=LABELS)
    with pytest.raises(DataError, match=r"C order; save it with numpy\.ascontiguousarray"):
        read(tmp_path)


@pytest.mark.parametrize("cut", [100, 3000])
def test_a_file_that_is_cut_short(tmp_path: Path, cut: int) -> None:
    arrays(tmp_path, TINY)
    path = tmp_path / "train_images.npy"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DataError, match=r"train_images\.npy: expected"):
        read(tmp_path)


def test_an_archive_that_is_cut_short(tmp_path: Path) -> None:
    path = keras(tmp_path, TINY)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError, match=r"mnist\.npz: expected an \.npz file, found: File is not a zip file"):
        read(path)


def test_a_flipped_bit_in_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, x_train=IMAGES, y_train=LABELS)
    content = bytearray(path.read_bytes())
    content[5000] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="x_train: expected an array of numbers, found: Bad CRC-32"):
        read(path)
