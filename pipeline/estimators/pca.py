"""Principal components as a transformer."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from pipeline.features.components import principal_axes, project


class ExactPCA(TransformerMixin, BaseEstimator):
    """Principal components of whole numbers, as whole numbers: see `pipeline.features.components`.

    scikit-learn's PCA gives the same except for the last bits, which depend on the processor and its threads.
    n_components: how many axes are kept; they are the axes along which the rows vary most.
    """

    def __init__(self, n_components: int = 96) -> None:
        self.n_components = n_components

    def fit(self, X: NDArray[np.uint8], y: Any = None) -> Self:
        """Find the axes of X, uint8[n, d]."""
        X = validate_data(self, X)
        self.mean_, self.components_ = principal_axes(X, self.n_components)
        return self

    def transform(self, X: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The coordinates of X, uint8[n, d], along the axes: whole numbers, float64[n, n_components]."""
        check_is_fitted(self)
        return project(validate_data(self, X, reset=False), self.mean_, self.components_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
