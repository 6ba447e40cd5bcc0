"""A quick classifier that was not fitted on the row it judges, to tell whether images and labels belong together.

Quadratic discriminant analysis on the principal components of gradient histograms, each class's covariance drawn
towards the pooled one (J. H. Friedman, "Regularized discriminant analysis", JASA 84, 1989). Cross-fitting costs no
more than one fit: a fold is left out by subtracting its sums, which are of whole numbers and therefore exact.
All rows give the principal axes, which no label enters, and one number: how sure the probabilities are.
"""

import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pipeline.estimators.gradients import GradientHistograms
from pipeline.estimators.pca import ExactPCA

COMPONENTS, FOLDS = 64, 4
SHRINKAGE = 0.2  # the pooled covariance's share in each class's
BLOCK = 10_000  # rows at a time
Floats = NDArray[np.float64]
Labels = NDArray[np.integer[Any]]
Blocks = Iterable[NDArray[np.uint8]]  # of images uint8[n, side, side]


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

    def plus(self, other: "Sums") -> "Sums":
        """The sums of both."""
        return Sums(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def without(self, other: "Sums") -> "Sums":
        """These sums less a part of them."""
        return Sums(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))


class Densities(NamedTuple):
    """By class, a normal density times the class's share: means [c, d], whitening [c, d, d], log factors [c]."""

    means: Floats
    whitening: Floats
    factors: Floats

    @classmethod
    def of(cls, sums: Sums) -> "Densities":
        """Those that fit the rows summed; a class with no row has the factor -inf."""
        rows, dimensions = np.maximum(sums.rows, 1), sums.first.shape[1]
        means = sums.first / rows[:, None]
        covariances = sums.second / rows[:, None, None] - means[:, :, None] * means[:, None, :]
        pooled = np.average(covariances, axis=0, weights=sums.rows) if sums.rows.any() else np.eye(dimensions)
        pooled += np.eye(dimensions) * (
            1 + 1e-3 * np.trace(pooled) / dimensions
        )  # 1: components are whole numbers
        whitening, factors = np.zeros_like(covariances), np.full(len(means), -np.inf)
        for label in np.flatnonzero(sums.rows):
            lower = np.linalg.cholesky((1 - SHRINKAGE) * covariances[label] + SHRINKAGE * pooled)
            whitening[label] = np.linalg.inv(lower).T
            share = np.log(sums.rows[label] / sums.rows.sum())
            factors[label] = share - np.log(np.diagonal(lower)).sum()
        return cls(means, whitening, factors)

    def logs(self, points: Floats) -> Floats:
        """By class, the log density of points float64[n, d] and the log of the class's share: float64[n, c]."""
        result = np.full((len(points), len(self.means)), -np.inf)
        for label in np.flatnonzero(np.isfinite(self.factors)):
            spread = (points - self.means[label]) @ self.whitening[label]
            result[:, label] = self.factors[label] - np.einsum("ij,ij->i", spread, spread) / 2
        return result


class Probabilities:
    """Class probabilities float64[n, classes], block by block and as often as wanted.

    The scores that they are made of stand in a file without a name: in memory they would take more than all else.
    """

    def __init__(self, classes: int) -> None:
        self.classes, self.rows, self.inverse_temperature = classes, 0, 1.0
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (closed on the next line, in the end)
        weakref.finalize(self, self._file.close)

    def append(self, scores: Floats) -> None:
        """Add the scores of more rows, float64[n, classes]."""
        self.rows += len(scores)
        scores.tofile(self._file)

    def scores(self) -> Iterator[Floats]:
        """The scores, a block at least."""
        for start in range(0, max(self.rows, 1), BLOCK):
            self._file.seek(start * self.classes * np.dtype(float).itemsize)
            yield np.fromfile(self._file, float, BLOCK * self.classes).reshape(-1, self.classes)

    def __iter__(self) -> Iterator[Floats]:
        for scores in self.scores():
            powers = _powers(self.inverse_temperature * scores)
            yield powers / powers.sum(axis=1, keepdims=True)


class Probe(NamedTuple):
    """Class probabilities: of train's rows from its other folds, of test's from train."""

    train: Probabilities
    test: Probabilities


def probe(train: Blocks, labels: Labels, test: Blocks, classes: int, seed: int) -> Probe:
    """Judge images uint8[n, side, side] by labels of train, int[n] below `classes`; `seed` deals the folds.

    Of the images one block is in memory at a time, and of all of train the features, 200 bytes a row.
    """
    with threadpool_limits(1):  # sums must not depend on the number of BLAS threads
        features = _all_features(train, len(labels))
        axes = ExactPCA(min(COMPONENTS, features.shape[1])).fit(features)
        # A stream of its own: rows once shuffled with the same seed would be dealt by their old places.
        fold = np.random.default_rng([seed, FOLDS]).permutation(len(labels)) % FOLDS

        def blocks() -> Iterator[tuple[Floats, Labels, Labels]]:
            """Points, labels and folds of train."""
            for start in range(0, len(labels), BLOCK):
                part = slice(start, start + BLOCK)
                yield axes.transform(features[part]), labels[part], fold[part]

        parts = _by_fold(blocks(), classes)
        whole = reduce(Sums.plus, parts)
        judged = Probe(Probabilities(classes), Probabilities(classes))
        densities = [Densities.of(whole.without(part)) for part in parts]
        for points, _, of in blocks():
            judged.train.append(_scores(densities, points, of))
        every = Densities.of(whole)
        for images in filter(len, test):
            judged.test.append(every.logs(axes.transform(_features(images))))
        factor = _inverse_temperature(judged.train, labels)
        judged.train.inverse_temperature = judged.test.inverse_temperature = factor
        return judged


def _by_fold(blocks: Iterable[tuple[Floats, Labels, Labels]], classes: int) -> list[Sums]:
    """The sums of each fold, of blocks of points, labels and folds."""
    cells = (Sums.of(points, fold * classes + labels, FOLDS * classes) for points, labels, fold in blocks)
    total = reduce(Sums.plus, cells)
    return [Sums(*(sums[k * classes : (k + 1) * classes] for sums in total)) for k in range(FOLDS)]


def _scores(densities: Sequence[Densities], points: Floats, fold: Labels) -> Floats:
    """Those of each of the points from the densities that were not fitted on its fold."""
    result = np.empty((len(points), len(densities[0].factors)))
    for k, others in enumerate(densities):
        result[fold == k] = others.logs(points[fold == k])
    return result


def _features(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    pixels = images.shape[1] * images.shape[2]
    return np.asarray(GradientHistograms().fit_transform(images.reshape(-1, pixels)))


def _all_features(blocks: Blocks, rows: int) -> NDArray[np.uint8]:
    """Those of so many rows: uint8[rows, d]. Joining blocks would take as much memory again."""
    result, start = np.empty((rows, 0), np.uint8), 0
    for images in filter(len, blocks):
        part = _features(images)
        result = result if start else np.empty((rows, part.shape[1]), np.uint8)
        result[start : start + len(part)] = part
        start += len(part)
    return result


def _inverse_temperature(train: Probabilities, labels: Labels) -> float:
    """The factor on scores that makes the labels' likelihood largest.

    Densities of dependent features are too sure of themselves. Source: C. Guo et al., "On calibration of modern
    neural networks", ICML 2017 (temperature scaling).
    """
    from scipy.optimize import minimize_scalar

    def loss(factor: float) -> float:
        given, start = np.empty(len(labels)), 0
        for scores in train.scores():
            powers, own = _powers(factor * scores), slice(start, start + len(scores))
            given[own] = powers[np.arange(len(scores)), labels[own]] / powers.sum(axis=1)
            start = own.stop
        return float(-np.log(np.maximum(given, 1e-12)).mean())

    return round(float(minimize_scalar(loss, bounds=(0.01, 1), method="bounded").x), 3)


def _powers(scores: Floats) -> Floats:
    return np.asarray(np.exp(scores - scores.max(axis=1, keepdims=True)))
