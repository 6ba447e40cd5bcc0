"""A verdict makes the gate fail if it is critical and no success; counts are in words."""

import pytest

from pipeline.gates.verdicts import Row, Verdict, counted


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
