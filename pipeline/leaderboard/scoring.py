"""One method's errors and costs: fitted twice, scored once on test."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pipeline import files, metrics, model, plots, training
from pipeline.params import Validation

COLUMNS = ["id", "actual", "predicted"]
Rows = tuple[NDArray[np.uint8], NDArray[np.uint8]]  # images uint8[n, pixels] and labels uint8[n]


class Score(NamedTuple):
    """What one method scored.

    results: the error rates, the same in every run. predicted: labels[n] of the test rows. costs: seconds, time an
    image, the model's bytes; another machine or another day gives others.
    """

    results: dict[str, dict[str, float]]
    predicted: NDArray[np.uint8]
    costs: dict[str, float]


def score(build: Callable[[], Any], train: Rows, test: Rows, validation: Validation, rows: int | None) -> Score:
    """Fit without the rows held out for the validation error, then with them for the one on test.

    build: gives a new estimator. rows: how many to fit on, None for all. The model that meets `test` has been
    saved and loaded again, as a user would have it.
    """
    images, labels = train
    fit, held = training.hold_out(labels, validation)
    fit, every = fit[training.part(labels[fit], rows)], training.part(labels, rows)
    with threadpool_limits(1):  # sums must not depend on the number of BLAS threads
        on_held = build().fit(images[fit], labels[fit]).predict(images[held])
        fitted, fit_seconds = _timed(lambda: build().fit(images[every], labels[every]))
        saved = model.dumps(fitted)
        loaded = model.loads(saved, "the model", images.shape[1], np.unique(labels).tolist())
        predicted, predict_seconds = _timed(lambda: loaded.predict(test[0]))
    results = {
        "validation": metrics.error_rate(labels[held], on_held),
        "test": metrics.error_rate(test[1], predicted),
    }
    costs = {
        "fit_seconds": _rounded(fit_seconds),
        "microseconds_per_image": _rounded(predict_seconds / len(predicted) * 1e6),
        "model_bytes": len(saved),
        "cores": os.cpu_count() or 1,
    }
    return Score(results, predicted, costs)


def _timed(action: Callable[[], Any]) -> tuple[Any, float]:
    begin = time.perf_counter()
    result = action()
    return result, time.perf_counter() - begin


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def publish(board: Path, name: str, score: Score, actual: NDArray[np.uint8]) -> None:
    """Write a method's results, the test rows that are wrong, and the costs. actual: labels[n] of test."""
    wrong = np.flatnonzero(score.predicted != actual)
    values = zip(wrong, actual[wrong], score.predicted[wrong], strict=True)
    files.write_json(board / "results" / f"{name}.json", score.results)
    errors = plots.as_csv((dict(zip(COLUMNS, row, strict=True)) for row in values), COLUMNS)
    files.write_bytes(board / "errors" / f"{name}.csv", errors)
    files.write_json(board / "costs" / f"{name}.json", score.costs)


def publish_missing(board: Path, name: str, missing: list[str]) -> None:
    """Write of a method that it could not run here, for want of packages."""
    files.write_json(board / "results" / f"{name}.json", {"missing": missing})
    files.write_bytes(board / "errors" / f"{name}.csv", plots.as_csv([], COLUMNS))
