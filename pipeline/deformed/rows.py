"""Rows of deformed copies: row i is made of row i modulo n of the n source rows."""

import numpy as np
import pyarrow as pa

from pipeline.deformed import images
from pipeline.rows import arrow

BLOCK = 1_000  # copies at a time


def schema(source: pa.Schema) -> pa.Schema:
    """The schema of the copies: id, image, label, and `source` int32, the id of the row that was deformed."""
    metadata = {key: value for key, value in source.metadata.items() if key != b"transposed"}  # they are upright
    fields = [source.field(name) for name in arrow.COLUMNS]
    of_source = pa.field(arrow.SOURCE, pa.int32(), nullable=False)
    return pa.schema([*fields, of_source], metadata | {b"dataset": metadata[b"dataset"] + b"-deformed"})


def table(source: pa.Table, seed: int, numbers: range) -> pa.Table:
    """The copies with these numbers. Each is a function of the source rows, the seed and its number alone."""
    pixels, labels = arrow.to_arrays(source)
    places = np.arange(numbers.start, numbers.stop) % len(labels)
    copies = np.empty((len(places), *pixels.shape[1:]), np.uint8)
    for start in range(0, len(places), BLOCK):
        part = slice(start, start + BLOCK)
        copies[part] = images.deform(pixels[places[part]], images.draw(seed, numbers[part], pixels.shape[1:3]))
    ids = source["id"].to_numpy()[places]
    return arrow.from_arrays(copies, labels[places], schema(source.schema), ids, first=numbers.start)
