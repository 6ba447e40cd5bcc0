"""The tiny dataset before the gates: rows of train that a test changes, and what the gates say of them."""

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from conftest import tiny_arrays, write_tiny
from msgspec.structs import replace
from numpy.typing import NDArray

from pipeline.base.dataset import Dataset
from pipeline.base.structs import convert
from pipeline.gates import judge
from pipeline.gates.judge import Judgement
from pipeline.rows import arrow
from pipeline.rows.blocks import Rows

Change = Callable[[pa.Table], pa.Table]


@functools.cache
def tiny() -> Dataset:
    """The record of the tiny dataset."""
    with tempfile.TemporaryDirectory() as folder:
        return convert(write_tiny(Path(folder)), Dataset, Path("tiny.yaml"))


def bare(**changes: Any) -> Dataset:
    """The record of the tiny dataset as it is before anybody has measured the files."""
    train, test = (replace(record, expect=None, class_counts=None) for record in tiny().splits.values())
    return replace(tiny(), expect=None, train=train, test=test, **changes)


def judged(change: Change, dataset: Dataset | None = None, docs: Path | None = None) -> Judgement:
    """What the gates say of the tiny rows after `change` is done to train."""
    record = dataset or tiny()
    train = arrow.from_arrays(*tiny_arrays(300, 0), arrow.schema(record))
    test = arrow.from_arrays(*tiny_arrays(60, 1), arrow.schema(record))
    return judge.judge(record, {"train": Rows.of(change(train)), "test": Rows.of(test)}, 0, docs)


def same(rows: pa.Table) -> pa.Table:
    return rows


def replaced(column: str, values: pa.Array) -> Change:
    """Another column in place of the one with this name."""
    return lambda rows: rows.set_column(rows.schema.get_field_index(column), column, values)


def labels(change: Callable[[NDArray[np.uint8]], None]) -> Change:
    """The labels after `change`."""
    values = tiny_arrays(300, 0)[1].copy()
    change(values)
    return replaced("label", pa.array(values))


def images(change: Callable[[NDArray[np.uint8]], None]) -> Change:
    """The images after `change`."""
    values = tiny_arrays(300, 0)[0].copy()
    change(values)
    return replaced("image", pa.array([row.tobytes() for row in values], pa.binary(784)))


def put(where: Any, value: Any) -> Callable[[NDArray[np.uint8]], None]:
    """A value at some places."""
    return lambda values: values.__setitem__(where, value)


def failures(found: Judgement) -> set[str]:
    """The names of the checks that fail; not the schema, because a changed column may be null."""
    return {verdict.check for verdict in found.failed} - {"schema"}
