"""A quick classifier that was not fitted on the row it judges, to tell whether images and labels belong together.

Quadratic discriminant analysis on the principal components of gradient histograms, each class's covariance drawn
towards the pooled one (J. H. Friedman, "Regularized discriminant analysis", JASA 84, 1989). Cross-fitting costs no
more than one fit: a fold is left out by subtracting its sums, which are of whole numbers and therefore exact.
All rows give the principal axes, which no label enters, and one number: how sure the probabilities are.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pipeline.estimators.gradients import GradientHistograms
from pipeline.estimators.pca import ExactPCA

COMPONENTS, FOLDS = 64, 4
SHRINKAGE = 0.2  # the pooled covariance's share in each class's
Floats = NDArray[np.float64]
Labels = NDArray[np.integer[Any]]


class Sums(NamedTuple):
    """By class: rows [c], sums [c, d] and sums of products [c, d, d]; all whole numbers."""

    rows: Floats
    first: Floats
    second: Floats

    @classmethod
    def of(cls, points: Floats, labels: Labels, classes: int) -> "Sums":
        """Sum points float64[n, d] by label."""
        own = [points[labels == label] for label in range(classes)]
        rows = np.array([len(part) for part in own], np.float64)
        return cls(rows, np.stack([part.sum(axis=0) for part in own]), np.stack([part.T @ part for part in own]))

    def without(self, other: "Sums") -> "Sums":
        """These sums less a part of them."""
        return Sums(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))


class Probe(NamedTuple):
    """Class probabilities, float64[n, classes]: of train's rows from its other folds, of test's from train."""

    train: Floats
    test: Floats


def probe(train: NDArray[np.uint8], labels: Labels, test: NDArray[np.uint8], classes: int, seed: int) -> Probe:
    """Judge images uint8[n, side, side] by labels of train, int[n] below `classes`; `seed` deals the folds."""
    with threadpool_limits(1):  # sums must not depend on the number of BLAS threads
        histograms = GradientHistograms()
        features = histograms.fit_transform(_flat(train))
        axes = ExactPCA(min(COMPONENTS, features.shape[1])).fit(features)
        points = axes.transform(features)
        others = axes.transform(histograms.transform(_flat(test))) if len(test) else points[:0]
        # A stream of its own: rows once shuffled with the same seed would be dealt by their old places.
        fold = np.random.default_rng([seed, FOLDS]).permutation(len(points)) % FOLDS
        parts = [Sums.of(points[fold == k], labels[fold == k], classes) for k in range(FOLDS)]
        whole = Sums(*(np.sum(part, axis=0) for part in zip(*parts, strict=True)))
        scores = np.empty((len(points), classes))
        for k, part in enumerate(parts):
            scores[fold == k] = log_likelihoods(whole.without(part), points[fold == k])
        inverse_temperature = _inverse_temperature(scores, labels)
        return Probe(
            _softmax(inverse_temperature * scores), _softmax(inverse_temperature * log_likelihoods(whole, others))
        )


def _flat(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return images.reshape(-1, images.shape[1] * images.shape[2])


def log_likelihoods(sums: Sums, points: Floats) -> Floats:
    """By class, the log density of points float64[n, d] and the log of the class's share: float64[n, c].

    A class with no row has -inf.
    """
    rows, dimensions = np.maximum(sums.rows, 1), points.shape[1]
    means = sums.first / rows[:, None]
    covariances = sums.second / rows[:, None, None] - means[:, :, None] * means[:, None, :]
    pooled = np.average(covariances, axis=0, weights=sums.rows) if sums.rows.any() else np.eye(dimensions)
    pooled += np.eye(dimensions) * (1 + 1e-3 * np.trace(pooled) / dimensions)  # 1: components are whole numbers
    result = np.full((len(points), len(means)), -np.inf)
    for label in np.flatnonzero(sums.rows):
        covariance = (1 - SHRINKAGE) * covariances[label] + SHRINKAGE * pooled
        lower = np.linalg.cholesky(covariance)
        spread = (points - means[label]) @ np.linalg.inv(lower).T
        volume = np.log(np.diagonal(lower)).sum()
        share = np.log(sums.rows[label] / sums.rows.sum())
        result[:, label] = share - volume - np.einsum("ij,ij->i", spread, spread) / 2
    return result


def _inverse_temperature(scores: Floats, labels: Labels) -> float:
    """The factor on scores that makes the labels' likelihood largest.

    Densities of dependent features are too sure of themselves. Source: C. Guo et al., "On calibration of modern
    neural networks", ICML 2017 (temperature scaling).
    """
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(scores))

    def loss(factor: float) -> float:
        given = _softmax(factor * scores)[rows, labels]
        return float(-np.log(np.maximum(given, 1e-12)).mean())

    return round(float(minimize_scalar(loss, bounds=(0.01, 1), method="bounded").x), 3)


def _softmax(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
