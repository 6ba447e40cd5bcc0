"""Virtual support vector machine of degree 9 on the pixels: shifts by one pixel, also diagonal ones.

Source: D. DeCoste, B. Schoelkopf, "Training invariant support vector machines", Machine Learning 46, 2002 (0.68%).
The kernel is ((a b + 1) / 2)^9 of images of length one, as in the source. In the source each class has a machine
against all others; here each pair of classes has a machine. Images are reduced to 100 axes.
"""

from pipeline.estimators.rotation import UnitRotation
from pipeline.estimators.svm import MatrixSVC
from pipeline.estimators.virtual_svm import VirtualSVC, shifts
from pipeline.methods import Count, Positive


def estimator(C: Positive = 5.0, components: Count = 100) -> VirtualSVC:
    """C: inverse of the regularisation strength; components: how many axes are kept."""
    machine = MatrixSVC(C=C, kernel="poly", degree=9, gamma=0.5, coef0=0.5)
    return VirtualSVC(UnitRotation(components), machine, shifts(1))
