"""Parts of the training split, stratified by label: one held out for the validation error, a smaller one."""

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline.params import Validation

Rows = NDArray[np.int64]


def hold_out(labels: NDArray[np.uint8], validation: Validation) -> tuple[Rows, Rows]:
    """Row numbers to fit on and row numbers held out, each in order; stratified by label."""
    from sklearn.model_selection import train_test_split

    classes, n = len(np.unique(labels)), len(labels)
    if not classes <= validation.rows <= n - classes:
        expected = f"expected {classes} to {n - classes:,}, found {validation.rows:,}"
        raise ConfigError(f"train.validation.rows: {expected}")
    fit, held = train_test_split(
        np.arange(n), test_size=validation.rows, stratify=labels, random_state=validation.seed
    )
    return np.sort(fit), np.sort(held)


def part(labels: NDArray[np.uint8], rows: int | None) -> Rows:
    """Row numbers of a stratified part of `rows` rows, in order; of all where there are no more, or for None."""
    from sklearn.model_selection import train_test_split

    every = np.arange(len(labels))
    if rows is None or rows >= len(labels):
        return every
    classes = len(np.unique(labels))
    if rows < classes:
        raise ConfigError(f"rows: expected {classes} or more, found {rows:,}")
    return np.sort(train_test_split(every, train_size=rows, stratify=labels, random_state=0)[0])
