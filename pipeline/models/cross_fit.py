"""How surely each label is contradicted by a model that was not fitted on its row.

The score is the logarithm of the odds against the label. So the order is that of the label's own probability.
Source: C. G. Northcutt, L. Jiang, I. L. Chuang, "Confident learning: estimating uncertainty in dataset labels",
Journal of Artificial Intelligence Research 70, 2021, where it is called self-confidence.
"""

from collections.abc import Callable
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.base.errors import ConfigError, DataError, listed
from pipeline.models import predict

FOLDS = 3  # each row is judged by a model of two thirds of the others
Floats = NDArray[np.float64]
Labels = NDArray[np.integer[Any]]


class Contradictions(NamedTuple):
    """By row: the score float64[n], the logarithm of the odds against the label; and the most likely label.

    The odds are those of the model's own scores. They give an order; they are no calibrated probabilities.
    """

    scores: Floats
    suggested: NDArray[np.int64]


def contradictions(
    model: Any,
    images: NDArray[np.uint8],
    labels: Labels,
    doubted: NDArray[np.bool_],
    seed: int,
    progress: Callable[[], object] = lambda: None,
) -> Contradictions:
    """Judge each of images uint8[n, ...] by a copy of `model` that was fitted without it.

    labels: int[n]. doubted: bool[n], rows that no copy is fitted on, because their labels are probably wrong; they
    are judged like the others. Wrong labels make a support vector machine large and slow, and blur its borders.
    seed: deals the folds, stratified by label. progress: is called after each of the FOLDS folds.
    Raises DataError if a class is too small to be in each fold, ConfigError if the model gives no scores.
    """
    from sklearn.base import clone
    from sklearn.model_selection import StratifiedKFold

    values, counts = np.unique_counts(labels)
    _require_enough(values, counts)
    flat = predict.flat(images)
    scores, suggested = np.empty(len(labels)), np.empty(len(labels), np.int64)
    for fit, held in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(labels, labels):
        kept = fit[~doubted[fit]]
        _require_enough(values, FOLDS * (labels[kept, None] == values).sum(axis=0))
        fitted = clone(model).fit(flat[kept], labels[kept])
        own = class_scores(fitted, images[held])
        scores[held] = _against(own, np.searchsorted(fitted.classes_, labels[held]))
        suggested[held] = fitted.classes_[own.argmax(axis=1)]
        progress()
    return Contradictions(scores, suggested)


def _require_enough(values: Labels, counts: NDArray[np.int64]) -> None:
    """Raise DataError for a class that a fold may have no row of to fit on."""
    if few := values[counts < FOLDS].tolist():
        expected = f"expected {FOLDS} rows or more of each class, whose labels are not in doubt"
        raise DataError(f"label: {expected}; found fewer of {listed(few)}")


def class_scores(model: Any, images: NDArray[np.uint8]) -> Floats:
    """How much a fitted model is for each class, as logarithms: float64[n, classes], for images uint8[n, ...].

    Of a support vector machine it is the least of the decisions for the class against each other one. Of another
    model it is its decision for the class, or the logarithm of its probability.
    """
    last = model[-1] if hasattr(model, "steps") else model
    if hasattr(last, "decision_function_shape") and len(last.classes_) > 2:  # SVC and NuSVC
        last.set_params(decision_function_shape="ovo")
        return _least(predict.by_blocks(model.decision_function, images), len(last.classes_))
    if hasattr(model, "decision_function"):
        decisions: Floats = predict.by_blocks(model.decision_function, images)
        return np.column_stack([-decisions, decisions]) / 2 if decisions.ndim == 1 else decisions
    if hasattr(model, "predict_proba"):
        probabilities: Floats = predict.by_blocks(model.predict_proba, images)
        return np.log(np.maximum(probabilities, 1e-12))
    expected = "expected a method with decision_function or predict_proba, which says how sure it is"
    raise ConfigError(f"train.method: {expected}; found neither")


def _least(decisions: Floats, classes: int) -> Floats:
    """By class, the least of its decisions float64[n, pairs]: of the pair (i, j), i < j, above 0 is for i."""
    result = np.full((len(decisions), classes), np.inf)
    for pair, (one, other) in enumerate(combinations(range(classes), 2)):
        np.minimum(result[:, one], decisions[:, pair], out=result[:, one])
        np.minimum(result[:, other], -decisions[:, pair], out=result[:, other])
    return result


def _against(scores: Floats, given: Labels) -> Floats:
    """The logarithm of the odds against the given class of each row, from scores float64[n, classes]."""
    others, rows = scores.copy(), np.arange(len(given))
    others[rows, given] = -np.inf
    most = others.max(axis=1)
    together: Floats = most + np.log(np.exp(others - most[:, None]).sum(axis=1))
    return together - scores[rows, given]
