"""A support vector machine that also learns from moved copies of its support vectors."""

import math
from collections.abc import Sequence
from functools import partial
from itertools import combinations
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, clone
from sklearn.svm import SVC
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from pipeline.estimators.images import ImageEstimator
from pipeline.features.images import Images, Shape, by_channel, image_shape, moved

Move = tuple[float, float, float, float]  # pixels down, pixels right, degrees clockwise, columns sheared a row

FOUR_SHIFTS: tuple[Move, ...] = ((-1, 0, 0, 0), (1, 0, 0, 0), (0, -1, 0, 0), (0, 1, 0, 0))
TURNS_AND_SHEARS: tuple[Move, ...] = ((0, 0, -10, 0), (0, 0, 10, 0), (0, 0, 0, -0.15), (0, 0, 0, 0.15))


def shifts(reach: int) -> tuple[Move, ...]:
    """All shifts by at most `reach` whole pixels in each direction: 8 shifts for 1, 24 for 2."""
    steps = range(-reach, reach + 1)
    return tuple((down, right, 0, 0) for down in steps for right in steps if down or right)


def affine(move: Move) -> NDArray[np.float64]:
    """The affine map of a move, for `pipeline.features.images.moved`: float64[2, 3].

    Its numbers are rounded, because the last bit of a cosine depends on the machine.
    """
    down, right, degrees, shear = move
    cosine, sine = (round(f(math.radians(degrees)), 9) for f in (math.cos, math.sin))
    return np.array([[cosine, -sine, -down], [sine + shear, cosine, -right]])


class VirtualSVC(ClassifierMixin, ImageEstimator):
    """Fits a support vector machine, then a second one on the support vectors and on moved copies of their images.

    Source: D. DeCoste, B. Schoelkopf, "Training invariant support vector machines", Machine Learning 46, 2002.

    features: a transformer of images, uint8[n, values], which `fit` fits on its images; None: the pixels.
    machine: an SVC, which is fitted on the features, float64[n, d]; None: SVC(). It decides by pairs of classes.
    moves: one for each copy, quadruples (pixels down, pixels right, degrees clockwise, columns sheared a row).
    sure: if the first machine decides an image by at least `sure` in each pair of classes of the winner, its
    decision stands; it has fewer vectors, so it is faster. None: the second machine decides all images. On
    validation every value from 0.5 on gives the same number of errors; with 0.8 the first machine decides nineteen
    images in twenty.
    """

    def __init__(
        self,
        features: Any = None,
        machine: Any = None,
        moves: Sequence[Move] = FOUR_SHIFTS + TURNS_AND_SHEARS,
        sure: float | None = None,
        shape: Shape | None = None,
    ) -> None:
        self.features = features
        self.machine = machine
        self.moves = moves
        self.sure = sure
        self.shape = shape

    def fit(self, X: Images, y: NDArray[Any]) -> Self:
        """Fit on images X, uint8[n, values], and y, labels[n]."""
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        X = _as_bytes(X)
        self.features_ = None if self.features is None else clone(self.features).fit(X)
        machine = clone(SVC() if self.machine is None else self.machine).set_params(decision_function_shape="ovo")
        first = clone(machine).fit(self._features(X), y)
        images = X[first.support_].reshape(-1, *image_shape(X.shape[1], self.shape))
        copies = [images, *(by_channel(images, partial(moved, maps=affine(move))) for move in self.moves)]
        virtual = np.concatenate(copies).reshape(-1, X.shape[1])
        self.machine_ = machine.fit(self._features(virtual), np.tile(y[first.support_], len(copies)))
        self.first_ = None if self.sure is None else first
        self.classes_ = first.classes_
        return self

    def decision_function(self, X: Images) -> NDArray[np.float64]:
        """The smallest lead of each class over another class: float64[n, classes].

        X: images, uint8[n, values]. If there are two classes, only the lead of the second one: float64[n].
        """
        check_is_fitted(self)
        features = self._features(_as_bytes(validate_data(self, X, reset=False)))
        if self.first_ is None:
            wins = self._wins(self.machine_, features)
        else:
            wins = self._wins(self.first_, features)
            unsure = wins.max(axis=1) < self.sure
            if unsure.any():
                wins[unsure] = self._wins(self.machine_, features[unsure])
        return wins if len(self.classes_) > 2 else wins[:, 1]

    def predict(self, X: Images) -> NDArray[Any]:
        """The labels of images X, uint8[n, values]: the class with the largest `decision_function`."""
        decisions = self.decision_function(X)
        return self.classes_[decisions.argmax(axis=1) if decisions.ndim == 2 else (decisions > 0).astype(np.intp)]

    def _wins(self, machine: Any, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """The smallest lead of each class over another class, as a machine decides: float64[n, classes]."""
        decisions = machine.decision_function(features)
        if decisions.ndim == 1:
            return np.stack([-decisions, decisions], axis=1)
        wins = np.full((len(features), len(self.classes_)), np.inf)
        for pair, (one, other) in enumerate(combinations(range(len(self.classes_)), 2)):
            np.minimum(wins[:, one], decisions[:, pair], out=wins[:, one])
            np.minimum(wins[:, other], -decisions[:, pair], out=wins[:, other])
        return wins

    def _features(self, X: Images) -> NDArray[np.float64]:
        return np.asarray(X if self.features_ is None else self.features_.transform(X), np.float64)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True  # on rows that are not images
        return tags


def _as_bytes(X: NDArray[Any]) -> Images:
    return X if X.dtype == np.uint8 else np.clip(np.rint(X), 0, 255).astype(np.uint8)
