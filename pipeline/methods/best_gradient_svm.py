"""Two machines with virtual vectors on gradient directions, of upright digits and of digits as they are.

Source: `virtual_gradient_svm`, which decides alone where it is sure; elsewhere the decisions of both are added.
The defaults were chosen on 24,000 training rows, by machines fitted on 16,000 others.
"""

from sklearn.pipeline import make_pipeline

from pipeline.estimators.cascade import Cascade
from pipeline.estimators.gradients import GradientHistograms
from pipeline.estimators.pca import ExactPCA
from pipeline.estimators.svm import MatrixSVC
from pipeline.estimators.virtual_svm import VirtualSVC
from pipeline.methods import Positive, virtual_gradient_svm
from pipeline.methods.fast_gradient_svm import SCALES, Components


def estimator(C: Positive = 1.0, gamma: Positive = 8.7e-8, components: Components = 120) -> Cascade:
    """Of the second machine, C: inverse regularisation; gamma: of its kernel; components: principal axes kept."""
    features = make_pipeline(GradientHistograms(SCALES), ExactPCA(components))
    machine = MatrixSVC(C=C, gamma=gamma, cache_size=2000)
    return Cascade([virtual_gradient_svm.estimator(), VirtualSVC(features, machine, sure=0.8)])
