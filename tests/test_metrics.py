"""Scores: published values of the Wilson interval, and the results of small lists of labels."""

import numpy as np
import pytest

from pipeline.models.metrics import WRITERS, by_series, by_writer, error_rate, in_words, log_loss, recalls, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    # Newcombe, "Two-sided confidence intervals for the single proportion", Stat. Med. 17 (1998), Table I
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_wilson_interval_is_the_published_one(successes: int, n: int, low: float, high: float) -> None:
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_an_error_rate_stands_with_its_interval_and_n() -> None:
    actual, predicted = np.zeros(200, int), np.r_[np.ones(3, int), np.zeros(197, int)]
    scores = error_rate(actual, predicted)
    assert (scores["errors"], scores["n"], scores["error_rate"]) == (3, 200, 0.015)
    assert scores["error_rate_low"] < 0.015 < scores["error_rate_high"]


def test_an_error_rate_is_said_in_words_with_its_interval_and_n() -> None:
    scores = {
        "error_rate": 0.0047,
        "error_rate_low": 0.00354,
        "error_rate_high": 0.00624,
        "errors": 47,
        "n": 10000,
    }
    assert in_words(scores) == "error rate 0.47%, 95% interval 0.35% to 0.62% (47 of 10,000)"


def test_recall_is_by_actual_class() -> None:
    rows = recalls(np.array([0, 0, 0, 0, 1, 1]), np.array([0, 0, 0, 1, 1, 1]), {0: "zero", 1: "one"})
    assert [(row["class"], row["recall"], row["n"]) for row in rows] == [("zero", 0.75, 4), ("one", 1.0, 2)]


ACTUAL, PREDICTED = np.zeros(6, int), np.array([0, 1, 0, 1, 1, 0])
WRITER, HSF = np.array([7, 7, 3, 9, 9, 3]), np.array([4, 4, 0, 4, 4, 0])


def test_errors_are_by_half() -> None:
    halves = by_series(ACTUAL, PREDICTED, HSF)
    assert {name: (part["errors"], part["n"]) for name, part in halves.items()} == {"hsf0": (0, 2), "hsf4": (3, 4)}
    assert halves["hsf4"] == error_rate(ACTUAL[:4], np.array([0, 1, 1, 1]))


def test_errors_are_by_writer_in_their_order() -> None:
    rows = by_writer(ACTUAL, PREDICTED, WRITER, HSF)
    assert [list(row.values())[:5] for row in rows] == [[3, 0, 2, 0, 0.0], [7, 4, 2, 1, 0.5], [9, 4, 2, 2, 1.0]]
    assert [(row["low"], row["high"]) for row in rows] == [wilson(errors, 2) for errors in (0, 1, 2)]
    assert all(list(row) == WRITERS for row in rows)


def test_where_the_writers_are_not_known_there_is_nothing_to_say() -> None:
    assert by_series(ACTUAL, PREDICTED, None) == {}
    assert by_writer(ACTUAL, PREDICTED, None, None) == []


def test_log_loss_is_the_mean_negative_log_probability_of_the_actual_class() -> None:
    probabilities = np.array([[0.5, 0.5], [0.25, 0.75]])
    assert log_loss(np.array([0, 1]), probabilities, [0, 1]) == pytest.approx(
        -np.log([0.5, 0.75]).mean(), abs=1e-6
    )
