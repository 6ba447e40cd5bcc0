"""Random distortions of images, like those of handwriting: turned, scaled, slanted, shifted, bent elastically."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from pipeline.estimators.images import ImageEstimator
from pipeline.features.images import CHUNK, Shape, by_chunks, image_shape


class Distortions(ImageEstimator):
    """Draws distorted copies of images: each is moved by an affine map and bent by an elastic displacement field.

    A field is noise for each pixel and direction, uniform from -1 to 1, smoothed by a Gaussian, then multiplied.
    All channels of an image are distorted in the same way.
    Source: P. Simard, D. Steinkraus, J. Platt, "Best practices for convolutional neural networks applied to visual
    document analysis", ICDAR 2003.

    rotation: in degrees; scale: of the height and of the width, as a share; slant: in columns a row; shift: in
    pixels. Each of these is the bound of a uniform distribution around zero.
    alpha: the factor by which the smoothed field is multiplied; sigma: of the Gaussian, in pixels.
    share: how many images in turn get the same distortion, because to draw one costs more than to apply it.
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
        shape: Shape | None = None,
    ) -> None:
        self.rotation = rotation
        self.scale = scale
        self.slant = slant
        self.shift = shift
        self.alpha = alpha
        self.sigma = sigma
        self.share = share
        self.shape = shape

    def draw(self, X: NDArray[Any], rng: np.random.Generator) -> NDArray[np.float32]:
        """A distorted copy of each image in X, [n, values]: float32[n, values], read bilinearly, 0 outside."""
        rows, columns, *channels = image_shape(X.shape[1], self.shape)
        pixels = rows * columns
        seeds = rng.integers(1 << 63, size=len(X) // CHUNK + 1)

        def distorted(part: slice) -> NDArray[np.float32]:
            images = X[part].astype(np.float32, order="C")
            by_channel = images.reshape(len(images), pixels, *(channels or [1])).transpose(0, 2, 1)
            starts = range(0, len(images), self.share)
            places = self.places(len(starts), (rows, columns), np.random.default_rng(seeds[part.start // CHUNK]))
            for start, place in zip(starts, places, strict=True):
                own = by_channel[start : start + self.share]
                flat = own.reshape(-1, pixels)
                own[:] = (_reading(place, (rows, columns)) @ flat.T).T.reshape(own.shape)
            return images

        return by_chunks(len(X), distorted)

    def places(self, n: int, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
        """The rows and columns at which n distortions read the pixels of an image: float32[n, 2, h, w]."""
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
        """Elastic displacement fields for n distortions, in pixels: float32[n, 2, h, w]."""
        height, width = shape
        noise = rng.random((n * 2 * height, width), np.float32) * np.float32(2) - np.float32(1)
        across = (noise @ self._gaussian(width)).reshape(n * 2, height, width)
        down = across.transpose(0, 2, 1).reshape(-1, height) @ self._gaussian(height)
        fields = down.reshape(n, 2, width, height).transpose(0, 1, 3, 2) * self.alpha
        return fields.astype(np.float32, copy=False)

    def _gaussian(self, size: int) -> NDArray[np.float32]:
        """The matrix that smooths a line of `size` pixels: float32[size, size]."""
        steps = np.arange(size)
        weights = np.exp(-0.5 * ((steps[:, None] - steps) / self.sigma) ** 2)
        return (weights / (self.sigma * np.sqrt(2 * np.pi))).astype(np.float32)


def _reading(places: NDArray[np.float32], shape: tuple[int, int]) -> csr_array:
    """The matrix that reads an image bilinearly at places float32[2, h, w]: float32[h * w, h * w]."""
    weights, near = [], []
    for place, size in zip(places.reshape(2, -1), shape, strict=True):
        first = np.floor(place)
        two = np.stack([first, first + 1])
        weights.append(np.where((two >= 0) & (two < size), 1 - np.abs(place - two), 0))
        near.append(np.clip(two, 0, size - 1).astype(np.int32))
    at = (near[0][:, None] * shape[1] + near[1]).reshape(4, -1).T.ravel()
    weight = (weights[0][:, None] * weights[1]).reshape(4, -1).T.ravel()
    return csr_array((weight, at, np.arange(0, len(at) + 1, 4, dtype=np.int32)), shape=(len(at) // 4,) * 2)
