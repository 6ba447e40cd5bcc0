"""What every reader gives: the rows of each split in blocks, and how its values become uint8."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.base.dataset import Dataset, Split
from pipeline.base.errors import ConfigError, DataError, listed
from pipeline.rows.blocks import ROW_GROUP

Array = NDArray[np.uint8]
Block = tuple[Array, Array]
Shape = tuple[int, ...]

NAMED = re.compile(r"(?:^|[^a-z]|(?<![a-z])[xy])(train|test|t10k)")  # not in "latest" or "constrain"


class Form(NamedTuple):
    """Data in some form. name: of the form, for messages.

    splits: the blocks of each split, in order: images uint8[m, rows, columns] or uint8[m, rows, columns, channels]
    and labels uint8[m]. upright: whether the images lie as people look at them, or else as in the raw files.
    class_names: by label from 0 on, if the form says them.
    """

    name: str
    splits: Mapping[Split, Iterable[Block]]
    upright: bool
    class_names: tuple[str, ...] | None = None


def split_of(name: str) -> Split | None:
    """The split that a name says: train, or test (also t10k). None if it says neither or both."""
    found = {word == "train" for word in NAMED.findall(name.lower())}
    return None if len(found) != 1 else "train" if found.pop() else "test"


def by_split(root: Path, files: Iterable[Path]) -> dict[Split, list[Path]]:
    """The files of each split, by what their names say. A file whose name says neither split is left out.

    Raises ConfigError if no name says a split.
    """
    found: dict[Split, list[Path]] = {"train": [], "test": []}
    for path in files:
        if split := split_of(relative(root, path)):
            found[split].append(path)
    if not any(found.values()):
        names = listed(relative(root, path) for path in files)
        raise ConfigError(f"{root}: expected names with train or test in them, found {names}; rename the files")
    return {split: paths for split, paths in found.items() if paths}


def relative(root: Path, path: Path) -> str:
    """The path below the folder `root`, or the name of the file if it is `root` itself."""
    return path.name if path == root else path.relative_to(root).as_posix()


def only(root: Path, split: Split, paths: list[Path]) -> Path:
    """The one file of a split. Raises ConfigError if there are several."""
    if len(paths) > 1:
        names = listed(relative(root, path) for path in paths)
        raise ConfigError(f"{root}: expected one file for {split}, found {names}; move all but one elsewhere")
    return paths[0]


def as_uint8(values: NDArray[Any], where: str, first: int = 0) -> Array:
    """Whole numbers from 0 to 255 of any numeric type, as uint8. first: the row of the first value.

    Raises DataError that names the first row with another value.
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind not in "biuf":
        raise DataError(f"{where}: expected whole numbers from 0 to 255, found values of type {values.dtype}")
    with np.errstate(invalid="ignore"):
        wrong = ~((values >= 0) & (values <= 255) & (values == np.rint(values)))
    if wrong.any():
        place = np.argwhere(wrong)[0]
        hint = "; multiply by 255 and round" if values.dtype.kind == "f" and values.max() <= 1 else ""
        raise DataError(
            f"{where}: expected whole numbers from 0 to 255, "
            f"found {values[tuple(place)]} in row {first + place[0]:,}{hint}"
        )
    return values.astype(np.uint8)


def flat_shape(dataset: Dataset) -> Shape | None:
    """The shape of an image that is stored flat, as in the raw files; None if the record says none."""
    return dataset.raw_shape if all(dataset.shape) else None


def as_images(values: Array, shape: Shape | None, where: str) -> Array:
    """Images of the given shape. A flat image needs a record's shape, because its length does not say it.

    Raises ConfigError for a flat image if no shape is given, DataError for another number of values.
    """
    if values.ndim == 4 and values.shape[3] == 1:
        return values[..., 0]
    if values.ndim != 2:
        return values
    size = values.shape[1]
    if shape is None:
        reason = f"{size:,} values do not say how many rows and columns an image has"
        raise ConfigError(f"{where}: {reason}; name a record of such images with --dataset")
    if int(np.prod(shape)) != size:
        raise DataError(f"{where}: expected images of {' x '.join(map(str, shape))}, found {size:,} values a row")
    return values.reshape(-1, *shape)


def as_labels(values: NDArray[Any], where: str, first: int = 0) -> Array:
    """Labels uint8[m], from values [m] or [m, 1]."""
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise DataError(f"{where}: expected one label a row, found an array of {list(values.shape)}")
    return as_uint8(values, where, first)


def in_blocks(images: NDArray[Any], labels: NDArray[Any], shape: Shape | None, where: str) -> Iterator[Block]:
    """The blocks of arrays that are in memory whole."""
    if len(images) != len(labels):
        raise DataError(f"{where}: expected as many labels as images, found {len(labels):,} and {len(images):,}")
    for start in range(0, len(labels), ROW_GROUP):
        part = slice(start, start + ROW_GROUP)
        pixels = as_images(as_uint8(images[part], f"{where}: images", start), shape, f"{where}: images")
        yield pixels, as_labels(labels[part], f"{where}: labels", start)
