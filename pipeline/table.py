"""The Arrow schema, and arrays <-> Parquet.

One row an image: `id` int32 (its row in the raw file), `image` fixed_size_binary (rows times columns, row-major
uint8), `label` uint8; with provenance also `writer` int16 and `hsf` int8 (the series of NIST's forms). The
schema's metadata names the dataset, the image's shape and the classes.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.datasets import Dataset
from pipeline.errors import DataError, UnavailableError
from pipeline.files import publishing
from pipeline.rows import Rows, pixels

COLUMNS = ["id", "image", "label"]
PROVENANCE = ["writer", "hsf"]


def schema(dataset: Dataset) -> pa.Schema:
    """The schema of both splits."""
    fields = [
        pa.field("id", pa.int32(), nullable=False),
        pa.field("image", pa.binary(int(np.prod(dataset.shape))), nullable=False),
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
        metadata["transposed"] = "true"  # in the raw files: here the images are upright
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
    """A table of images uint8[n, rows, columns] and labels uint8[n], ids from `first`; the images are not copied.

    provenance: writer int16[n] and hsf int8[n], where the schema has them.

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
    """Raise DataError for arrays that are not the schema's images and as many labels."""
    shape = (len(labels), *json.loads(schema.metadata[b"shape"]))
    for name, array, expected in [("images", images, shape), ("labels", labels, shape[:1])]:
        if array.shape != expected or array.dtype != np.uint8:
            raise DataError(f"{name}: expected uint8{list(expected)}, found {array.dtype}{list(array.shape)}")


def to_arrays(table: pa.Table) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images uint8[n, rows, columns] and labels uint8[n] of a table, read-only, uncopied where Arrow allows."""
    shape = json.loads(table.schema.metadata[b"shape"])
    label = table.column("label")
    label = label.chunk(0) if label.num_chunks == 1 else label.combine_chunks()
    plain = label.type == pa.uint8() and not label.null_count
    # Arrow's own way to NumPy imports pandas, which takes longer than to read 60,000 rows.
    labels: Any = np.from_dlpack(label) if plain else label.to_numpy(zero_copy_only=False)
    labels.flags.writeable = False
    return pixels(table.column("image"), shape), labels


def to_pixels(table: pa.Table) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images uint8[n, pixels], a row each, and labels uint8[n] of a table, as `to_arrays`."""
    images, labels = to_arrays(table)
    return images.reshape(len(images), -1), labels


def provenance(table: pa.Table, name: str) -> NDArray[Any] | None:
    """The column `writer`, int16[n], or `hsf`, int8[n]; None where the table has none."""
    return table.column(name).to_numpy() if name in table.schema.names else None


def class_names(table: pa.Table) -> dict[int, str]:
    """The name of each label, in the order of the labels."""
    names = json.loads(table.schema.metadata[b"class_names"])
    return dict(enumerate(names, int(table.schema.metadata.get(b"first_label", 0))))


def fingerprints(tables: Mapping[Any, Rows]) -> dict[str, str]:
    """What metrics/passed.json says of each split's rows: their SHA-256, and apart from it that of who wrote them.

    Each as 64 hexadecimal digits, of the values and of what the schema says of them, however Parquet stores them.
    """
    found = {}
    for split, rows in tables.items():
        found[str(split)] = _fingerprint(rows, ["id", "label", "image"])
        if set(PROVENANCE) <= set(rows.schema.names):
            found[f"{split}_writers"] = _fingerprint(rows, ["id", *PROVENANCE])
    return found


def _fingerprint(rows: Rows, columns: Sequence[str]) -> str:
    own = pa.schema([field for field in rows.schema if field.name in columns], rows.schema.metadata)
    digest = hashlib.sha256(in_words(own).encode())
    for name in columns:
        for part in rows.blocks([name]):
            column = part[name]
            array = pixels(column, [column.type.byte_width]) if name == "image" else column.to_numpy()
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def scan(path: Path) -> Rows:
    """The rows of a Parquet file that `write` made, a block a row group; DataError where it is none.

    The file stays open: what is read later is of the same file, even where another has taken its place.
    """
    file = _opened(path)
    groups = file.num_row_groups

    def read(number: int, columns: Sequence[str]) -> pa.Table:
        with _sound(path):
            return file.read_row_groups([number] if groups else [], columns)

    sizes = [file.metadata.row_group(k).num_rows for k in range(groups)]
    return Rows(file.schema_arrow, np.cumsum(sizes or [0]), read)


def _opened(path: Path) -> pq.ParquetFile:
    if not path.is_file():
        raise UnavailableError(f"{path}: not found; run `dvc repro` (or `dvc pull`) first")
    with _sound(path):
        file = pq.ParquetFile(path)
        schema = file.schema_arrow
    if schema.names not in (COLUMNS, COLUMNS + PROVENANCE) or not schema.metadata:
        raise DataError(f"{path}: expected columns {', '.join(COLUMNS)}, found {', '.join(schema.names)}")
    if not (pa.types.is_fixed_size_binary(kind := schema.field("image").type) or pa.types.is_binary(kind)):
        raise DataError(f"{path}: expected binary images, found {kind}")
    return file


@contextlib.contextmanager
def _sound(path: Path) -> Iterator[None]:
    """Have what Arrow says of a file that is no Parquet, or damaged, raise DataError."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        if getattr(error, "errno", None):  # the disk, not the content
            raise
        raise DataError(f"{path}: expected Parquet, found: {' '.join(str(error).split())}") from None


def read(path: Path) -> pa.Table:
    """All rows of a Parquet file that `write` made, each column in one piece; DataError where it is none."""
    file = _opened(path)
    with _sound(path):
        return file.read()


def require_own(schema: pa.Schema, path: Path) -> None:
    """Raise DataError for a schema of which the arrays cannot be made: not that of a file which `write` made."""
    metadata, width = schema.metadata or {}, schema.field("image").type.byte_width
    missing = [key for key in ("dataset", "shape", "class_names") if key.encode() not in metadata]
    if missing:
        raise DataError(f"{path}: expected metadata as `convert` writes it, found none on {', '.join(missing)}")
    if np.prod(shape := json.loads(metadata[b"shape"])) != width:
        raise DataError(f"{path}: expected images of {shape}, found images of {width} bytes")


def read_passed(path: Path, record: Path) -> pa.Table:
    """The rows of a Parquet file; DataError unless the JSON file `record`, which the gate writes, names them."""
    rows = read(path)
    try:
        passed = json.loads(record.read_bytes()).items() >= fingerprints({path.stem: Rows.of(rows)}).items()
    except (FileNotFoundError, AttributeError, KeyError, TypeError, ValueError):  # no record, or another schema
        passed = False
    if not passed:
        raise DataError(f"{path}: has not passed the gate; run `python -m pipeline gate`")
    return rows


def write(rows: Rows, path: Path) -> None:
    """Publish rows as Parquet, a row group a block, after they were read back and compared value by value."""
    with publishing(path) as partial:
        with pq.ParquetWriter(
            partial, rows.schema, compression="zstd", use_dictionary=["label"], write_statistics=["id", "label"]
        ) as writer:
            for part in rows.blocks():
                writer.write_table(part)
        found = scan(partial)
        if not (
            found.schema.equals(rows.schema, check_metadata=True)
            and all(a.equals(b) for a, b in zip(found.blocks(), rows.blocks(), strict=True))
        ):
            raise UnavailableError(f"{path}: what was read back differs from what was written; check the disk")
