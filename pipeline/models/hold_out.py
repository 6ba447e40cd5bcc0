"""Parts of the training split, stratified by label: the hold-out for the validation error, and a smaller part."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from pipeline.base.errors import ConfigError, DataError, listed
from pipeline.base.params import Validation

Rows = NDArray[np.int64]
MOST_FOLDS = 100  # the writers are dealt into at most so many parts


def hold_out(
    labels: NDArray[np.uint8], validation: Validation, writers: NDArray[np.int16] | None = None
) -> tuple[Rows, Rows]:
    """The row numbers to fit on and the row numbers held out, both in order and stratified by label.

    labels: uint8[n]. writers: int16[n], who wrote each image; a hold-out by writer needs them. Raises ConfigError
    if such a hold-out is not possible, DataError if a class has one row only.
    """
    from sklearn.model_selection import train_test_split

    _require_two_of_each(labels)
    classes, n = len(np.unique(labels)), len(labels)
    if not classes <= validation.rows <= n - classes:
        expected = f"expected {classes} to {n - classes:,}, found {validation.rows:,}"
        raise ConfigError(f"train.validation.rows: {expected}")
    if validation.by == "writer":
        return _hold_out_writers(labels, validation, writers)
    fit, held = train_test_split(
        np.arange(n), test_size=validation.rows, stratify=labels, random_state=validation.seed
    )
    return np.sort(fit), np.sort(held)


def _hold_out_writers(
    labels: NDArray[np.uint8], validation: Validation, writers: NDArray[np.int16] | None
) -> tuple[Rows, Rows]:
    """About `validation.rows` rows, all rows of some writers: equal folds, as many as come nearest."""
    from sklearn.model_selection import StratifiedGroupKFold

    if writers is None:
        raise ConfigError(
            "train.validation.by: writer: expected rows with a column `writer`, found none; set "
            "`provenance: true` for it, or `by: null`, as the leaderboard needs it"
        )
    most = min(MOST_FOLDS, len(np.unique(writers)), np.unique_counts(labels).counts.min())
    fewest = -(-len(labels) // most)
    if not fewest <= validation.rows <= len(labels) - fewest:
        expected = f"expected {fewest:,} to {len(labels) - fewest:,}, found {validation.rows:,}"
        raise ConfigError(f"train.validation.rows: by writer: {expected}")
    share = Fraction(validation.rows, len(labels)).limit_denominator(most)
    folds = StratifiedGroupKFold(share.denominator, shuffle=True, random_state=validation.seed)
    parts = [held for _, held in folds.split(labels, labels, writers)]
    # The writers that are least like the others are dealt first, one a fold, so the seed also chooses the folds.
    chosen = np.random.default_rng(validation.seed).permutation(len(parts))
    fit, held = (
        np.sort(np.concatenate([parts[fold] for fold in folds]))
        for folds in (chosen[share.numerator :], chosen[: share.numerator])
    )
    return fit, held


def part(labels: NDArray[np.uint8], rows: int | None) -> Rows:
    """The row numbers of a part of `rows` rows, in order and stratified by label.

    labels: uint8[n]. All rows if `rows` is None or there are no more. Raises ConfigError for fewer rows than
    classes, DataError if a class has one row only.
    """
    from sklearn.model_selection import train_test_split

    every = np.arange(len(labels))
    if rows is None or rows >= len(labels):
        return every
    _require_two_of_each(labels)
    classes = len(np.unique(labels))
    if rows < classes:
        raise ConfigError(f"rows: expected {classes} or more, found {rows:,}")
    return np.sort(train_test_split(every, train_size=rows, stratify=labels, random_state=0)[0])


def _require_two_of_each(labels: NDArray[np.uint8]) -> None:
    """Raise DataError for a class of one row: it cannot be on both sides."""
    values, counts = np.unique_counts(labels)
    if single := [f"1 of {label}" for label in values[counts == 1]]:
        expected = "expected 2 rows or more of each class, to hold out a part of it"
        raise DataError(f"train: label: {expected}, found {listed(single)}")
