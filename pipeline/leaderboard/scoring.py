"""The errors and costs of one method: it is fitted twice, and scored once on test."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.base import threads
from pipeline.base.outputs import Outputs
from pipeline.base.params import Validation
from pipeline.models import hold_out, metrics, predict, store

COLUMNS = ["id", "actual", "predicted"]
Rows = tuple[NDArray[np.uint8], NDArray[np.uint8]]  # images uint8[n, ...] and labels uint8[n]
Build = Callable[[tuple[int, ...]], Any]  # the shape of an image -> a new estimator


class Score(NamedTuple):
    """The score of one method.

    results: the error rates, the same in every run. predicted: labels uint8[n] of the test rows. costs: seconds of
    the fit, microseconds an image, bytes of the model, cores; another machine or another day gives other costs.
    """

    results: dict[str, dict[str, float]]
    predicted: NDArray[np.uint8]
    costs: dict[str, float]


def score(build: Build, train: Rows, test: Rows, validation: Validation, rows: int | None) -> Score:
    """Fit without the held-out rows for the validation error, then with all rows for the test error.

    rows: the number of rows to fit on; None for all. The model is saved and loaded again before it labels `test`,
    because a user has the loaded model.
    """
    images, labels = train
    fit, held = hold_out.hold_out(labels, validation)
    fit, every = fit[hold_out.part(labels[fit], rows)], hold_out.part(labels, rows)
    pixels, shape = predict.flat(images), images.shape[1:]
    with threads.one_blas_thread():
        on_held = predict.labels(build(shape).fit(pixels[fit], labels[fit]), images[held])
        fitted, fit_seconds = _timed(lambda: build(shape).fit(pixels[every], labels[every]))
        saved = store.dumps(fitted)
        loaded = store.loads(saved, "the model", shape, np.unique(labels).tolist())
        predicted, predict_seconds = _timed(lambda: predict.labels(loaded, test[0]))
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


def publish(board: Path, name: str, score: Score, actual: NDArray[np.uint8], out: Outputs) -> None:
    """Write the results of a method, its wrong test rows, and its costs. actual: the labels uint8[n] of test."""
    wrong = np.flatnonzero(score.predicted != actual)
    values = zip(wrong, actual[wrong], score.predicted[wrong], strict=True)
    errors = (dict(zip(COLUMNS, row, strict=True)) for row in values)
    out.json(board / "results" / f"{name}.json", score.results)
    out.csv(board / "errors" / f"{name}.csv", errors, COLUMNS)
    out.json(board / "costs" / f"{name}.json", score.costs)


def publish_missing(board: Path, name: str, missing: list[str], out: Outputs) -> None:
    """Write that a method could not run here, and the packages that are missing."""
    out.json(board / "results" / f"{name}.json", {"missing": missing})
    out.csv(board / "errors" / f"{name}.csv", [], COLUMNS)
