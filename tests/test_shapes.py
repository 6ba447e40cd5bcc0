"""Images that are no square, or have channels, go through `profile` and `check` like MNIST's."""

import base64
import functools
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray
from PIL import Image

from pipeline.__main__ import main
from pipeline.base import records
from pipeline.base.dataset import Dataset
from pipeline.base.pictures import LINE, MARGIN, ZOOM, contact_sheet
from pipeline.describe import contents, croissant, dataset_card
from pipeline.gates import explained, folder, profile
from pipeline.rows import arrow, idx

Images = NDArray[np.uint8]
SHAPES = [(20, 30), (8, 8, 3)]
COLOUR = (32, 32, 3)
ROWS = {"train": 300, "t10k": 60}


class Made(NamedTuple):
    """A dataset that is made here: its raw files and its record."""

    raw: Path
    record: Dataset


def drawn(shape: tuple[int, ...], rows: int, seed: int) -> tuple[Images, Images]:
    """Images uint8[rows, *shape] and labels uint8[rows]: each of three classes has a bar in its own place."""
    random = np.random.default_rng(seed)
    labels = np.resize(np.arange(3, dtype=np.uint8), rows)
    images = np.zeros((rows, *shape), np.uint8)
    height, width = shape[0] // 2, shape[1] // 8
    for image, label in zip(images, labels, strict=True):
        left = 1 + label * (shape[1] // 3)
        bar = random.integers(90, 255, (height, width, *shape[2:]))
        image[2 : 2 + height, left : left + width] = bar
        image[2 + height, left : left + 2 * width] = 255 - 40 * label
    return images, labels


def write(raw: Path, shape: tuple[int, ...]) -> None:
    """The four raw files. Images with channels have the rank 4, as their name says."""
    raw.mkdir()
    for seed, (name, rows) in enumerate(ROWS.items()):
        images, labels = drawn(shape, rows, seed)
        (raw / f"{name}-images-idx{images.ndim}-ubyte").write_bytes(idx.encode(images))
        (raw / f"{name}-labels-idx1-ubyte").write_bytes(idx.encode(labels))


@functools.cache  # a fixture of a module is made again for each indirect parameter, though the shape is the same
def made_of(shape: tuple[int, ...], folder: Path) -> Made:
    """The files and the record of a shape, made once in each process."""
    raw = folder / str(shape)
    write(raw, shape)
    return Made(raw, profile.of_folder(raw, None, "made", 0))


@pytest.fixture(scope="session")
def folder_of_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("made")


@pytest.fixture(params=SHAPES, ids=str)
def made(request: pytest.FixtureRequest, folder_of_all: Path) -> Made:
    return made_of(request.param, folder_of_all)


def changed(made: Made, tmp_path: Path, change: Callable[[dict[str, Images]], object]) -> set[str]:
    """The checks that fail after `change` is done to the arrays, which have the names of their files."""
    arrays = {path.name: np.array(idx.read(path)) for path in made.raw.iterdir()}
    change(arrays)
    for name, array in arrays.items():
        (tmp_path / name).write_bytes(idx.encode(array))
    return {verdict.check for verdict in folder.check(made.record, tmp_path, exact=False, seed=0).failed}


def test_the_commands_take_the_files(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["profile", str(made.raw), "--name", "made", "--output", "made.yaml"]) == 0
    assert records.read(tmp_path / "made.yaml") == made.record
    assert main(["check", str(made.raw), "--dataset", "made.yaml", "--docs", "docs"]) == 0
    assert (tmp_path / "docs/index.html").is_file()


def test_the_record_has_the_shape_and_grey_references(made: Made) -> None:
    raw = idx.read(next(made.raw.glob("train-images*")))
    assert made.record.shape == raw.shape[1:]
    assert made.record.expect
    assert len(made.record.expect.references) == 3
    assert explained.as_yaml(made.record).count("iVBOR") == 3


def of_images(change: Callable[[Images], Any]) -> Callable[[dict[str, Images]], None]:
    """A change of the images of both splits."""

    def apply(arrays: dict[str, Images]) -> None:
        for name, array in arrays.items():
            if "images" in name:
                arrays[name] = np.asarray(change(array)).astype(np.uint8)

    return apply


def of_train(kind: str, change: Callable[[Images], Any]) -> Callable[[dict[str, Images]], None]:
    """A change of the images or labels of train."""

    def apply(arrays: dict[str, Images]) -> None:
        (name,) = (name for name in arrays if name.startswith(f"train-{kind}"))
        arrays[name] = np.asarray(change(arrays[name])).astype(np.uint8)

    return apply


def leak(arrays: dict[str, Images]) -> None:
    """Three images of test in place of images of train with the same label."""
    train, test = (next(name for name in arrays if name.startswith(f"{one}-images")) for one in ROWS)
    arrays[train][[0, 1, 2]] = arrays[test][[0, 1, 2]]


def blanked(images: Images) -> Images:
    images[[4, 9]] = 0
    return images


OF_THE_SHAPE = {
    "mirrored": (of_images(lambda x: x[:, :, ::-1]), "transformation"),
    "upside down": (of_images(lambda x: x[:, ::-1]), "transformation"),
    "inverted": (of_images(lambda x: 255 - x), "transformation"),
    "shifted": (of_images(lambda x: np.roll(x, 1, axis=2)), "transformation"),
    "darker": (of_images(lambda x: x // 2), "transformation"),
    "transposed": (of_images(lambda x: x.swapaxes(1, 2)), None),
}
OF_ANY_SHAPE = {
    "labels rolled": (of_train("labels", lambda y: np.roll(y, 1)), "label_offset"),
    "labels renamed": (of_train("labels", lambda y: (y + 1) % 3), "labels"),
    "labels wrong": (of_train("labels", lambda y: np.where(np.arange(300) < 30, (y + 1) % 3, y)), "suspects"),
    "blank": (of_train("images", blanked), "blank"),
    "a copy": (of_train("images", lambda x: x[np.r_[0:299, 5]]), "duplicates"),
    "a row less": (of_train("images", lambda x: x[:299]), "structure.rows"),
    "leak": (leak, "shared"),
}


@pytest.mark.parametrize(
    ("made", "change", "check"),
    [
        pytest.param(shape, *damage, id=f"{shape}, {name}", marks=[pytest.mark.slow] if slow else [])
        for shape in [*SHAPES, COLOUR]
        for name, damage in (OF_THE_SHAPE | OF_ANY_SHAPE).items()
        for slow in [shape == COLOUR or (shape == SHAPES[0] and name in OF_ANY_SHAPE)]
    ],
    indirect=["made"],
)
def test_damage_is_caught(
    made: Made, tmp_path: Path, change: Callable[[dict[str, Images]], object], check: str | None
) -> None:
    turned = "transformation" if made.record.shape[0] == made.record.shape[1] else "structure.shape"
    assert (check or turned) in changed(made, tmp_path, change)


def test_damage_is_named_as_what_it_is(made: Made, tmp_path: Path) -> None:
    arrays = {path.name: np.array(idx.read(path)) for path in made.raw.iterdir()}
    of_images(lambda x: x[:, :, ::-1])(arrays)
    for name, array in arrays.items():
        (tmp_path / name).write_bytes(idx.encode(array))
    judged = folder.check(made.record, tmp_path, exact=False, seed=0)
    assert {v.found for v in judged.failed if v.check == "transformation"} == {"mirrored left to right"}


def test_rows_that_fail_are_shown(made: Made, tmp_path: Path) -> None:
    arrays = {path.name: np.array(idx.read(path)) for path in made.raw.iterdir()}
    of_train("images", blanked)(arrays)
    for name, array in arrays.items():
        (tmp_path / name).write_bytes(idx.encode(array))
    folder.check(made.record, tmp_path, exact=False, seed=0, docs=tmp_path / "docs")
    page = tmp_path / "docs/validations/train.html"
    pictures = re.findall('no blank image" src="data:image/png;base64,(.*?)"', page.read_text())
    mode = "RGB" if len(made.record.shape) == 3 else "L"
    assert [Image.open(io.BytesIO(base64.b64decode(picture))).mode for picture in pictures] == [mode]


def test_files_that_are_stored_transposed_are_turned(tmp_path: Path) -> None:
    """A record that says so is kept by `profile`, and `check` holds the raw files to the exchanged shape."""
    write(tmp_path / "raw", (20, 30))
    base = profile.of_folder(tmp_path / "raw", None, "made", 0)
    turned = tmp_path / "turned"
    turned.mkdir()
    for path in (tmp_path / "raw").iterdir():
        array = idx.read(path)
        (turned / path.name).write_bytes(idx.encode(array.swapaxes(1, 2) if array.ndim > 1 else array))
    (tmp_path / "base.yaml").write_text(explained.as_yaml(base).replace("train:", "transposed: true\ntrain:", 1))
    found = profile.of_folder(turned, str(tmp_path / "base.yaml"), "made", 0)
    assert (found.shape, found.raw_shape) == ((20, 30), (30, 20))
    assert found.expect == base.expect
    assert found.train.expect and base.train.expect
    assert found.train.expect.only_warn.keys() == {"orientation"}, "the bars are no digits, all else is right"
    assert replace(found.train.expect, only_warn={}) == base.train.expect
    assert not folder.check(found, turned, exact=True, seed=0).failed


def test_they_are_described(made: Made) -> None:
    schema = arrow.schema(made.record)
    found = {split: contents.Contents(60, {0: 60}, 1, "0" * 64) for split in made.record.splits}
    card = dataset_card.write(made.record, schema, found)
    rows, columns, *channels = made.record.shape
    assert f"reshape(-1, {', '.join(map(str, made.record.shape))})" in card
    assert f"its {made.record.image_bytes} bytes, {rows} rows of {columns} pixels" in card
    assert ("with 3 channels" in card) == bool(channels)
    content = str(croissant.describe(made.record, schema, found))
    assert f"{' x '.join(map(str, made.record.shape))} bytes" in content


def placed(sheet: Images, shape: tuple[int, ...]) -> Images:
    """The first image of a contact sheet, in its own size."""
    rows, columns = shape[0] * ZOOM, shape[1] * ZOOM
    return sheet[2 * LINE : 2 * LINE + rows : ZOOM, MARGIN : MARGIN + columns : ZOOM]


def test_a_contact_sheet_shows_three_channels_in_colour_and_others_in_grey() -> None:
    for shape in [(20, 30), (8, 8, 1), (8, 8, 3), (6, 9, 4)]:
        images = np.random.default_rng(0).integers(0, 256, (2, *shape), np.uint8)
        sheet = np.asarray(Image.open(io.BytesIO(contact_sheet("two", images, ["a", "b"]))))
        assert sheet.ndim == (3 if shape[2:] == (3,) else 2)
        grey = images[0] if images.ndim == 3 else images[0].mean(axis=2).astype(np.uint8)
        np.testing.assert_array_equal(placed(sheet, shape), images[0] if shape[2:] == (3,) else 255 - grey)
