"""The probe: a quick classifier judges rows that it was not fitted on. It shows whether images and labels fit.

It is quadratic discriminant analysis on the principal components of gradient histograms. The covariance of each
class is drawn towards the pooled covariance (J. H. Friedman, "Regularized discriminant analysis", JASA 84, 1989).
Cross-fitting costs no more than one fit: a fold is left out by subtracting its sums. The sums are of whole
numbers, so the result is exact. Only two things come from all rows: the principal axes, which use no label, and
one number, which says how sure the probabilities are.
"""

import bisect
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.base import threads
from pipeline.features.components import principal_axes, project
from pipeline.features.gradients import histograms

COMPONENTS, FOLDS = 64, 4
SHRINKAGE = 0.2  # the share of the pooled covariance in the covariance of each class
BLOCK = 2_000  # rows at a time
ENOUGH = 100_000  # rows for one number
UNTHINKABLE = 1e-12  # a probability
Floats = NDArray[np.float64]
Labels = NDArray[np.integer[Any]]
Blocks = Iterable[NDArray[np.uint8]]  # blocks of images uint8[n, rows, columns]


class Sums(NamedTuple):
    """By class: the number of rows [c], sums [c, d], sums of products [c, d, d]. All are whole numbers."""

    rows: Floats
    first: Floats
    second: Floats

    @classmethod
    def of(cls, points: Floats, labels: Labels, classes: int) -> "Sums":
        """The sums of points float64[n, d] by label."""
        order = np.argsort(labels, kind="stable")
        own = np.split(points[order], np.searchsorted(labels[order], np.arange(1, classes)))
        rows = np.array([len(part) for part in own], np.float64)
        return cls(rows, np.stack([part.sum(axis=0) for part in own]), np.stack([part.T @ part for part in own]))

    def plus(self, other: "Sums") -> "Sums":
        """The sums of both together."""
        return Sums(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def without(self, other: "Sums") -> "Sums":
        """These sums minus the sums of a part."""
        return Sums(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))


class Densities(NamedTuple):
    """By class, a normal density times its share of rows: means [c, d], whitening [c, d, d], log factors [c]."""

    means: Floats
    whitening: Floats
    factors: Floats

    @classmethod
    def of(cls, sums: Sums) -> "Densities":
        """The densities that fit the rows of these sums. A class without rows has the factor -inf."""
        rows, dimensions = np.maximum(sums.rows, 1), sums.first.shape[1]
        means = sums.first / rows[:, None]
        covariances = sums.second / rows[:, None, None] - means[:, :, None] * means[:, None, :]
        pooled = np.average(covariances, axis=0, weights=sums.rows) if sums.rows.any() else np.eye(dimensions)
        # 1, because components are whole numbers: their rounding alone makes that much difference.
        pooled += np.eye(dimensions) * (1 + 1e-3 * np.trace(pooled) / dimensions)
        whitening, factors = np.zeros_like(covariances), np.full(len(means), -np.inf)
        for label in np.flatnonzero(sums.rows):
            lower = np.linalg.cholesky((1 - SHRINKAGE) * covariances[label] + SHRINKAGE * pooled)
            whitening[label] = np.linalg.inv(lower).T
            share = np.log(sums.rows[label] / sums.rows.sum())
            factors[label] = share - np.log(np.diagonal(lower)).sum()
        return cls(means, whitening, factors)

    def logs(self, points: Floats) -> Floats:
        """The log density of points float64[n, d] plus the log of the share, for each class: float64[n, c]."""
        result = np.full((len(points), len(self.means)), -np.inf)
        for label in np.flatnonzero(np.isfinite(self.factors)):
            spread = (points - self.means[label]) @ self.whitening[label]
            result[:, label] = self.factors[label] - np.einsum("ij,ij->i", spread, spread) / 2
        return result


class Probabilities:
    """Class probabilities float64[n, classes], which can be read block by block and any number of times.

    They are computed from scores in a temporary file without a name. In memory, the scores would take more than
    everything else: 8 bytes for each row and class.
    """

    def __init__(self, classes: int) -> None:
        self.classes, self.rows, self.inverse_temperature = classes, 0, 1.0
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (the next line closes it when this object is gone)
        weakref.finalize(self, self._file.close)

    def append(self, scores: Floats) -> None:
        """Add the scores of more rows, float64[n, classes]."""
        self.rows += len(scores)
        scores.tofile(self._file)

    def scores(self) -> Iterator[Floats]:
        """The scores, block by block: at least one block, which may be empty."""
        for start in range(0, max(self.rows, 1), BLOCK):
            self._file.seek(start * self.classes * np.dtype(float).itemsize)
            yield np.fromfile(self._file, float, BLOCK * self.classes).reshape(-1, self.classes)

    def __iter__(self) -> Iterator[Floats]:
        for scores in self.scores():
            powers = _powers(self.inverse_temperature * scores)
            yield powers / powers.sum(axis=1, keepdims=True)


class Probe(NamedTuple):
    """Class probabilities. A row of train is judged by the other folds of train, a row of test by all of train."""

    train: Probabilities
    test: Probabilities


def probe(train: Blocks, labels: Labels, test: Blocks, classes: int, seed: int) -> Probe:
    """Judge blocks of images uint8[n, rows, columns] by the labels of train, int[n] below `classes`.

    seed: deals the folds. Images are in memory one block at a time. The features of all of train are in memory
    together, 200 bytes a row; the scores are in a temporary file.
    """
    with threads.one_blas_thread():  # sums must not depend on the number of BLAS threads
        features = _all_features(train, len(labels))
        mean, axes = principal_axes(features, min(COMPONENTS, features.shape[1]))
        # Not `seed` alone: if somebody shuffled the rows with that seed, the folds would follow the old order.
        fold = np.random.default_rng([seed, FOLDS]).permutation(len(labels)) % FOLDS

        def sums(part: slice) -> Sums:
            """The sums by fold and class of a block of train."""
            points = project(features[part], mean, axes)
            return Sums.of(points, fold[part] * classes + labels[part], FOLDS * classes)

        blocks = [slice(start, start + BLOCK) for start in range(0, len(labels), BLOCK)]
        parts = _by_fold(reduce(Sums.plus, threads.each(sums, blocks)), classes)
        whole = reduce(Sums.plus, parts)
        judged = Probe(Probabilities(classes), Probabilities(classes))
        densities, every = [Densities.of(whole.without(part)) for part in parts], Densities.of(whole)

        def scores(part: slice) -> Floats:
            return _scores(densities, project(features[part], mean, axes), fold[part])

        for block in threads.each(scores, blocks):
            judged.train.append(block)
        for images in filter(len, test):
            points = project(histograms(images), mean, axes)
            for block in threads.each(every.logs, np.split(points, range(BLOCK, len(points), BLOCK))):
                judged.test.append(block)
        factor = _inverse_temperature(judged.train, labels)
        judged.train.inverse_temperature = judged.test.inverse_temperature = factor
        return judged


def _by_fold(sums: Sums, classes: int) -> list[Sums]:
    """The sums of each fold, of sums by fold and class."""
    return [Sums(*(part[k * classes : (k + 1) * classes] for part in sums)) for k in range(FOLDS)]


def _scores(densities: Sequence[Densities], points: Floats, fold: Labels) -> Floats:
    """The scores of each point, by the densities that were not fitted on its fold."""
    result = np.empty((len(points), len(densities[0].factors)))
    for k, others in enumerate(densities):
        result[fold == k] = others.logs(points[fold == k])
    return result


def _all_features(blocks: Blocks, rows: int) -> NDArray[np.uint8]:
    """The features of all images, uint8[rows, d]. The array is made once: joining blocks would take it twice."""
    result, start = np.empty((rows, 0), np.uint8), 0
    for images in filter(len, blocks):
        part = histograms(images)
        result = result if start else np.empty((rows, part.shape[1]), np.uint8)
        result[start : start + len(part)] = part
        start += len(part)
    return result


def _inverse_temperature(train: Probabilities, labels: Labels) -> float:
    """The factor on the scores with the largest likelihood of the labels: 0.01 to 1, to three decimals.

    It is needed because densities of dependent features give too sure probabilities. The slope of the
    likelihood is searched for its change of sign. Of many rows, only some are taken.
    Source: C. Guo et al., "On calibration of modern neural networks", ICML 2017 (temperature scaling).
    """
    step = -(-len(labels) // ENOUGH)

    def slope(factor: float, scores: Floats, labels: Labels) -> float:
        """How fast the loss grows with the factor: the mean score less that of the label."""
        powers = _powers(factor * scores)
        total, given = powers.sum(axis=1), np.arange(len(scores))
        mean = (powers * np.nan_to_num(scores, neginf=0)).sum(axis=1) / total
        # A label that cannot be right has no say, nor has one of a class that is missing in the other folds.
        counted = powers[given, labels] > UNTHINKABLE * total
        return float((mean - scores[given, labels])[counted].sum())

    def grows(thousandths: int) -> bool:
        """Whether the loss grows half a step further on."""
        blocks = zip(train.scores(), np.split(labels, range(BLOCK, len(labels), BLOCK)), strict=True)
        factor = (thousandths + 0.5) / 1000
        return sum(slope(factor, scores[::step], own[::step]) for scores, own in blocks) >= 0

    return bisect.bisect_left(range(1000), True, lo=10, key=grows) / 1000


def _powers(scores: Floats) -> Floats:
    return np.asarray(np.exp(scores - scores.max(axis=1, keepdims=True)))
