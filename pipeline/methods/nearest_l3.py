"""k nearest neighbours by L3 distance, the sum of |a - b|^3, on the pixels.

Source: K. Wilder's result on the MNIST page. The number of neighbours was chosen on validation, of 1, 3 and 5.
"""

from pipeline.estimators.nearest import NearestNeighbours
from pipeline.methods import Count


def estimator(neighbours: Count = 3) -> NearestNeighbours:
    """neighbours: how many of them vote."""
    return NearestNeighbours(neighbours, p=3)
