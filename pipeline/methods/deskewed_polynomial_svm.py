"""Support vector machine with a polynomial kernel of degree 4 on upright images.

Source: "SVM, polynomial degree 4, deskewing" in Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based
learning applied to document recognition", Proceedings of the IEEE 86(11), 1998 (1.1%). The kernel is (a b)^4 of
images of length one. The defaults were chosen on validation: C from 1 to 20, components from 50 to 150.
"""

from sklearn.pipeline import Pipeline, make_pipeline

from pipeline.estimators.images import Deskewing
from pipeline.estimators.rotation import UnitRotation
from pipeline.estimators.svm import MatrixSVC
from pipeline.methods import Count, Positive


def estimator(C: Positive = 20.0, components: Count = 60) -> Pipeline:
    """C: inverse of the regularisation strength; components: how many axes are kept."""
    svm = MatrixSVC(kernel="poly", degree=4, gamma=1.0, C=C)
    return make_pipeline(Deskewing(), UnitRotation(components), svm)
