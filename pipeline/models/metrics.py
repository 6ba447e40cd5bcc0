"""Scores with intervals, from labels and predictions. Every number is rounded, so that files are stable."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIGITS = 6
PREDICTIONS = ["id", "actual", "predicted"]
RECALL = ["class", "recall", "low", "high", "n"]
WRITERS = ["writer", "hsf", "n", "errors", "error_rate", "low", "high"]
Labels = NDArray[np.integer[Any]]


def wilson(successes: int, n: int) -> tuple[float, float]:
    """The 95% interval of a proportion. Source: E. B. Wilson, JASA 22 (1927)."""
    from scipy.stats import binomtest

    interval = binomtest(successes, n).proportion_ci(method="wilson")
    return round(float(interval.low), DIGITS), round(float(interval.high), DIGITS)


def error_rate(actual: Labels, predicted: Labels) -> dict[str, float]:
    """The share of rows whose prediction is wrong, from 0 to 1, with its 95% Wilson interval and n."""
    errors, n = int(np.count_nonzero(actual != predicted)), len(actual)
    low, high = wilson(errors, n)
    return {
        "error_rate": round(errors / n, DIGITS),
        "error_rate_low": low,
        "error_rate_high": high,
        "errors": errors,
        "n": n,
    }


def in_words(scores: dict[str, float]) -> str:
    """The scores of `error_rate` as a line for a person."""
    rate, low, high = (f"{scores[key]:.2%}" for key in ("error_rate", "error_rate_low", "error_rate_high"))
    return f"error rate {rate}, 95% interval {low} to {high} ({scores['errors']:,} of {scores['n']:,})"


def recalls(actual: Labels, predicted: Labels, class_names: Mapping[int, str]) -> list[dict[str, Any]]:
    """For each class with rows, in the order of the labels: its recall with the 95% Wilson interval and n."""
    rows = []
    for label in sorted(class_names):
        own = actual == label
        hits, n = int(np.count_nonzero(predicted[own] == label)), int(np.count_nonzero(own))
        if not n:
            continue
        low, high = wilson(hits, n)
        recall = round(hits / n, DIGITS)
        rows.append({"class": class_names[label], "recall": recall, "low": low, "high": high, "n": n})
    return rows


def by_series(actual: Labels, predicted: Labels, hsf: Labels | None) -> dict[str, dict[str, float]]:
    """The `error_rate` of each series of NIST's forms, under hsf0, hsf4 and so on; empty if `hsf` is None."""
    series = [] if hsf is None else np.unique(hsf).tolist()
    return {f"hsf{one}": error_rate(actual[hsf == one], predicted[hsf == one]) for one in series}


def by_writer(
    actual: Labels, predicted: Labels, writer: Labels | None, hsf: Labels | None
) -> list[dict[str, float]]:
    """For each writer: the series, n, errors, the error rate and its 95% Wilson interval; empty for None."""
    rows: list[dict[str, float]] = []
    if writer is None or hsf is None:
        return rows
    for one in np.unique(writer):
        own = writer == one
        scores = error_rate(actual[own], predicted[own])
        values = (scores[key] for key in ("n", "errors", "error_rate", "error_rate_low", "error_rate_high"))
        rows.append(dict(zip(WRITERS, (int(one), int(hsf[own][0]), *values), strict=True)))
    return rows


def log_loss(actual: Labels, probabilities: NDArray[np.float64], labels: Sequence[int]) -> float:
    """The mean of the negative logarithm of the probability of the actual label.

    probabilities: float64[n, classes], a column for each of `labels`.
    """
    from sklearn.metrics import log_loss

    return round(float(log_loss(actual, probabilities, labels=labels)), DIGITS)
