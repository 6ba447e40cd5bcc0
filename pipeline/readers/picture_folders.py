"""Folders of PNG or JPEG files: a folder for each split, and in it a folder for each class.

    train/0/00001.png  train/7/00000.png  test/3/00000.png

The folder of a class has the label, or the name of the class. If all files of a split have different numbers for
names, these are the numbers of the rows. If not, the rows are in the order of the classes and names.
"""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline.base.dataset import Dataset, Split
from pipeline.base.errors import ConfigError, DataError, listed
from pipeline.readers.form import Array, Block, Form, split_of
from pipeline.rows.blocks import ROW_GROUP

ENDINGS = {".png", ".jpg", ".jpeg"}
MOST = 1 << 24  # values of an image
BANDS = {"L": (), "RGB": (3,)}


def read(root: Path, files: list[Path], dataset: Dataset) -> Form:
    """The pictures of each split.

    If the record has no names of classes, folders that are not numbers are the classes, in the order of their
    names. Raises ConfigError for a folder that is no class,
    or if no folder has the name of a split.
    """
    found: dict[Split, list[Path]] = {"train": [], "test": []}
    for path in files:
        if split := split_of(path.relative_to(root).parts[0]):
            found[split].append(path)
    if not any(found.values()):
        others = listed(sorted({path.relative_to(root).parts[0] for path in files}))
        raise ConfigError(f"{root}: expected folders train and test of pictures, found {others}")
    folders = sorted({path.parent.name for paths in found.values() for path in paths})
    names = dataset.class_names
    if not names and not all(map(str.isdecimal, folders)):
        names = tuple(folders)
    labels = _labels(root, folders, names, dataset.first_label)
    splits = {split: _blocks(_ordered(paths), labels) for split, paths in found.items() if paths}
    return Form("pictures", splits, upright=True, class_names=names or None)


def _labels(root: Path, folders: list[str], classes: tuple[str, ...], first_label: int) -> dict[str, int]:
    """The label of each folder."""
    by_name = {name: first_label + place for place, name in enumerate(classes)}
    labels = {name: by_name.get(name, int(name) if name.isdecimal() else -1) for name in folders}
    if unknown := [name for name, label in labels.items() if not 0 <= label <= 255]:
        expected = f"one of {listed(classes, 12)}" if classes else "a label from 0 to 255"
        raise ConfigError(
            f"{root}: expected a folder for each class, with the name {expected}; found {listed(unknown)}"
        )
    return labels


def _ordered(paths: list[Path]) -> list[Path]:
    numbers = {int(path.stem) for path in paths if path.stem.isdecimal()}
    if len(numbers) == len(paths):
        return sorted(paths, key=lambda path: int(path.stem))
    return sorted(paths, key=lambda path: (path.parent.name, path.name))


def _blocks(paths: list[Path], labels: dict[str, int]) -> Iterator[Block]:
    for start in range(0, len(paths), ROW_GROUP):
        part = paths[start : start + ROW_GROUP]
        images = stacked((decode(path.read_bytes(), str(path)), str(path)) for path in part)
        yield images, np.array([labels[path.parent.name] for path in part], np.uint8)


def decode(content: bytes, where: str) -> Array:
    """The pixels of a PNG or JPEG file: uint8[rows, columns], or uint8[rows, columns, 3] of a colour picture.

    Raises DataError for other content, and for pictures that are not 8-bit grey or RGB: they would lose something.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG"]) as picture:
            if picture.mode not in BANDS:
                kind = f"found mode {picture.mode}; convert it first"
                raise DataError(f"{where}: expected a picture of 8-bit grey (L) or RGB, {kind}")
            if picture.width * picture.height * len(picture.mode) > MOST:
                size = f"{picture.height:,} x {picture.width:,}"
                raise DataError(f"{where}: expected a picture of at most {MOST:,} values, found {size}")
            return np.asarray(picture)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if getattr(error, "errno", None):
            raise
        raise DataError(f"{where}: expected a PNG or JPEG picture, found: {error}") from None


def stacked(pictures: Iterator[tuple[Array, str]]) -> Array:
    """Pictures of one size, each with its name for messages, as one array. DataError for another size."""
    images: list[Array] = []
    for image, where in pictures:
        if images and image.shape != images[0].shape:
            sizes = " and ".join(" x ".join(map(str, one.shape)) for one in (images[0], image))
            raise DataError(f"{where}: expected pictures of one size, found {sizes}")
        images.append(image)
    return np.stack(images)
