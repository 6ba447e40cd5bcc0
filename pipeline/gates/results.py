"""What a result of Great Expectations says, in words and row numbers."""

from collections import Counter
from typing import Any

import pandas as pd
from great_expectations.core.expectation_validation_result import ExpectationValidationResult

from pipeline.gates.meanings import usually
from pipeline.gates.verdicts import Row, counted


def check(result: ExpectationValidationResult) -> str:
    """The name of the check. The suites put it into the `meta` of each expectation."""
    config: Any = result.expectation_config
    return str(config.meta["check"])


def found(result: ExpectationValidationResult) -> str:
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
    most = Counter(row.like for row in rows(result) if row.like).most_common(1)
    same = f", {most[0][1]:,} of them {most[0][0]!r}" if most and most[0][1] > 1 else ""
    return f"{counted(count, 'row')}{same}"


def rows(result: ExpectationValidationResult) -> list[Row]:
    """The rows that break an expectation, by id. `like` is the value of the column if it is text."""
    detail: dict[str, Any] = result.result or {}
    broken = detail.get("unexpected_index_list") or []
    config: Any = result.expectation_config
    column = config.kwargs.get("column", "")
    like = {int(row["id"]): row.get(column) for row in broken if isinstance(row, dict) and pd.notna(row["id"])}
    return [Row(number, value if isinstance(value, str) else "") for number, value in sorted(like.items())]


def meaning(result: ExpectationValidationResult) -> str:
    """What a failure usually means. It depends on the side of its range on which the first value lies."""
    detail: dict[str, Any] = result.result or {}
    values = [detail.get("observed_value"), *(detail.get("partial_unexpected_list") or [])]
    first = next((value for value in values if isinstance(value, int | float)), None)
    config: Any = result.expectation_config
    low = config.kwargs.get("min_value")
    return usually(check(result), None if first is None or low is None else first < low)
