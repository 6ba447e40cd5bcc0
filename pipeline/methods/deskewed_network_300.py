"""A network of 300 hidden units on deskewed digits, trained on the squared error.

Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86(11), 1998. The defaults were chosen on validation.
"""

from sklearn.pipeline import Pipeline, make_pipeline

from pipeline.estimators.images import Deskewing
from pipeline.estimators.network import NetworkClassifier
from pipeline.methods import Count, Positive


def estimator(epochs: Count = 20, learning_rate: Positive = 0.001) -> Pipeline:
    """epochs: passes over the rows; learning_rate: of the first step; it falls to zero."""
    network = NetworkClassifier((300,), "squared", epochs=epochs, learning_rate=learning_rate)
    return make_pipeline(Deskewing(), network)
