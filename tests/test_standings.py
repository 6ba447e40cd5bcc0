"""The leaderboard's rows: what was scored beside what was published, compared on the same test rows."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from pipeline.base.errors import DataError, UnavailableError
from pipeline.base.outputs import Outputs
from pipeline.leaderboard import page, picture, scoring, standings
from pipeline.models import metrics

ACTUAL = np.resize(np.arange(10, dtype=np.uint8), 2000)
ROWS = """name,method,preprocessing,published_error_percent,source,note
linear,a line,none,12.0,A 1998,
linear,the same line,none,1.5,B 1999,"A line is a line, not a curve."
,a net,none,1.1,A 1998,
nearest_l2,neighbours,none,5.0,A 1998,
gradient_svm,ours,histograms,,,
"""


def publish(board: Path, name: str, wrong: range, seconds: float) -> None:
    """Scores of a method that gets the rows `wrong` wrong."""
    predicted = ACTUAL.copy()
    predicted[wrong] += 1
    scores = metrics.error_rate(ACTUAL, predicted)
    costs = {"fit_seconds": seconds, "microseconds_per_image": 9.0, "model_bytes": 1234567, "cores": 2}
    score = scoring.Score({"validation": scores, "test": scores}, predicted, costs)
    with Outputs() as out:
        scoring.publish(board, name, score, ACTUAL, out)


@pytest.fixture
def board(tmp_path: Path) -> Path:
    (tmp_path / "rows.csv").write_text(ROWS)
    publish(tmp_path, "gradient_svm", range(10), 8.0)
    publish(tmp_path, "linear", range(8, 50), 0.5)
    publish(tmp_path, "logistic_regression", range(2, 12), 70.0)
    with Outputs() as out:
        scoring.publish_missing(tmp_path, "lenet5", ["torch"], out)
    return tmp_path


def test_the_best_stand_first_and_what_did_not_run_last(board: Path) -> None:
    rows = standings.standings(board)
    assert [(row["name"], row.get("test_error_rate"), row.get("not_run")) for row in rows] == [
        ("gradient_svm", 0.005, None),
        ("logistic_regression", 0.005, None),
        ("linear", 0.021, None),
        ("linear", 0.021, None),
        (None, None, "not among ours"),
        ("nearest_l2", None, "not run yet"),
        ("lenet5", None, "torch not installed"),
    ]


def test_a_method_without_a_row_of_its_own_is_described_by_its_docstring(board: Path) -> None:
    row = standings.standings(board)[1]
    assert row["method"] == "Multinomial logistic regression on the pixels, with probabilities."


def test_the_default_is_the_base_of_paired_tests_on_the_same_rows(board: Path) -> None:
    default, logistic, linear, *_ = standings.standings(board)
    assert (default.get("p_value"), default.get("difference")) == (None, None)
    assert (logistic["p_value"], logistic["difference"]) == (1.0, 0.0)
    exact = binomtest(8, 8 + 40).pvalue
    assert linear["p_value"] == pytest.approx(2 * exact, rel=1e-2)
    assert linear["difference"] == pytest.approx(32 / 2000)


def test_p_values_are_adjusted_for_the_number_of_methods() -> None:
    # The example in S. Holm's sense: 0.005 x 4, 0.01 x 3, 0.03 x 2, and the last no smaller than that before it.
    assert standings.holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}) == {
        "d": 0.02,
        "a": 0.03,
        "c": 0.06,
        "b": 0.06,
    }
    assert standings.holm({"a": 0.9, "b": 0.8}) == {"a": 1.0, "b": 1.0}


def test_without_the_default_method_there_is_nothing_to_compare_with(board: Path) -> None:
    (board / "results/gradient_svm.json").unlink()
    with pytest.raises(UnavailableError, match=r"results/gradient_svm\.json: not found; run `dvc repro"):
        standings.standings(board)


@pytest.mark.parametrize("line", ["linear,a line,none,twelve,A,", "linear,a line"])
def test_a_row_that_does_not_fit_is_said(board: Path, line: str) -> None:
    (board / "rows.csv").write_text(f"{ROWS.splitlines()[0]}\n{line}\n")
    with pytest.raises(DataError, match=r"rows.csv: .*\$\[0\]"):
        standings.standings(board)


@pytest.mark.parametrize("file", ["results/linear.json", "costs/linear.json"])
@pytest.mark.parametrize("content", ['{"test": {"n"', "[1]"])
def test_a_score_that_cannot_be_read_is_said(board: Path, file: str, content: str) -> None:
    (board / file).write_text(content)
    with pytest.raises(DataError, match=rf"{file}: expected what `score` writes, found: "):
        standings.standings(board)


@pytest.mark.parametrize("content", ["", "actual,predicted\n1,2\n", "id,actual,predicted\n8,8,9\n"])
def test_errors_that_are_not_those_of_the_score_are_said(board: Path, content: str) -> None:
    (board / "errors/linear.csv").write_text(content)
    with pytest.raises(DataError, match=r"errors/linear\.csv: expected the ids of 42 rows, found [01]$"):
        standings.standings(board)


def test_costs_that_were_not_measured_leave_the_rest_of_the_row(board: Path) -> None:
    (board / "costs/linear.json").unlink()
    row = standings.standings(board)[2]
    assert row["test_errors"] == 42
    assert "fit_seconds" not in row
    assert b"linear" not in picture.draw(standings.standings(board))
    assert "| 2.10% (1.56 to 2.83) |" in page.write([*standings.standings(board)], "all of train").replace(
        "**", ""
    )


def test_without_any_costs_there_is_nothing_to_draw(board: Path) -> None:
    for path in (board / "costs").iterdir():
        path.unlink()
    with pytest.raises(UnavailableError, match="costs/: no fit time of any method that ran"):
        picture.draw(standings.standings(board))


def test_an_error_that_is_just_the_published_one_has_reached_it(board: Path) -> None:
    (board / "rows.csv").write_text(ROWS.replace("1.5,", "0.35,"))
    publish(board, "linear", range(7), 0.5)  # 100 * 0.0035 > 0.35 in floats
    assert "| 0.35% | **0.35%** (" in page.write(standings.standings(board), "all of train")


def test_no_text_breaks_the_table(board: Path) -> None:
    (board / "rows.csv").write_text(ROWS.replace("a line,none", '"a|b] [c\nd\\",e|f'))
    lines = page.write(standings.standings(board), "all of train").splitlines()
    row = next(line for line in lines if "/linear.py" in line)
    assert row.split(" | ")[1:3] == [
        "[a&#124;b&#93; &#91;c d&#92;](../pipeline/methods/linear.py)",
        "e&#124;f",
    ]


def test_a_name_that_is_no_method_leads_nowhere(board: Path) -> None:
    (board / "rows.csv").write_text(ROWS.replace(",a net", "no_such,a net"))
    assert "| a net | none | 1.10% | not run: not among ours |" in page.write(standings.standings(board), "")


def test_the_page_tells_better_from_worse_and_reached_from_missed(board: Path) -> None:
    lines = page.write(standings.standings(board), "5,000 rows of train").splitlines()
    reached, missed = (next(line for line in lines if f"[{name}]" in line) for name in ("a line", "the same line"))
    assert "| 12.00% | **2.10%** (1.56 to 2.83) | 2.10% | worse, p < 0.0001 | 0.5 | 9 | 1.23 |" in reached
    assert "| 1.50% | 2.10% (1.56 to 2.83) |" in missed
    assert "| 5 | a net | none | 1.10% | not run: not among ours |" in "\n".join(lines)
    assert "/nearest_l2.py) | none | 5.00% | not run yet |" in "\n".join(lines)
    assert any("fitted again on 5,000 rows of train" in line for line in lines)
    assert any(line.startswith("**logistic_regression.** Multinomial") for line in lines)
    assert any(
        line.startswith("**linear.** ") and line.endswith(" A line is a line, not a curve.") for line in lines
    )


def test_both_axes_of_the_picture_are_logarithmic() -> None:
    axis = picture.Axis(0.1, 1000, 0, 400)
    assert [axis.at(value) for value in (0.1, 1, 10, 1000)] == [0, 100, 200, 400]
    assert [text for _, text in picture.Axis(0.8, 12, 0, 1).ticks()] == ["1", "2", "5", "10"]


def test_the_picture_shows_each_method_once_with_its_published_errors(board: Path) -> None:
    drawn = picture.draw(standings.standings(board)).decode()
    assert drawn.count('fill="#06c"') == 3 + 1  # and the legend's
    assert drawn.count('fill="white" stroke="#c60"') == 2 + 1
    assert "<title>3, 4: linear, 2.10% in 0.5 s</title>" in drawn
    assert "<title>1: gradient_svm, 0.50% in 8 s</title>" in drawn
