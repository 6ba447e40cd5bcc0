"""Nearest neighbours by tangent distance, which small moves of an image hardly change."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from pipeline.estimators.images import ImageEstimator
from pipeline.estimators.nearest import NearestNeighbours, Rows, plain
from pipeline.features.images import Shape, as_images, by_chunks

Floats = NDArray[np.float32]


class TangentNeighbours(ClassifierMixin, ImageEstimator):
    """The k images nearest by two-sided tangent distance vote. If classes have equal votes, the first class wins.

    Each image is smoothed. A plane touches it along seven small changes: two moves, size, turn, two hyperbolic
    changes and the thickness of the pen. The distance of two images is the smallest distance of their planes. It
    is computed only for the images that are nearest by L2. For the planes the channels of an image are averaged.
    Source: P. Simard, Y. LeCun, J. Denker, B. Victorri, "Transformation invariance in pattern recognition: tangent
    distance and tangent propagation", Neural Networks: Tricks of the Trade, 1998, section 2.

    n_neighbors: k; candidates: how many images that are nearest by L2; sigma: of the Gaussian that smooths, in
    pixels; stiffness: what a step along a plane costs, as a share of its squared length.
    """

    def __init__(
        self,
        n_neighbors: int = 3,
        candidates: int = 100,
        sigma: float = 0.6,
        stiffness: float = 0.01,
        shape: Shape | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.candidates = candidates
        self.sigma = sigma
        self.stiffness = stiffness
        self.shape = shape

    def fit(self, X: Rows, y: NDArray[Any]) -> Self:
        """Keep the images X, [n, values], as uint8 if they are uint8, else as float64. y: labels[n]."""
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        self.near_ = NearestNeighbours(max(self.candidates, self.n_neighbors)).fit(X, y)
        self.classes_ = self.near_.classes_
        return self

    def predict(self, X: Rows) -> NDArray[Any]:
        """The labels of the images X, [n, values]."""
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
        """The smoothed images X, float32[n, d], and an orthonormal basis of each plane, float32[n, 7, d]."""

        def smooth(part: slice) -> Floats:
            images = as_images(X[part].astype(np.float32), self.shape)
            return ndimage.gaussian_filter(images, self.sigma, mode="constant", axes=(1, 2))

        images = by_chunks(len(X), smooth)
        planes = by_chunks(len(X), lambda part: orthonormal(tangents(images[part])))
        return images.reshape(len(X), -1), planes


def tangents(images: Floats) -> Floats:
    """The derivative of each image along seven small changes: float32[n, 7, h * w]. images: float32[n, h, w]."""
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
    """An orthonormal basis of the span of each set of vectors: float32[n, m, d].

    vectors: n sets of m vectors, float32[n, m, d]. If a span has fewer than m dimensions, zeros fill the basis.
    """
    lengths = np.sqrt(np.einsum("nmd,nmd->nm", vectors, vectors))[:, :, None]
    units = vectors / np.maximum(lengths, 1e-30)
    values, axes = np.linalg.eigh((units @ units.transpose(0, 2, 1)).astype(np.float64))
    scale = np.where(values > 1e-5, 1 / np.sqrt(np.maximum(values, 1e-5)), 0)
    return (axes * scale[:, None]).transpose(0, 2, 1).astype(np.float32) @ units


def tangent_distances(image: Floats, plane: Floats, rows: Floats, planes: Floats, stiffness: float) -> Floats:
    """The squared distance of the plane of an image, float32[d], from the plane of each of rows: float32[c].

    rows: float32[c, d]. plane: P of the image, float32[7, d]; planes: Q of each row, float32[c, 7, d]; both
    orthonormal. The distance is the minimum over a and b of |r + P a + Q b|^2 + stiffness (|a|^2 + |b|^2); r is
    the difference of the two images. It is computed by elimination of a.
    """
    r = rows - image
    u, v = r @ plane.T, (planes @ r[:, :, None])[:, :, 0]
    both = planes @ plane.T
    one = np.float32(1 + stiffness)
    v = v - (both @ u[:, :, None])[:, :, 0] / one
    system = one * np.eye(len(plane), dtype=np.float32) - both @ both.transpose(0, 2, 1) / one
    solved = np.linalg.solve(system, v[:, :, None])[:, :, 0]
    return np.square(r).sum(axis=1) - np.square(u).sum(axis=1) / one - (v * solved).sum(axis=1)
