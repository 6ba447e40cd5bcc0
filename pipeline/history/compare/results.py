"""The results of a revision that git holds: predictions, metrics, and the record of the run."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.base.dataset import Split
from pipeline.base.errors import DataError, UnavailableError
from pipeline.base.structs import parse_json
from pipeline.history import lock
from pipeline.models import made_of

NUMBERS = dict[str, Any]
METRICS: dict[str, Any] = {
    "raw": NUMBERS,
    "quality": dict[Split, dict[str, int | float | dict[str, int] | None]],
    "validation": NUMBERS,
    "test": NUMBERS,
}
PREDICTIONS, PASSED, METHOD = "metrics/predictions.csv", "metrics/passed.json", "metrics/method.json"
HEADER = "id,actual,predicted"


class Results(NamedTuple):
    """The results of a revision.

    name: the name of the revision. predictions: int64[n, 3], the columns of metrics/predictions.csv. metrics: the
    numbers of metrics/*.json by their dotted names. passed: the hashes of the rows that passed the gate, by split;
    empty if no rows passed. code: the hash of each file and room that the stages use, and each file of the method.
    """

    name: str
    predictions: NDArray[np.int64]
    metrics: dict[str, Any]
    passed: dict[str, str]
    lock: lock.Lock
    code: dict[str, str]


def load(name: str, read: Callable[[str], bytes]) -> Results:
    """The results of a revision. read: gives the content of a file of the revision by its path.

    Raises UnavailableError for a missing file, DataError for a file of another form.
    """

    def parsed(path: str, kind: Any) -> Any:
        return parse_json(read(path), kind, f"{name}: {path}")

    def numbers(part: str, kind: Any) -> dict[str, Any]:
        return lock.flat({part: parsed(f"metrics/{part}.json", kind)})

    try:
        passed = parsed(PASSED, dict[str, str])
    except UnavailableError:  # a gate that fails removes the file
        passed = {}
    try:
        method = parsed(METHOD, made_of.Record).code
    except UnavailableError:  # an old revision, from before this file existed
        method = {}
    recorded = lock.parse(read(lock.PATH), f"{name}: {lock.PATH}")
    return Results(
        name=name,
        predictions=_predictions(name, read(PREDICTIONS)),
        metrics={key: value for part, kind in METRICS.items() for key, value in numbers(part, kind).items()},
        passed=passed,
        lock=recorded,
        code=_code(recorded) | method,
    )


def _code(recorded: lock.Lock) -> dict[str, str]:
    """A hash of each file and room that the stages use, except the rooms that only the stage `method` uses.

    These rooms hold every method; metrics/method.json has the files of the one method that was trained.
    """
    used = {dep.path for name, stage in recorded.stages.items() if name != "method" for dep in stage.deps}
    return {path: md5 for path, md5 in recorded.sources.items() if path in used or not md5.endswith(".dir")}


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
