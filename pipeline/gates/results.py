"""What the results of Great Expectations say, in words and row numbers."""

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from great_expectations.core.expectation_validation_result import ExpectationValidationResult

from pipeline.base.dataset import Split
from pipeline.gates import masks
from pipeline.gates.meanings import usually
from pipeline.gates.verdicts import Named, Verdict, counted

MOST_ROWS = 24  # a page or a picture shows at most so many rows of an expectation


class Results(NamedTuple):
    """What one suite found.

    verdicts: one for each expectation. tables: by expectation the first rows that break it, each with its id and
    its value.
    """

    suite: str
    verdicts: list[Verdict]
    tables: dict[str, list[dict[Any, Any]]]


def of(split: Split, suite: str, results: list[ExpectationValidationResult], frame: pd.DataFrame) -> Results:
    """The results of a suite on a frame. A frame with the column `id` has rows that can be named."""
    verdicts, tables = [], {}
    for result in results:
        config: Any = result.expectation_config
        broken = _broken(result, frame)
        rows = _rows(broken)
        said = str(config.severity.value), str(config.description), _found(result, rows)
        verdicts.append(Verdict(split, _check(result), *said, rows, bool(result.success), _meaning(result)))
        tables[str(config.description)] = broken.head(MOST_ROWS).to_dict("records")
    return Results(suite, verdicts, tables)


def _check(result: ExpectationValidationResult) -> str:
    """The name of the check. The suites put it into the `meta` of each expectation."""
    config: Any = result.expectation_config
    return str(config.meta["check"])


def _broken(result: ExpectationValidationResult, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of the frame that break an expectation: their id, and the column that it looks at."""
    config: Any = result.expectation_config
    if "id" not in frame or not (result.result or {}).get("unexpected_count"):
        return pd.DataFrame()
    own = list(dict.fromkeys(["id", config.kwargs["column"]]))
    return frame.loc[masks.unexpected(config, frame[own[-1]]), own]


def _rows(broken: pd.DataFrame) -> Named:
    """The rows by id. `like` is the value of the column if it is text."""
    if broken.empty:
        return Named(np.empty(0, np.int64))
    known = broken[broken["id"].notna()].drop_duplicates("id", keep="last").sort_values("id")
    values = known.iloc[:, -1]
    texts = [value if isinstance(value, str) else "" for value in values] if values.dtype.kind == "O" else []
    return Named(known["id"].to_numpy(np.int64), texts if any(texts) else None)


def _found(result: ExpectationValidationResult, rows: Named) -> str:
    """What was found: a value, the number of rows that break the expectation, or why it could not be checked."""
    exceptions = result.exception_info or {}
    # One exception, or one for each metric.
    parts = [exceptions] if "raised_exception" in exceptions else exceptions.values()
    if errors := [str(part["exception_message"]) for part in parts if part["raised_exception"]]:
        return f"not checked: {errors[0].splitlines()[0]}"
    detail: dict[str, Any] = result.result or {}
    if "observed_value" in detail:
        value = detail["observed_value"]
        if value is None or pd.isna(value):
            return "not measured"
        if isinstance(value, float):
            return f"{value:,.6g}"
        return f"{value:,}" if isinstance(value, int) else str(value)
    values = detail.get("partial_unexpected_list") or []
    if detail.get("element_count") == 1 and values and isinstance(values[0], str):  # a fact
        return str(values[0])
    count = int(detail.get("unexpected_count") or 0)
    most = Counter(filter(None, rows.like or ())).most_common(1)
    same = f", {most[0][1]:,} of them {most[0][0]!r}" if most and most[0][1] > 1 else ""
    return f"{counted(count, 'row')}{same}"


def _meaning(result: ExpectationValidationResult) -> str:
    """What a failure usually means. It depends on the side of its range on which the first value lies."""
    detail: dict[str, Any] = result.result or {}
    values = [detail.get("observed_value"), *(detail.get("partial_unexpected_list") or [])]
    first = next((value for value in values if isinstance(value, int | float)), None)
    config: Any = result.expectation_config
    low = config.kwargs.get("min_value")
    return usually(_check(result), None if first is None or low is None else first < low)
