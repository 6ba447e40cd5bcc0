"""k nearest neighbours by tangent distance, on images of 16 x 16 pixels.

Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86(11), 1998, section III.C.11.
"""

from sklearn.pipeline import Pipeline, make_pipeline

from pipeline.estimators.images import Subsampling
from pipeline.estimators.tangent import TangentNeighbours
from pipeline.methods import Count, Positive


def estimator(
    neighbours: Count = 3,
    candidates: Count = 100,
    sigma: Positive = 0.6,
    stiffness: Positive = 0.01,
    margin: int = 2,
) -> Pipeline:
    """neighbours: how many vote; candidates: the nearest by L2; sigma, stiffness: of the tangent distance."""
    return make_pipeline(Subsampling(16, margin), TangentNeighbours(neighbours, candidates, sigma, stiffness))
