"""A network of 1000 hidden units on the pixels, trained on the squared error.

Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86(11), 1998. The defaults were not tuned, because their validation error was far below the
source's error.
"""

from pipeline.estimators.network import NetworkClassifier
from pipeline.methods import Count, Positive


def estimator(epochs: Count = 6, learning_rate: Positive = 0.001) -> NetworkClassifier:
    """epochs: passes over the rows; learning_rate: of the first step; it falls to zero."""
    return NetworkClassifier((1000,), "squared", epochs=epochs, learning_rate=learning_rate)
