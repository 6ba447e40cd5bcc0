"""Fitting an estimator: the hold-out that measures it first, and what keeps the result the same everywhere."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline.params import Validation

Rows = NDArray[np.int64]


def hold_out(labels: NDArray[np.uint8], validation: Validation) -> tuple[Rows, Rows]:
    """Row numbers to fit on and row numbers held out, each in order; stratified by label."""
    from sklearn.model_selection import train_test_split

    rows = np.arange(len(labels))
    try:
        fit, held = train_test_split(
            rows, test_size=validation.rows, stratify=labels, random_state=validation.seed
        )
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"train.validation.rows: expected fewer than {len(labels):,}: {reason}") from None
    return np.sort(fit), np.sort(held)


def fit(estimator: Any, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Any:
    """Fit on images uint8[n, pixels] with one BLAS thread, so that sums do not depend on how many there are."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return estimator.fit(images, labels)
