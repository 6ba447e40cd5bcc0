"""A network of five hidden layers, 2500, 2000, 1500, 1000 and 500 units, on elastically distorted digits.

Source: D. Ciresan, U. Meier, L. Gambardella, J. Schmidhuber, "Deep, big, simple neural nets for handwritten digit
recognition", Neural Computation 22(12), 2010. Their 0.35% took hundreds of epochs on a graphics card. Here the
time is enough for seven, which are too few for so many weights. On validation three epochs gave 1.52%.
"""

from pipeline.estimators.distortions import Distortions
from pipeline.estimators.network import NetworkClassifier
from pipeline.methods import Count, Positive


def estimator(epochs: Count = 7, learning_rate: Positive = 0.001) -> NetworkClassifier:
    """epochs: passes over the rows, each with new distortions; learning_rate: at the start; it falls to 0."""
    hidden = (2500, 2000, 1500, 1000, 500)
    return NetworkClassifier(hidden, "cross_entropy", Distortions(), epochs, 256, learning_rate)
