"""Multinomial logistic regression on the pixels, with probabilities."""

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from pipeline.methods import Count, Positive


def estimator(C: Positive = 0.1, iterations: Count = 100) -> Pipeline:
    """C: inverse of the L2 penalty; iterations: the most for L-BFGS."""
    return make_pipeline(MaxAbsScaler(), LogisticRegression(C=C, max_iter=iterations))
