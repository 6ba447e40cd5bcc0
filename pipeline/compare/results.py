"""What git holds of a revision's results: predictions, metrics, and the record of the run."""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline import lock, registry
from pipeline.datasets import Split
from pipeline.errors import DataError, UnavailableError

NUMBERS = dict[str, Any]
METRICS: dict[str, Any] = {
    "raw": NUMBERS,
    "quality": dict[Split, dict[str, int | float | None]],
    "validation": NUMBERS,
    "test": NUMBERS,
}
PREDICTIONS, PASSED, METHOD = "metrics/predictions.csv", "metrics/passed.json", "metrics/method.json"
HEADER = "id,actual,predicted"


class Results(NamedTuple):
    """A revision's results.

    name: of the revision. predictions: int64[n, 3], the columns of metrics/predictions.csv. metrics: every number
    of metrics/*.json by its dotted name. passed: the hashes of the rows that passed the gate, by split, empty
    where none did. code: a hash of each file that the stages or the method are made of.
    """

    name: str
    predictions: NDArray[np.int64]
    metrics: dict[str, Any]
    passed: dict[str, str]
    lock: lock.Lock
    code: dict[str, str]


def load(name: str, read: Callable[[str], bytes]) -> Results:
    """The results of a revision, whose files `read` gives by their path.

    Raises UnavailableError for a missing file, DataError for one of another form.
    """

    def parsed(path: str, kind: Any) -> Any:
        try:
            return msgspec.json.decode(read(path), type=kind)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{name}: {path}: expected a JSON object, found: {error}") from None

    try:
        passed = parsed(PASSED, dict[str, str])
    except UnavailableError:  # a gate that fails takes it away
        passed = {}
    try:
        method = parsed(METHOD, registry.Record).code
    except UnavailableError:  # a revision from before there was one
        method = {}
    recorded = lock.parse(read(lock.PATH), f"{name}: {lock.PATH}")
    files = {path: md5 for path, md5 in recorded.sources.items() if not md5.endswith(".dir")}
    return Results(
        name=name,
        predictions=_predictions(name, read(PREDICTIONS)),
        metrics=lock.flat({part: parsed(f"metrics/{part}.json", kind) for part, kind in METRICS.items()}),
        passed=passed,
        lock=recorded,
        code=files | method,
    )


def _predictions(name: str, content: bytes) -> NDArray[np.int64]:
    try:
        header, *lines = content.decode().split() or [""]
        if header != HEADER or not lines:
            raise ValueError(f"{len(lines):,} rows under {header[:40]!r}")
        rows = np.loadtxt(lines, np.int64, delimiter=",", comments=None, ndmin=2)
        if rows.shape[1] != 3:
            raise ValueError(f"{rows.shape[1]} columns")
    except ValueError as error:
        raise DataError(f"{name}: {PREDICTIONS}: expected whole numbers under {HEADER}, found: {error}") from None
    return rows
