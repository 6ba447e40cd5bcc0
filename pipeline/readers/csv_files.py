"""CSV as on Kaggle: a row an image, its label first or last, then or before it the pixels row by row.

Plain or gzipped, with or without a header. pyarrow reads it a block at a time.
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from pipeline.base.dataset import Dataset
from pipeline.base.errors import ConfigError, DataError
from pipeline.readers.form import Array, Block, Form, as_images, by_split, flat_shape, only

LABELS = {"label", "labels", "class", "target", "y"}  # the names of a label's column in a header
LONGEST = 1 << 20  # bytes of a line
BLOCK = 1 << 24  # bytes of the file that are read at a time


def read(root: Path, files: list[Path], dataset: Dataset) -> Form:
    """The rows of each split's file. Raises ConfigError for several files of a split."""
    splits = {split: only(root, split, paths) for split, paths in by_split(root, files).items()}
    return Form("CSV", {split: _blocks(path, dataset) for split, path in splits.items()}, upright=False)


def _blocks(path: Path, dataset: Dataset) -> Iterator[Block]:
    fields = _first_line(path)
    header = not all(field.strip().isdigit() for field in fields)
    place = _named_label(path, fields) if header else None
    names = [str(number) for number in range(len(fields))]
    whole = dict.fromkeys(names, pa.uint8())
    try:
        reader = pa.csv.open_csv(
            path,
            pa.csv.ReadOptions(column_names=names, skip_rows=int(header), block_size=BLOCK),
            convert_options=pa.csv.ConvertOptions(column_types=whole, null_values=[], strings_can_be_null=False),
        )
        for batch in reader:
            values = np.column_stack([column.to_numpy(zero_copy_only=False) for column in batch.columns])
            if place is None:
                place = _unnamed_label(path, values, dataset.labels)
            yield (
                as_images(np.delete(values, place, axis=1), flat_shape(dataset), str(path)),
                values[:, place].copy(),
            )
    except (pa.ArrowException, OSError) as error:
        if getattr(error, "errno", None):
            raise
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: expected rows of whole numbers from 0 to 255, found: {reason}") from None


def _first_line(path: Path) -> list[str]:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            line = file.readline(LONGEST)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: expected whole gzip data, found: {error}") from None
    fields = line.decode("utf-8-sig", "replace").strip().split(",")
    if len(fields) < 2 or len(line) == LONGEST:
        raise DataError(f"{path}: expected values with commas between them, found {line[:40]!r}")
    return fields


def _named_label(path: Path, header: list[str]) -> int:
    """The place of the label's column in a header."""
    names = [name.strip().strip('"').lower() for name in header]
    places = [place for place, name in enumerate(names) if name in LABELS]
    if len(places) != 1:
        reason = f"found {'several' if places else 'none'} in {len(names):,} columns"
        raise ConfigError(f"{path}: expected one column with the name label, {reason}; a split needs its labels")
    return places[0]


def _unnamed_label(path: Path, values: Array, labels: range) -> int:
    """Whether the label is the first (0) or the last (-1) column, if no header says it.

    Labels differ, and the record knows them; in most data a pixel in a corner is always the same, or takes values
    that are no labels.
    """

    def fits(column: Array) -> bool:
        return bool((column != column[0]).any()) and (not labels or set(column.tolist()) <= set(labels))

    fitting = [place for place in (0, -1) if fits(values[:, place])]
    if len(fitting) != 1:
        what = "both the first and the last column" if fitting else "neither the first nor the last column"
        raise ConfigError(
            f"{path}: expected the label in the first or in the last column; {what} could be it; give the file a "
            "header that says `label`"
        )
    return fitting[0]
