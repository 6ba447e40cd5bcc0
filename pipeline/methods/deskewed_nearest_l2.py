"""k nearest neighbours by Euclidean distance, on deskewed images.

Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86(11), 1998, section III.C.3. The number of neighbours was chosen on validation, from 1,
3 and 5.
"""

from sklearn.pipeline import Pipeline, make_pipeline

from pipeline.estimators.images import Deskewing
from pipeline.estimators.nearest import NearestNeighbours
from pipeline.methods import Count


def estimator(neighbours: Count = 3) -> Pipeline:
    """neighbours: how many neighbours vote."""
    return make_pipeline(Deskewing(), NearestNeighbours(neighbours, p=2))
