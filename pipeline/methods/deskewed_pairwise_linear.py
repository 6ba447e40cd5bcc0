"""Linear classifiers of deskewed images, one for each pair of classes; the class with the most votes wins.

Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86(11), 1998, section III.C.2. alpha was not tuned.
"""

from sklearn.linear_model import RidgeClassifier
from sklearn.multiclass import OneVsOneClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from pipeline.estimators.images import Deskewing
from pipeline.methods import Positive


def estimator(alpha: Positive = 100.0) -> Pipeline:
    """alpha: the weight of the L2 penalty."""
    one = RidgeClassifier(alpha=alpha, solver="cholesky")
    return make_pipeline(Deskewing(), MaxAbsScaler(), OneVsOneClassifier(one))
