"""NumPy's files: an .npz with all arrays, such as Keras' mnist.npz, or an .npz or .npy for each array.

The name of an array, or of a file with one array, says its split and whether it holds images or labels:
`x_train` and `y_train`, `train_images` and `train_labels`, `kmnist-test-imgs.npz`. No pickle is ever loaded.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.base.dataset import Dataset, Split
from pipeline.base.errors import ConfigError, DataError, listed
from pipeline.readers.form import (
    Block,
    Form,
    Shape,
    as_images,
    as_labels,
    as_uint8,
    flat_shape,
    relative,
    split_of,
)
from pipeline.rows.blocks import ROW_GROUP

LABELS = re.compile(r"(?:^|[^a-z])(?:y|labels?|targets?)(?:[^a-z]|$)")
IMAGES = re.compile(r"(?:^|[^a-z])(?:x|images?|imgs?|data|pixels)(?:[^a-z]|$)")
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
REFUSED = "which can run code when it is loaded; save the numbers alone"
ALONE = "arr_0"  # the name that `numpy.savez` gives to the only array

Place = tuple[Path, str | None]  # a file, and the member of an .npz


def read(root: Path, files: list[Path], dataset: Dataset) -> Form:
    """The arrays of each split. Raises ConfigError if the names do not say which array is which."""
    found: dict[tuple[Split, bool], list[Place]] = {}
    named = [(place, name) for path in files for place, name in _arrays(root, path)]
    for place, name in named:
        split, kind = split_of(name), _is_labels(name)
        if split and kind is not None:
            found.setdefault((split, kind), []).append(place)
    splits: tuple[Split, ...] = ("train", "test")
    pairs = {s: (found[s, False], found[s, True]) for s in splits if {(s, False), (s, True)} <= found.keys()}
    if not pairs or any(len(places) > 1 for places in found.values()):
        names = listed(sorted(name for _, name in named), 8)
        raise ConfigError(
            f"{root}: expected one array each of x_train, y_train, x_test and y_test (or train_images, "
            f"train_labels, test_images, test_labels), found {names}"
        )
    return Form(
        "NumPy arrays",
        {split: _blocks(images[0], labels[0], flat_shape(dataset)) for split, (images, labels) in pairs.items()},
        upright=False,
    )


def _arrays(root: Path, path: Path) -> Iterator[tuple[Place, str]]:
    """Each array of a file, and the name that says what it is."""
    if path.suffix == ".npy":
        yield (path, None), relative(root, path).removesuffix(".npy")
        return
    try:
        with zipfile.ZipFile(path) as archive:
            members = [name.removesuffix(".npy") for name in archive.namelist()]
    except zipfile.BadZipFile as error:
        raise DataError(f"{path}: expected an .npz file, found: {error}") from None
    for member in members:
        own = relative(root, path).removesuffix(".npz")
        yield (path, member), own if member == ALONE else member


def _is_labels(name: str) -> bool | None:
    """Whether a name says labels (True) or images (False); None if it says neither or both."""
    lower = name.lower()
    labels, images = bool(LABELS.search(lower.replace("_", "-"))), bool(IMAGES.search(lower.replace("_", "-")))
    return None if labels == images else labels


def _blocks(images: Place, labels: Place, shape: Shape | None) -> Iterator[Block]:
    """The blocks of two arrays. Only the labels are in memory whole."""
    where, own = f"{images[0]}: images", np.concatenate(list(_parts(labels)))
    start = 0
    for part in _parts(images):
        end = start + len(part)
        if end > len(own):
            break
        pixels = as_images(as_uint8(part, where, start), shape, where)
        yield pixels, as_labels(own[start:end], f"{labels[0]}: labels", start)
        start = end
    else:
        end = start
    if end != len(own):
        found = f"{len(own):,} labels and {'at least ' if end > len(own) else ''}{end:,} images"
        raise DataError(f"{images[0]}: expected as many labels as images, found {found}")


def _parts(place: Place) -> Iterator[NDArray[Any]]:
    """The array at a place, a block at a time. Raises DataError if it is damaged, or holds Python objects."""
    path, member = place
    where = f"{path}: {member}" if member else str(path)
    try:
        with path.open("rb") if member is None else zipfile.ZipFile(path).open(f"{member}.npy") as file:
            shape, by_columns, dtype = HEADERS[np.lib.format.read_magic(file)](file)
            if dtype.hasobject:
                raise DataError(
                    f"{where}: expected an array of numbers, found Python objects: they are a pickle, {REFUSED}"
                )
            if not shape or (by_columns and len(shape) > 1):
                raise DataError(
                    f"{where}: expected an array of rows in C order; save it with numpy.ascontiguousarray"
                )
            size = int(np.prod(shape[1:])) * dtype.itemsize
            for start in range(0, shape[0], ROW_GROUP):
                rows = min(ROW_GROUP, shape[0] - start)
                content = file.read(rows * size)
                if len(content) < rows * size:
                    raise DataError(f"{where}: expected {shape[0]:,} rows, found a file that is cut short")
                yield np.frombuffer(content, dtype).reshape(rows, *shape[1:])
    except (
        ValueError,
        KeyError,
        EOFError,
        RuntimeError,
        NotImplementedError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{where}: expected an array of numbers, found: {reason}") from None
