"""A picture of the rows that only one of two revisions gets right."""

from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.base import pictures
from pipeline.base.errors import UnavailableError
from pipeline.history.compare import paired
from pipeline.history.compare.results import Results
from pipeline.rows import arrow, parquet
from pipeline.rows.blocks import Rows


def rows_compared(path: Path, base: Results) -> pa.Table:
    """The test rows in a Parquet file. Raises UnavailableError unless base's predictions are of these rows."""
    rows = parquet.read(path)
    try:
        found = parquet.fingerprints({"test": Rows.of(rows)})["test"]
    except (KeyError, TypeError, ValueError):  # the file has another schema
        found = ""
    if found != base.passed["test"] or len(rows) != len(base.predictions):
        raise UnavailableError(f"{path.parent}: other test rows than compared; run `dvc checkout`")
    return rows


def discordant(rows: pa.Table, base: NDArray[np.int64], head: NDArray[np.int64]) -> bytes:
    """A PNG of the rows that only base gets right, then of the rows that only head gets right.

    rows: the test split, n rows. base, head: the predictions, int64[n, 3], with the columns id, actual, predicted.
    """
    images, actual = arrow.to_arrays(rows)
    old, new = base[:, 2], head[:, 2]
    names = arrow.class_names(rows)
    worse, better = paired.discordant(actual, old, new)
    places = np.concatenate([worse, better])
    captions = [
        f"{base[row, 0]}: {names[actual[row]]}\n{names.get(old[row], old[row])} > {names.get(new[row], new[row])}"
        for row in places[: pictures.MOST]
    ]
    title = f"{len(worse):,} only base right, then {len(better):,} only head right{pictures.shown(len(places))}"
    title += ": row: actual, base > head"
    return pictures.contact_sheet(title, images[places[: pictures.MOST]], captions)
