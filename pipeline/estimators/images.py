"""Estimators of flat images: each image is one row, and the estimator knows the shape of an image."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from pipeline.features.images import Images, Shape, as_images, by_chunks, image_shape, moved, slants


class ImageEstimator(BaseEstimator):
    """An estimator of flat images, [n, values].

    shape: (rows, columns) or (rows, columns, channels) of an image; None if the images are square and grey.
    """

    shape: Shape | None = None

    def __getstate__(self) -> dict[str, Any]:
        """The state that a file stores. A shape of None is left out: the bytes of older models hold none."""
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name != "shape" or value is not None}


class ImageTransformer(TransformerMixin, ImageEstimator):
    """A transformer of images, whose channels it averages. It learns only how many values an image has."""

    def __init__(self, shape: Shape | None = None) -> None:
        self.shape = shape

    def fit(self, X: Images, y: Any = None) -> Self:
        """Learn how many values an image has. X: uint8[n, values]. Raises ValueError if `shape` does not fit."""
        image_shape(validate_data(self, X).shape[1], self.shape)
        return self

    def _images(self, X: Images) -> Images:
        """Flat images X as grey images uint8[n, h, w]; other numbers are rounded and cut off at 0 and 255."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        if X.dtype != np.uint8:
            X = np.clip(np.rint(X), 0, 255).astype(np.uint8)
        return as_images(X, self.shape)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "n_features_in_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


class Deskewing(ImageTransformer):
    """Shears each image so that its main axis is upright, and moves its centre of mass to the middle.

    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
    Proceedings of the IEEE 86(11), 1998, section III.A.
    """

    def transform(self, X: Images) -> Images:
        """The upright images, uint8[n, h * w], of the images X, uint8[n, values]."""
        images = self._images(X)
        centres, leans = slants(images)
        maps = np.zeros((len(images), 2, 3))
        maps[:, 0, 0] = maps[:, 1, 1] = 1
        maps[:, 1, 0] = leans
        maps[:, :, 2] = centres - (np.array(images.shape[1:]) - 1) / 2
        return moved(images, maps).reshape(len(images), -1)

    def shape_after(self, shape: Shape) -> Shape:
        """The shape of the upright images."""
        return shape[:2]


class Subsampling(ImageTransformer):
    """Makes each image smaller: a pixel of the result is the mean of the area that it covers.

    side: rows and columns of the result. margin: pixels at each edge of the image that are left out first. If an
    image is too small, the margin is smaller, and the result has as many rows and columns as are left.
    """

    def __init__(self, side: int = 16, margin: int = 2, shape: Shape | None = None) -> None:
        self.side = side
        self.margin = margin
        self.shape = shape

    def transform(self, X: Images) -> Images:
        """The smaller images, uint8[n, side * side], of the images X, uint8[n, values]."""
        images = self._images(X)
        down, across = (self._shares(size) for size in images.shape[1:])

        def smaller(part: slice) -> Images:
            means = down @ images[part].astype(np.float32) @ across.T / (down[0].sum() * across[0].sum())
            return np.rint(means).astype(np.uint8).reshape(len(means), -1)

        return by_chunks(len(images), smaller)

    def shape_after(self, shape: Shape) -> Shape:
        """The shape of the smaller images."""
        down, across = (len(self._shares(size)) for size in shape[:2])
        return down, across

    def _shares(self, size: int) -> NDArray[np.float32]:
        """How much of each pixel of a line each pixel of the result covers: whole numbers, float32[side, size].

        size: how many pixels the line of the image has.
        """
        margin = min(self.margin, (size - 1) // 2)
        inner = size - 2 * margin
        side = min(self.side, inner)
        start, new = (np.arange(size) - margin)[None] * side, np.arange(side)[:, None] * inner
        covered = np.minimum(start + side, new + inner) - np.maximum(start, new)
        return np.maximum(covered, 0).astype(np.float32)
