"""Parquet: our own form, what other programs wrote of it, and the form of the Hugging Face hub.

A row has an image and a label. The image is its pixels as binary, or a PNG or JPEG file: as binary, or as a struct
of bytes and path, as Hugging Face `datasets` writes it. A split may have several numbered files.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.base.dataset import Dataset, Split
from pipeline.base.errors import ConfigError, DataError, listed
from pipeline.readers.form import Array, Block, Form, Shape, as_uint8, by_split, relative
from pipeline.readers.picture_folders import decode, stacked
from pipeline.rows.blocks import ROW_GROUP, pixels

SHARD = re.compile(r"(.*?)(\d+)(?:-of-(\d+))?\.parquet$")
IMAGES, LABELS = ("image", "img"), ("label", "labels")
BINARY = (
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
)
PACKED = (b"\x89PNG", b"\xff\xd8\xff")  # the first bytes of PNG and JPEG


def read(root: Path, files: list[Path], dataset: Dataset) -> Form:
    """The rows of each split's files, in the order of their numbers.

    Raises ConfigError for several files of a split that are not numbered, or if a number is missing.
    """
    splits = {split: _numbered(root, split, paths) for split, paths in by_split(root, files).items()}
    shape = dataset.shape if all(dataset.shape) else None
    names = _class_names(next(iter(splits.values()))[0])
    rows = {split: _blocks(paths, shape) for split, paths in splits.items()}
    return Form("Parquet", rows, upright=True, class_names=names)


def _numbered(root: Path, split: Split, paths: list[Path]) -> list[Path]:
    """The files of a split in order."""
    if len(paths) == 1 and "-of-" not in paths[0].name:
        return paths
    names = listed(relative(root, path) for path in paths)
    found = [(SHARD.match(relative(root, path)), path) for path in paths]
    heads = {match[1] if match[3] else "" for match, _ in found if match}
    folders = {path.parent for path in paths}
    if not all(match for match, _ in found) or len(heads) > 1 or len(folders) > 1:
        raise ConfigError(f"{root}: expected one file for {split}, or numbered files, found {names}")
    total = next((int(match[3]) for match, _ in found if match and match[3]), len(paths))
    if total != len(paths):
        raise ConfigError(f"{root}: expected {total} files for {split}, found {len(paths)}: {names}")
    return [path for _, path in sorted((int(match[2]), path) for match, path in found if match)]


def _blocks(paths: list[Path], shape: Shape | None) -> Iterator[Block]:
    first = 0
    for path in paths:
        try:
            with pq.ParquetFile(path) as file:
                image, label = (_column(path, file.schema_arrow, names) for names in (IMAGES, LABELS))
                numbered = ["id"] if "id" in file.schema_arrow.names else []
                own = _shape(file.schema_arrow) or shape
                for batch in file.iter_batches(ROW_GROUP, columns=[*numbered, image, label]):
                    if numbered:
                        _require_order(path, batch["id"], first)
                    where = f"{path}: {image}"
                    images = _images(_whole(batch[image], where, first), own, where, first)
                    labels = _whole(batch[label], f"{path}: {label}", first).to_numpy(zero_copy_only=False)
                    yield images, as_uint8(labels, f"{path}: {label}", first)
                    first += len(batch)
        except (pa.ArrowException, OSError) as error:
            if getattr(error, "errno", None):
                raise
            raise DataError(f"{path}: expected Parquet, found: {' '.join(str(error).split())}") from None


def _column(path: Path, schema: pa.Schema, names: tuple[str, ...]) -> str:
    found = [name for name in names if name in schema.names]
    if len(found) != 1:
        columns = ", ".join(schema.names)
        raise DataError(f"{path}: expected one column with the name {' or '.join(names)}, found {columns}")
    return found[0]


def _whole(column: pa.Array, where: str, first: int) -> pa.Array:
    if column.null_count:
        row = first + int(np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))[0])
        raise DataError(f"{where}: expected a value in each row, found none in row {row:,}")
    return column


def _require_order(path: Path, ids: pa.Array, first: int) -> None:
    """Raise DataError if the ids are not the numbers of the rows: rows are lost, or in another order."""
    given = ids.to_numpy(zero_copy_only=False)
    wrong = np.flatnonzero(given != np.arange(first, first + len(given)))
    if len(wrong):
        row = first + int(wrong[0])
        raise DataError(
            f"{path}: id: expected {row:,} in row {row:,}, found {given[wrong[0]]}; sort the rows by id"
        )


def _images(column: pa.Array, shape: Shape | None, where: str, first: int) -> Array:
    """The images of a column, uint8[m, *shape]."""
    if pa.types.is_struct(column.type) and column.type.get_field_index("bytes") >= 0:
        column = _whole(column.field("bytes"), f"{where}: bytes (a path alone has no pixels)", first)
    if not any(kind(column.type) for kind in BINARY):
        raise DataError(f"{where}: expected bytes of pixels or of PNG files, found {column.type}")
    if pa.types.is_binary_view(column.type):
        column = column.cast(pa.binary())  # Arrow gives no lengths of views
    if len(column) and column[0].as_py()[:4].startswith(PACKED):
        pictures = column.to_pylist()
        return stacked((decode(one, f"{where}: row {row:,}"), f"{where}: row {row:,}")
                       for row, one in enumerate(pictures, first))  # fmt: skip
    if shape is None:
        raise ConfigError(f"{where}: the file does not say the shape of an image; name a record with --dataset")
    sizes = pc.binary_length(column).to_numpy(zero_copy_only=False)
    wrong = np.flatnonzero(sizes != (size := int(np.prod(shape))))
    if len(wrong):
        row = first + int(wrong[0])
        raise DataError(f"{where}: expected {size:,} bytes in each row, found {sizes[wrong[0]]:,} in row {row:,}")
    return pixels(pa.chunked_array([column]), shape)


def _shape(schema: pa.Schema) -> Shape | None:
    """The shape of an image as `convert` writes it into the metadata; None if they do not say it."""
    text = (schema.metadata or {}).get(b"shape")
    return tuple(json.loads(text)) if text else None


def _class_names(path: Path) -> tuple[str, ...] | None:
    """The names of the classes from label 0 on, if the metadata have them in our form or in Hugging Face's."""
    try:
        metadata: dict[bytes, bytes] = pq.read_schema(path).metadata or {}
        if b"class_names" in metadata and b"first_label" not in metadata:
            return tuple(json.loads(metadata[b"class_names"]))
        features: Any = json.loads(metadata.get(b"huggingface", b"{}"))
        names = features["info"]["features"]["label"]["names"]
        return tuple(map(str, names))
    except (KeyError, TypeError, ValueError, pa.ArrowException):
        return None
