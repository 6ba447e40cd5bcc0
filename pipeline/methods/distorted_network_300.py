"""A network of 300 hidden units, trained on the squared error of distorted digits.

Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86(11), 1998. Here digits are turned, scaled and slanted, but not shifted. The
defaults were not tuned, because their validation error was far below the source's error.
"""

from pipeline.estimators.distortions import Distortions
from pipeline.estimators.network import NetworkClassifier
from pipeline.methods import Count, Positive


def estimator(epochs: Count = 15, learning_rate: Positive = 0.003) -> NetworkClassifier:
    """epochs: passes over the rows, each with new distortions; learning_rate: at the start; it falls to 0."""
    affine = Distortions(alpha=0.0)
    return NetworkClassifier((300,), "squared", affine, epochs=epochs, learning_rate=learning_rate)
