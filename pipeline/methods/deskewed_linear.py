"""A linear classifier of deskewed images: one weighted sum for each class; the largest sum wins.

Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86(11), 1998, section III.C.1. It is the method `linear` on other images.
"""

from sklearn.pipeline import Pipeline, make_pipeline

from pipeline.estimators.images import Deskewing
from pipeline.methods import Positive, linear


def estimator(C: Positive = 0.01) -> Pipeline:
    """C: inverse of the L2 penalty."""
    return make_pipeline(Deskewing(), *linear.estimator(C).named_steps.values())
