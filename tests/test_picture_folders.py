"""Folders of pictures: labels by the names of folders, rows by the names of files."""

import io
from pathlib import Path

import msgspec
import numpy as np
import pytest
from forms import folders, png
from PIL import Image
from reading import TINY, read, tiny

from pipeline.base.errors import ConfigError, DataError
from pipeline.readers import found
from pipeline.readers.picture_folders import decode

IMAGES, LABELS = TINY["train"]
UNNAMED = msgspec.structs.replace(tiny(), class_names=())


def test_a_folder_may_have_the_name_of_the_class(tmp_path: Path) -> None:
    folders(tmp_path, TINY)
    for split in ("training", "testing"):
        for label, name in enumerate(["left", "middle", "right"]):
            (tmp_path / split / str(label)).rename(tmp_path / split / name)
    assert np.array_equal(read(tmp_path)["train"][1], LABELS)
    form = found.find(tmp_path, UNNAMED)
    assert form is not None
    assert form.class_names == ("left", "middle", "right")


def test_other_names_of_files_give_the_order_of_classes_and_names(tmp_path: Path) -> None:
    folders(tmp_path, {"train": (IMAGES[:6], LABELS[:6])})
    for path in tmp_path.glob("*/*/*.png"):
        path.rename(path.with_name(f"scan-{path.name}"))
    images, labels = read(tmp_path)["train"]
    assert labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert np.array_equal(images, IMAGES[[0, 3, 1, 4, 2, 5]])


def test_colour_has_channels(tmp_path: Path) -> None:
    colours = np.stack([IMAGES, IMAGES // 2, 255 - IMAGES], axis=3)
    folders(tmp_path, {"train": (colours, LABELS)})
    assert np.array_equal(read(tmp_path)["train"][0], colours)


def test_a_folder_that_is_no_class(tmp_path: Path) -> None:
    folders(tmp_path, TINY)
    (tmp_path / "training/0").rename(tmp_path / "training/unsorted")
    with pytest.raises(ConfigError, match="the name one of left, middle, right; found unsorted"):
        found.find(tmp_path, tiny())


def test_folders_that_are_no_splits_are_not_found(tmp_path: Path) -> None:
    folders(tmp_path / "a", {"train": TINY["train"]})
    (tmp_path / "a/training").rename(tmp_path / "a/pictures")
    assert found.find(tmp_path / "a", tiny()) is None


def test_pictures_of_two_sizes(tmp_path: Path) -> None:
    folders(tmp_path, TINY)
    (tmp_path / "training/0/0.png").write_bytes(png(IMAGES[0, 1:]))
    with pytest.raises(DataError, match=r"1\.png: expected pictures of one size, found 27 x 28 and 28 x 28"):
        read(tmp_path)


@pytest.mark.parametrize("mode", ["1", "P", "LA", "RGBA", "I;16"])
def test_a_picture_that_would_lose_something(mode: str) -> None:
    file = io.BytesIO()
    Image.new(mode, (28, 28)).save(file, "PNG")
    with pytest.raises(
        DataError, match=f"x: expected a picture of 8-bit grey .* or RGB, found mode {mode}; convert"
    ):
        decode(file.getvalue(), "x")


def test_a_jpeg_is_read() -> None:
    file = io.BytesIO()
    Image.fromarray(IMAGES[0]).save(file, "JPEG")
    assert decode(file.getvalue(), "x").shape == (28, 28)


def test_a_picture_that_is_too_large_is_not_unpacked() -> None:
    file = io.BytesIO()
    Image.new("L", (5000, 5000)).save(file, "PNG")
    with pytest.raises(DataError, match="expected a picture of at most 16,777,216 values, found 5,000 x 5,000"):
        decode(file.getvalue(), "x")


@pytest.mark.parametrize("content", [b"", b"GIF89a", png(IMAGES[0])[:100]])
def test_what_is_no_whole_picture(content: bytes) -> None:
    with pytest.raises(DataError, match="x: expected a PNG or JPEG picture, found"):
        decode(content, "x")
