"""Which rows break an expectation. Great Expectations counts them; its lists of rows would take much memory."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def unexpected(config: Any, column: pd.Series) -> Mask:
    """True for the rows of a column that break the expectation with this configuration.

    Values that are null break no expectation, but the one that there be none. Raises KeyError for another kind of
    expectation than those of the suites.
    """
    return np.asarray(MASKS[config.type](column, config.kwargs), np.bool_)


def _outside(column: pd.Series, given: dict[str, Any]) -> Any:
    low, high = given.get("min_value"), given.get("max_value")
    below = (column <= low) if given.get("strict_min") else (column < low) if low is not None else False
    above = (column > high) if high is not None else False
    return (below | above) & column.notna()


def _not_increasing(column: pd.Series, given: dict[str, Any]) -> Any:
    steps = column.dropna().astype(np.float64).diff()
    return (steps <= 0 if given.get("strictly") else steps < 0).reindex(column.index, fill_value=False)


MASKS: dict[str, Callable[[pd.Series, dict[str, Any]], Any]] = {
    "expect_column_values_to_not_be_null": lambda column, _: column.isna(),
    "expect_column_values_to_be_null": lambda column, _: column.notna(),
    "expect_column_values_to_be_in_set": lambda column, given: ~column.isin(given["value_set"]) & column.notna(),
    "expect_column_values_to_be_unique": lambda column, _: column.duplicated(keep=False) & column.notna(),
    "expect_column_values_to_be_increasing": _not_increasing,
    "expect_column_values_to_be_between": _outside,
}
