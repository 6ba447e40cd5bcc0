"""The part of the training split that is held out to measure the validation error."""

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
