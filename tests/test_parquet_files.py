"""Parquet of other programs, of the Hugging Face hub, and our own."""

import json
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from forms import hub, plain_parquet
from reading import TINY, read, tiny

from pipeline.base.errors import ConfigError, DataError
from pipeline.readers import found

IMAGES, LABELS = TINY["train"]
PIXELS = [image.tobytes() for image in IMAGES]


def write(folder: Path, **columns: object) -> None:
    pq.write_table(pa.table(columns), folder / "train.parquet")


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary(784), pa.binary_view()])
def test_pixels_in_any_binary_type(tmp_path: Path, kind: pa.DataType) -> None:
    write(tmp_path, image=pa.array(PIXELS, kind), label=LABELS)
    images, labels = read(tmp_path)["train"]
    assert np.array_equal(images, IMAGES)
    assert np.array_equal(labels, LABELS)


def test_the_names_of_classes_are_those_of_the_hub(tmp_path: Path) -> None:
    hub(tmp_path, TINY)
    path = tmp_path / "mnist/train-00000-of-00002.parquet"
    features = {"info": {"features": {"label": {"names": ["left", "middle", "right"], "_type": "ClassLabel"}}}}
    pq.write_table(pq.read_table(path).replace_schema_metadata({"huggingface": json.dumps(features)}), path)
    form = found.find(tmp_path, tiny())
    assert form is not None
    assert form.class_names == ("left", "middle", "right")


def test_a_missing_file_of_several(tmp_path: Path) -> None:
    hub(tmp_path, TINY)
    (tmp_path / "mnist/train-00001-of-00002.parquet").unlink()
    with pytest.raises(
        ConfigError, match=r"expected 2 files for train, found 1: mnist/train-00000-of-00002\.parquet"
    ):
        read(tmp_path)


def test_files_without_numbers_are_ambiguous(tmp_path: Path) -> None:
    write(tmp_path, image=PIXELS, label=LABELS)
    (tmp_path / "train_old.parquet").write_bytes((tmp_path / "train.parquet").read_bytes())
    with pytest.raises(
        ConfigError, match=r"one file for train, or numbered files, found train\.parquet, train_old"
    ):
        read(tmp_path)


def test_numbered_files_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number in range(11):
        part = slice(number * 27, (number + 1) * 27 if number < 10 else None)
        pq.write_table(
            pa.table({"image": PIXELS[part], "label": LABELS[part]}), tmp_path / f"train-{number}.parquet"
        )
    assert np.array_equal(read(tmp_path)["train"][0], IMAGES)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"image": PIXELS}, "expected one column with the name label or labels, found image"),
        ({"image": PIXELS, "img": PIXELS, "label": LABELS}, "name image or img, found image, img, label"),
        ({"image": [*PIXELS[:-1], None], "label": LABELS}, "expected a value in each row, found none in row 299"),
        ({"image": [*PIXELS[:-1], b"x"], "label": LABELS}, "expected 784 bytes in each row, found 1 in row 299"),
        ({"image": PIXELS, "label": [*LABELS[:-1].tolist(), 300]}, "from 0 to 255, found 300 in row 299"),
        ({"image": LABELS, "label": LABELS}, "image: expected bytes of pixels or of PNG files, found uint8"),
        ({"id": range(1, 301), "image": PIXELS, "label": LABELS}, "id: expected 0 in row 0, found 1; sort"),
        ({"image": [{"bytes": None, "path": "a.png"}] * 300, "label": LABELS}, "a path alone has no pixels"),
        ({"image": [b"\x89PNG\r\n", *PIXELS[1:]], "label": LABELS}, "row 0: expected a PNG or JPEG picture"),
    ],
)
def test_what_is_no_row_of_pixels(tmp_path: Path, columns: dict[str, object], says: str) -> None:
    write(tmp_path, **columns)
    with pytest.raises(DataError, match=says):
        read(tmp_path)


def test_pixels_without_metadata_need_a_record(tmp_path: Path) -> None:
    plain_parquet(tmp_path, TINY)
    with pytest.raises(ConfigError, match="the file does not say the shape of an image; name a record"):
        read(tmp_path, msgspec.structs.replace(tiny(), shape=(0, 0)))


def test_a_file_that_is_no_parquet(tmp_path: Path) -> None:
    (tmp_path / "train.parquet").write_bytes(b"PAR1" + bytes(100))
    with pytest.raises(DataError, match=r"train\.parquet: expected Parquet, found: "):
        read(tmp_path)
