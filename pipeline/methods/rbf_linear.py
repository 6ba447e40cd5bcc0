"""1,000 radial basis functions, a linear classifier on top.

Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86(11), 1998, section III.C.4: ten groups of 100 units, each on the images of one class.
Of the widths 0.5 and 1, 0.5 erred less on validation; alpha was not tuned.
"""

from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from pipeline.estimators.rbf import GaussianUnits
from pipeline.methods import Count, Positive


def estimator(units: Count = 1000, width: Positive = 0.5, alpha: Positive = 1e-3) -> Pipeline:
    """units: of them; width: of each, its square over the images' variance; alpha: the L2 penalty's weight."""
    return make_pipeline(GaussianUnits(units, width), RidgeClassifier(alpha=alpha, solver="cholesky"))
