"""Images distorted at random as handwriting is: turned, scaled, slanted, shifted and bent elastically."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator

from pipeline.estimators.images import CHUNK, by_chunks, shape_of


class Distortions(BaseEstimator):
    """Draws distorted copies of images: an affine map of each, bent by an elastic displacement field.

    A field is noise, even from -1 to 1 for each pixel and direction, smoothed by a Gaussian and multiplied.
    Source: P. Simard, D. Steinkraus, J. Platt, "Best practices for convolutional neural networks applied to visual
    document analysis", ICDAR 2003.

    rotation: in degrees; scale: of height and width each, as a share; slant: in columns a row; shift: in pixels.
    These are drawn evenly up to the given bound on either side.
    alpha: what the smoothed field is multiplied by; sigma: of the Gaussian, in pixels.
    share: so many images in turn are distorted alike, for drawing a distortion costs more than applying it.
    """

    def __init__(
        self,
        rotation: float = 8.0,
        scale: float = 0.1,
        slant: float = 0.1,
        shift: float = 0.0,
        alpha: float = 30.0,
        sigma: float = 5.0,
        share: int = 10,
    ) -> None:
        self.rotation = rotation
        self.scale = scale
        self.slant = slant
        self.shift = shift
        self.alpha = alpha
        self.sigma = sigma
        self.share = share

    def draw(self, X: NDArray[Any], rng: np.random.Generator) -> NDArray[np.float32]:
        """A distorted copy of each of the images X, [n, h * w]: float32[n, h * w], read bilinearly, 0 outside."""
        shape = shape_of(X.shape[1])
        seeds = rng.integers(1 << 63, size=len(X) // CHUNK + 1)

        def distorted(part: slice) -> NDArray[np.float32]:
            images = X[part].astype(np.float32)
            starts = range(0, len(images), self.share)
            places = self.places(len(starts), shape, np.random.default_rng(seeds[part.start // CHUNK]))
            for start, place in zip(starts, places, strict=True):
                own = images[start : start + self.share]
                own[:] = (_reading(place, shape) @ own.T).T
            return images

        return by_chunks(len(X), distorted)

    def places(self, n: int, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
        """Rows and columns from which n distortions read the pixels of an image: float32[n, 2, h, w]."""
        height, width = shape
        centre = np.array([(height - 1) / 2, (width - 1) / 2])
        grid = np.indices(shape).reshape(2, -1) - centre[:, None]
        turn, slant = (rng.uniform(-1, 1, (2, n)).T * [np.deg2rad(self.rotation), self.slant]).T
        maps = np.stack([np.cos(turn), -np.sin(turn), np.sin(turn), np.cos(turn)], axis=1).reshape(n, 2, 2)
        maps[:, :, 0] += maps[:, :, 1] * slant[:, None]
        maps *= 1 + rng.uniform(-self.scale, self.scale, (n, 2, 1))
        offsets = centre + rng.uniform(-self.shift, self.shift, (n, 2))
        affine = (maps @ grid + offsets[:, :, None]).astype(np.float32).reshape(n, 2, height, width)
        return affine if self.alpha == 0 else affine + self._fields(n, shape, rng)

    def _fields(self, n: int, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
        """Elastic displacements in pixels: float32[n, 2, h, w]."""
        height, width = shape
        noise = rng.random((n * 2 * height, width), np.float32) * np.float32(2) - np.float32(1)
        across = (noise @ self._gaussian(width)).reshape(n * 2, height, width)
        down = across.transpose(0, 2, 1).reshape(-1, height) @ self._gaussian(height)
        fields = down.reshape(n, 2, width, height).transpose(0, 1, 3, 2) * self.alpha
        return fields.astype(np.float32, copy=False)

    def _gaussian(self, size: int) -> NDArray[np.float32]:
        """The matrix that smooths a line: float32[size, size]."""
        steps = np.arange(size)
        weights = np.exp(-0.5 * ((steps[:, None] - steps) / self.sigma) ** 2)
        return (weights / (self.sigma * np.sqrt(2 * np.pi))).astype(np.float32)


def _reading(places: NDArray[np.float32], shape: tuple[int, int]) -> csr_array:
    """The matrix float32[h * w, h * w] that reads an image's pixels at places float32[2, h, w], bilinearly."""
    weights, near = [], []
    for place, size in zip(places.reshape(2, -1), shape, strict=True):
        first = np.floor(place)
        two = np.stack([first, first + 1])
        weights.append((1 - np.abs(place - two)) * ((two >= 0) & (two < size)))
        near.append(np.clip(two, 0, size - 1).astype(np.int32))
    at = (near[0][:, None] * shape[1] + near[1]).reshape(4, -1).T.ravel()
    weight = (weights[0][:, None] * weights[1]).reshape(4, -1).T.ravel()
    return csr_array((weight, at, np.arange(0, len(at) + 1, 4, dtype=np.int32)), shape=(len(at) // 4,) * 2)
