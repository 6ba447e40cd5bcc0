"""Two revisions, base and head: the paired comparison of their predictions, and everything else that changed."""

from typing import Any, NamedTuple

import numpy as np

from pipeline.base.errors import listed
from pipeline.history.compare import paired
from pipeline.history.compare.results import Results
from pipeline.models import metrics

Changes = dict[str, tuple[Any, Any]]


class Comparison(NamedTuple):
    """The differences of two revisions.

    base, head: the name of each revision, and its error rates from `metrics.error_rate`. paired: None if the rows
    cannot be paired; `void` then has the reason. lost: in words, the gates that held in base and fail in head.
    params, data, metrics, code: the old and the new value of each that changed; None if it is absent.
    tolerance: the accepted rise of the error rate, as a fraction. alpha: the level of significance.
    """

    base: dict[str, Any]
    head: dict[str, Any]
    paired: paired.Paired | None
    void: str
    lost: list[str]
    params: Changes
    data: Changes
    metrics: Changes
    code: Changes
    tolerance: float
    alpha: float

    @property
    def worse(self) -> bool:
        """Whether head has significantly more errors than base, by more than the tolerance."""
        return self.paired is not None and self.paired.is_worse(self.tolerance, self.alpha)

    @property
    def verdict(self) -> str:
        """The outcome in one line."""
        if self.lost:
            return f"a gate that held no longer does: {'; '.join(self.lost)}"
        if not self.paired:
            return f"void: {self.void}"
        at = f"at alpha {self.alpha:g}"
        beyond = f" by more than the tolerance of {self.tolerance:g}" if self.tolerance else ""
        if self.worse:
            return f"significantly worse{beyond} {at}"
        if self.paired.p_value >= self.alpha:
            return f"no significant difference {at}"
        if self.paired.difference < 0:
            return f"significantly better {at}"
        return f"worse {at}, but not significantly{beyond}"


def compare(base: Results, head: Results, tolerance: float = 0.0, alpha: float = 0.05) -> Comparison:
    """The comparison of the results of two revisions. tolerance, alpha: as in `Comparison`."""
    void = _void(base, head)
    _, actual, predicted = base.predictions.T
    return Comparison(
        base=_scores(base),
        head=_scores(head),
        paired=None if void else paired.of(actual, predicted, head.predictions[:, 2]),
        void=void,
        lost=_lost(base, head),
        params=_changes(base.lock.params, head.lock.params),
        data=_changes(_data(base), _data(head)),
        metrics=_changes(_metrics(base), _metrics(head)),
        code=_changes(base.code, head.code),
        tolerance=tolerance,
        alpha=alpha,
    )


def _scores(results: Results) -> dict[str, Any]:
    _, actual, predicted = results.predictions.T
    return {"revision": results.name} | metrics.error_rate(actual, predicted)


def _void(base: Results, head: Results) -> str:
    """The reason why the rows cannot be paired; empty if they can."""
    for results in (base, head):
        if "test" not in results.passed:
            return f"{results.name}: no test rows have passed the gate"
    if base.passed["test"] != head.passed["test"]:
        return "the test data differ, so the rows cannot be paired"
    if not np.array_equal(base.predictions[:, :2], head.predictions[:, :2]):
        return "the predictions are not of the same rows; run `dvc repro`"
    return ""


def _lost(base: Results, head: Results) -> list[str]:
    """In words, the gates that held in base and fail in head."""
    lost = []
    for split in sorted({key.split(".")[1] for key in head.metrics if key.startswith("quality.")}):
        old, new = (_failures(results, split) for results in (base, head))
        before, now = (results.metrics.get(f"quality.{split}.failed") or 0 for results in (base, head))
        # A revision from before the names were recorded has their number only.
        if new - old and (old or not before):
            mended = f" (mended: {split}: {listed(sorted(old - new))})" if old - new else ""
            lost.append(f"{split}: {listed(sorted(new - old))}{mended}")
        elif now > before:
            lost.append(f"{split}: {now} expectations fail, {before} before")
    if base.passed and not head.passed and not lost:
        lost.append("nothing has passed the gate")
    return lost


def _failures(results: Results, split: str) -> set[str]:
    """The names of the expectations that fail in a split."""
    start = f"quality.{split}.failures."
    return {key.removeprefix(start) for key in results.metrics if key.startswith(start)}


def _data(results: Results) -> dict[str, str]:
    """The hashes of the data that DVC versions, and of the rows that passed the gate."""
    outs = {path: md5 for path, md5 in results.lock.outs.items() if path.startswith("data/")}
    return outs | {f"rows of {split}": sha256 for split, sha256 in results.passed.items()}


def _metrics(results: Results) -> dict[str, Any]:
    """The metrics, without the error rates that the comparison itself shows."""
    shown = {f"test.{key}" for key in _scores(results)}
    return {key: value for key, value in results.metrics.items() if key not in shown}


def _changes(old: dict[str, Any], new: dict[str, Any]) -> Changes:
    return {
        key: (old.get(key), new.get(key))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    }
