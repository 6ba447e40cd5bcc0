"""Gradient-direction histograms, principal components, RBF support vector machine.

Source of the features: pipeline/features/gradients.py. The defaults were chosen on validation: six stratified
hold-outs of 10,000 training rows.
"""

from typing import Annotated

import msgspec
from sklearn.pipeline import Pipeline, make_pipeline

from pipeline.estimators.gradients import GradientHistograms
from pipeline.estimators.pca import ExactPCA
from pipeline.estimators.svm import MatrixSVC
from pipeline.methods import Positive

Components = Annotated[int, msgspec.Meta(ge=1, le=200)]  # there are 200 features


def estimator(C: Positive = 5.0, gamma: Positive = 2.7e-7, components: Components = 96) -> Pipeline:
    """C: inverse regularisation strength; gamma: of the kernel exp(-gamma |a - b|^2); components: axes kept."""
    svm = MatrixSVC(C=C, gamma=gamma, cache_size=2000)
    return make_pipeline(GradientHistograms(), ExactPCA(components), svm)
