"""A linear classifier of all products of two of the first 40 principal components: a quadratic one of the images.

Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86(11), 1998, section III.C.5: 40 components; alpha was chosen on validation.
"""

from typing import Annotated

import msgspec
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, PolynomialFeatures

from pipeline.estimators.pca import ExactPCA
from pipeline.methods import Positive

Components = Annotated[int, msgspec.Meta(ge=1, le=100)]


def estimator(components: Components = 40, alpha: Positive = 1.0) -> Pipeline:
    """components: principal axes kept; alpha: the weight of the L2 penalty."""
    linear = RidgeClassifier(alpha=alpha, solver="cholesky")
    return make_pipeline(ExactPCA(components), MaxAbsScaler(), PolynomialFeatures(), linear)
