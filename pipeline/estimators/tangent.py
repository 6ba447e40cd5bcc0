"""Nearest neighbours by tangent distance, which small moves of either image do not change."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from pipeline.estimators.images import by_chunks, shape_of
from pipeline.estimators.nearest import NearestNeighbours, Rows, plain

Floats = NDArray[np.float32]


class TangentNeighbours(ClassifierMixin, BaseEstimator):
    """The k images nearest by two-sided tangent distance vote; of classes with as many votes, the first wins.

    The distance is the smallest between the planes that touch the two images, smoothed, along seven changes: two
    moves, size, turn, two hyperbolic ones and the pen's thickness. It is computed for the nearest by L2 only.
    Source: P. Simard, Y. LeCun, J. Denker, B. Victorri, "Transformation invariance in pattern recognition: tangent
    distance and tangent propagation", Neural Networks: Tricks of the Trade, 1998, section 2.

    n_neighbors: k; candidates: how many of the nearest by L2; sigma: of the Gaussian that smooths, in pixels;
    stiffness: what moving along a plane costs, as a share of the squared length.
    """

    def __init__(
        self, n_neighbors: int = 3, candidates: int = 100, sigma: float = 0.6, stiffness: float = 0.01
    ) -> None:
        self.n_neighbors = n_neighbors
        self.candidates = candidates
        self.sigma = sigma
        self.stiffness = stiffness

    def fit(self, X: Rows, y: NDArray[Any]) -> Self:
        """Keep the images X, [n, h * w], as uint8 where they are, else as float64; y: labels[n]."""
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        self.near_ = NearestNeighbours(max(self.candidates, self.n_neighbors)).fit(X, y)
        self.classes_ = self.near_.classes_
        return self

    def predict(self, X: Rows) -> NDArray[Any]:
        """Labels of the images X, [n, h * w]."""
        check_is_fitted(self)
        X = plain(validate_data(self, X, reset=False))
        candidates = self.near_.neighbours(X)
        needed, at = np.unique(candidates, return_inverse=True)
        at = at.reshape(candidates.shape)
        rows, row_planes = self._planes(self.near_.rows_[needed])
        images, planes = self._planes(X)

        def vote(part: slice) -> NDArray[np.intp]:
            labels = self.near_.labels_[candidates[part]]
            winners = np.empty(len(labels), np.intp)
            for one, image, plane, near in zip(
                range(len(labels)), images[part], planes[part], at[part], strict=True
            ):
                apart = tangent_distances(image, plane, rows[near], row_planes[near], self.stiffness)
                best = np.argsort(apart, kind="stable")[: self.n_neighbors]
                winners[one] = np.bincount(labels[one, best]).argmax()
            return winners

        return self.classes_[by_chunks(len(X), vote)]

    def _planes(self, X: Rows) -> tuple[Floats, Floats]:
        """Smoothed images, float32[n, d], and for each an orthonormal basis of its plane, float32[n, 7, d]."""

        def smooth(part: slice) -> Floats:
            images = X[part].astype(np.float32).reshape(-1, *shape_of(X.shape[1]))
            return ndimage.gaussian_filter(images, self.sigma, mode="constant", axes=(1, 2))

        images = by_chunks(len(X), smooth)
        planes = by_chunks(len(X), lambda part: orthonormal(tangents(images[part])))
        return images.reshape(len(X), -1), planes


def tangents(images: Floats) -> Floats:
    """How each of images, float32[n, h, w], changes with each of seven small changes: float32[n, 7, h * w]."""
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    dy = (framed[:, 2:, 1:-1] - framed[:, :-2, 1:-1]) / 2
    dx = (framed[:, 1:-1, 2:] - framed[:, 1:-1, :-2]) / 2
    y, x = (
        axis - (size - 1) / np.float32(2)
        for axis, size in zip(np.indices(images.shape[1:], np.float32), images.shape[1:], strict=True)
    )
    changes = [dx, dy, x * dx + y * dy, y * dx - x * dy, x * dx - y * dy, y * dx + x * dy, dx * dx + dy * dy]
    return np.stack(changes, axis=1).reshape(len(images), 7, -1)


def orthonormal(vectors: Floats) -> Floats:
    """An orthonormal basis of what each of n sets of m vectors spans, 0 for what is missing: float32[n, m, d]."""
    lengths = np.sqrt(np.einsum("nmd,nmd->nm", vectors, vectors))[:, :, None]
    units = vectors / np.maximum(lengths, 1e-30)
    values, axes = np.linalg.eigh((units @ units.transpose(0, 2, 1)).astype(np.float64))
    scale = np.where(values > 1e-5, 1 / np.sqrt(np.maximum(values, 1e-5)), 0)
    return (axes * scale[:, None]).transpose(0, 2, 1).astype(np.float32) @ units


def tangent_distances(image: Floats, plane: Floats, rows: Floats, planes: Floats, stiffness: float) -> Floats:
    """Squared distances of the planes that touch an image, float32[d], and rows, float32[c, d]: float32[c].

    plane: float32[7, d], and planes: float32[c, 7, d], orthonormal. It is the least |r + P a + Q b|^2 +
    stiffness (|a|^2 + |b|^2) over a and b, r the difference of the images, by elimination of a.
    """
    r = rows - image
    u, v = r @ plane.T, (planes @ r[:, :, None])[:, :, 0]
    both = planes @ plane.T
    one = np.float32(1 + stiffness)
    v = v - (both @ u[:, :, None])[:, :, 0] / one
    system = one * np.eye(len(plane), dtype=np.float32) - both @ both.transpose(0, 2, 1) / one
    solved = np.linalg.solve(system, v[:, :, None])[:, :, 0]
    return np.square(r).sum(axis=1) - np.square(u).sum(axis=1) / one - (v * solved).sum(axis=1)
