"""Virtual support vector machine of degree 9 on the pixels: small shifts, turns and shears.

Source: "virtual SVM, polynomial degree 9 [distortions]" in Y. LeCun, L. Bottou, Y. Bengio, P. Haffner,
"Gradient-based learning applied to document recognition", Proceedings of the IEEE 86(11), 1998 (0.8%).
The kernel is ((a b + 1) / 2)^9 of images of length one, reduced to 100 axes.
"""

from pipeline.estimators.rotation import UnitRotation
from pipeline.estimators.svm import MatrixSVC
from pipeline.estimators.virtual_svm import VirtualSVC
from pipeline.methods import Count, Positive


def estimator(C: Positive = 5.0, components: Count = 100) -> VirtualSVC:
    """C: inverse of the regularisation strength; components: how many axes are kept."""
    machine = MatrixSVC(C=C, kernel="poly", degree=9, gamma=0.5, coef0=0.5)
    return VirtualSVC(UnitRotation(components), machine)
