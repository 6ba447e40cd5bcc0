"""One method's score: fitted without the rows held out and with all, scored by the model that was saved."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import tiny_arrays
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from pipeline.base.outputs import Outputs
from pipeline.base.params import Validation
from pipeline.leaderboard import scoring
from pipeline.models import predict, registry, store

Rows = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def tiny(rows: int, seed: int) -> Rows:
    return tiny_arrays(rows, seed)


TRAIN, TEST = tiny(300, 0), tiny(60, 1)
VALIDATION = Validation(rows=60, seed=0)


@pytest.mark.parametrize(("rows", "sizes"), [(None, [240, 300]), (90, [90, 90]), (260, [240, 260])])
def test_it_is_fitted_twice_on_the_rows_asked_for(rows: int | None, sizes: list[int]) -> None:
    fitted: list[int] = []

    class Counting(LogisticRegression):  # type: ignore[misc]
        def __init__(self, shape: tuple[int, ...]) -> None:
            super().__init__()
            self.shape = shape

        def fit(self, X: Any, y: Any) -> LogisticRegression:
            fitted.append(len(X))
            return LogisticRegression().fit(X, y)

    score = scoring.score(Counting, TRAIN, TEST, VALIDATION, rows)
    assert fitted == sizes
    assert (score.results["validation"]["n"], score.results["test"]["n"]) == (60, 60)


def test_the_errors_are_those_of_the_predictions() -> None:
    actual = TEST[1].copy()
    actual[:7] = (actual[:7] + 1) % 3
    score = scoring.score(
        lambda shape: registry.build("logistic_regression", {}, shape), TRAIN, (TEST[0], actual), VALIDATION, None
    )
    assert score.results["test"]["errors"] == 7 == (score.predicted != actual).sum()
    expected = (
        registry.build("logistic_regression", {})
        .fit(predict.flat(TRAIN[0]), TRAIN[1])
        .predict(predict.flat(TEST[0]))
    )
    np.testing.assert_array_equal(score.predicted, expected)


def test_the_model_that_meets_the_test_rows_was_saved_and_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    always_two = LogisticRegression().fit(
        predict.flat(TRAIN[0]), np.where(TRAIN[1] == 2, 2, 2 - (np.arange(300) == 0))
    )
    monkeypatch.setattr(store, "loads", lambda *_: always_two)
    score = scoring.score(
        lambda shape: registry.build("logistic_regression", {}, shape), TRAIN, TEST, VALIDATION, None
    )
    np.testing.assert_array_equal(score.predicted, always_two.predict(predict.flat(TEST[0])))
    assert score.results["test"]["errors"] > 0 == score.results["validation"]["errors"]


def test_costs_stand_apart_so_that_results_are_the_same_in_every_run(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        score = scoring.score(
            lambda shape: registry.build("logistic_regression", {}, shape), TRAIN, TEST, VALIDATION, None
        )
        with Outputs() as out:
            scoring.publish(tmp_path / folder, "m", score, TEST[1], out)
    one, two = (
        [(tmp_path / folder / file).read_bytes() for file in ("results/m.json", "errors/m.csv")]
        for folder in ("one", "two")
    )
    assert one == two
    assert not {"fit_seconds", "model_bytes"} & json.loads(one[0]).keys()
    costs = json.loads((tmp_path / "one/costs/m.json").read_bytes())
    assert costs.keys() == {"fit_seconds", "microseconds_per_image", "model_bytes", "cores"}
    assert min(costs.values()) > 0


def test_the_rows_that_are_wrong_are_kept(tmp_path: Path) -> None:
    score = scoring.Score({}, np.array([3, 1, 2], np.uint8), {})
    with Outputs() as out:
        scoring.publish(tmp_path, "m", score, np.array([3, 2, 1], np.uint8), out)
    with (tmp_path / "errors/m.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["id", "actual", "predicted"], ["1", "2", "1"], ["2", "1", "2"]]
