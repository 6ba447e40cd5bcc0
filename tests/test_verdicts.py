"""A verdict makes the gate fail if it is critical and no success; counts are in words."""

import numpy as np
import pytest

from pipeline.gates.verdicts import Named, Row, Verdict, counted


@pytest.mark.parametrize(
    ("severity", "success", "fails"),
    [("critical", False, True), ("critical", True, False), ("warning", False, False), ("info", False, False)],
)
def test_only_a_critical_failure_fails(severity: str, success: bool, fails: bool) -> None:
    assert Verdict("train", "ink", severity, "dark", "", [], success, "").fails == fails


def test_a_row_says_what_it_is_like_if_that_is_known() -> None:
    assert [str(Row(7)), str(Row(9, "train 41"))] == ["7", "9 = train 41"]


@pytest.mark.parametrize(("count", "words"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1200, "1,200 rows")])
def test_one_is_singular(count: int, words: str) -> None:
    assert counted(count, "row") == words


@pytest.mark.parametrize("like", [None, ["", "train 41", ""]])
def test_rows_in_arrays_are_read_as_a_list_of_rows(like: list[str] | None) -> None:
    named = Named(np.array([7, 9, 11]), like)
    rows = [Row(number, text) for number, text in zip([7, 9, 11], like or ["", "", ""], strict=True)]
    assert named == rows
    assert (len(named), list(named), named[1], named[-1]) == (3, rows, rows[1], rows[-1])
    assert named[:2] == rows[:2]
    assert not Named(np.empty(0, np.int64))
