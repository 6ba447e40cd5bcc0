"""The rows that only one of two revisions gets right, as a picture."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline import plots, table
from pipeline.compare import paired


def discordant(rows: pa.Table, base: NDArray[np.int64], head: NDArray[np.int64]) -> bytes:
    """A PNG of the rows that only base gets right, then those that only head does.

    rows: the test split, n rows; base, head: int64[n, 3], the columns id, actual, predicted of its predictions.
    """
    images, actual = table.to_arrays(rows)
    old, new = base[:, 2], head[:, 2]
    names = table.class_names(rows)
    worse, better = paired.discordant(actual, old, new)
    places = np.concatenate([worse, better])
    captions = [
        f"{base[row, 0]}: {names[actual[row]]}\n{names.get(old[row], old[row])} > {names.get(new[row], new[row])}"
        for row in places[: plots.MOST]
    ]
    title = f"{len(worse):,} only base right, then {len(better):,} only head right{plots.shown(len(places))}"
    title += ": row: actual, base > head"
    return plots.contact_sheet(title, images[places[: plots.MOST]], captions)
