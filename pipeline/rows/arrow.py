"""The Arrow schema of the rows, and the conversion between arrays and Arrow tables.

Each image is a row: `id` int32 (its row in the raw file), `image` fixed_size_binary (uint8 values, row-major, the
channels of a pixel side by side), `label` uint8; with provenance also `writer` int16 and `hsf` int8 (the series of
NIST's forms). The metadata of the schema hold the name of the dataset, the shape of an image and the classes.
"""

import json
import math
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.base.dataset import Dataset
from pipeline.base.errors import DataError
from pipeline.rows.blocks import pixels

COLUMNS = ["id", "image", "label"]
PROVENANCE = ["writer", "hsf"]
SOURCE = "source"  # of deformed copies: the id of the row that was deformed


def schema(dataset: Dataset) -> pa.Schema:
    """The schema of both splits."""
    fields = [
        pa.field("id", pa.int32(), nullable=False),
        pa.field("image", pa.binary(dataset.image_bytes), nullable=False),
        pa.field("label", pa.uint8(), nullable=False),
    ]
    if dataset.provenance:
        types = zip(PROVENANCE, [pa.int16(), pa.int8()], strict=True)
        fields += [pa.field(name, kind, nullable=False) for name, kind in types]
    metadata = {
        "dataset": dataset.name,
        "shape": json.dumps(dataset.shape),
        "class_names": json.dumps(dataset.class_names, ensure_ascii=False),
    }
    if dataset.first_label:
        metadata["first_label"] = str(dataset.first_label)
    if dataset.transposed:
        metadata["transposed"] = "true"  # in the raw files; here the images are upright
    return pa.schema(fields, metadata)


def in_words(schema: pa.Schema) -> str:
    """Fields, types and metadata of a schema, in one line."""
    fields = [f"{field.name} {field.type}{'' if field.nullable else ' not null'}" for field in schema]
    metadata = {key.decode(): value.decode(errors="replace") for key, value in (schema.metadata or {}).items()}
    return "; ".join(fields + [f"{key} {value}" for key, value in sorted(metadata.items())])


def from_arrays(
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    schema: pa.Schema,
    *provenance: NDArray[Any],
    first: int = 0,
) -> pa.Table:
    """A table of images uint8[n, *shape] and labels uint8[n], with ids from `first`. The images are not copied.

    shape: in the metadata of the schema. provenance: writer int16[n] and hsf int8[n], if the schema has them.
    Raises DataError for arrays of another type or shape.
    """
    require_fit(images, labels, schema)
    pixels = pa.py_buffer(np.ascontiguousarray(images))
    columns = [
        pa.array(np.arange(first, first + len(labels), dtype=np.int32)),
        pa.FixedSizeBinaryArray.from_buffers(schema.field("image").type, len(images), [None, pixels]),
        pa.array(np.asarray(labels)),
        *map(pa.array, provenance),
    ]
    return pa.table(columns, schema=schema)


def require_fit(images: NDArray[np.uint8], labels: NDArray[np.uint8], schema: pa.Schema) -> None:
    """Raise DataError if the arrays are not images of the schema's shape and as many labels, both uint8."""
    shape = (len(labels), *json.loads(schema.metadata[b"shape"]))
    for name, array, expected in [("images", images, shape), ("labels", labels, shape[:1])]:
        if array.shape != expected or array.dtype != np.uint8:
            raise DataError(f"{name}: expected uint8{list(expected)}, found {array.dtype}{list(array.shape)}")


def to_arrays(table: pa.Table) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The images uint8[n, *shape] and labels uint8[n] of a table, read-only; not copied if Arrow allows that."""
    shape = json.loads(table.schema.metadata[b"shape"])
    label = table.column("label")
    label = label.chunk(0) if label.num_chunks == 1 else label.combine_chunks()
    plain = label.type == pa.uint8() and not label.null_count
    # Arrow's own conversion to NumPy imports pandas, and that takes longer than to read 60,000 rows.
    labels: Any = np.from_dlpack(label) if plain else label.to_numpy(zero_copy_only=False)
    labels.flags.writeable = False
    return pixels(table.column("image"), shape), labels


def to_pixels(table: pa.Table) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The images of a table as rows, uint8[n, values], and its labels uint8[n]; see `to_arrays`."""
    images, labels = to_arrays(table)
    return images.reshape(len(images), math.prod(images.shape[1:])), labels


def provenance(table: pa.Table, name: str) -> NDArray[Any] | None:
    """The column `writer`, int16[n], or `hsf`, int8[n]; None if the table has no such column."""
    return table.column(name).to_numpy() if name in table.schema.names else None


def class_names(table: pa.Table) -> dict[int, str]:
    """The name of each label."""
    names = json.loads(table.schema.metadata[b"class_names"])
    return dict(enumerate(names, int(table.schema.metadata.get(b"first_label", 0))))
