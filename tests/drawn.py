"""Another dataset in the shape of MNIST, drawn here: ten kinds of smooth strokes in a box of 20 x 20."""

import numpy as np
from mutation import Data, Images, Labels, Random
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SCALE = 4  # strokes are drawn larger and scaled down, which makes greys


def drawn(data: Data, random: Random) -> Data:
    """The strokes in place of the digits. Labels fit the strokes, and each has as many rows as before."""
    kinds = _kinds()
    return {split: (_images(kinds, labels, random), labels) for split, (_, labels) in data.items()}


def drawn_under_labels(data: Data, random: Random) -> Data:
    """The strokes in a random order, with the labels of the digits."""
    kinds = _kinds()
    return {
        split: (_images(kinds, random.permutation(labels), random), labels) for split, (_, labels) in data.items()
    }


def _kinds() -> NDArray[np.float64]:
    """By class, the corners of its stroke."""
    return np.random.default_rng(0).uniform(0, 20, (10, 5, 2))


def _images(kinds: NDArray[np.float64], labels: Labels, random: Random) -> Images:
    corners = kinds[labels] + random.normal(0, 1.5, (len(labels), *kinds.shape[1:]))
    widths = random.integers(SCALE, 3 * SCALE, len(labels))
    return np.stack([_image(line, int(width)) for line, width in zip(corners, widths, strict=True)])


def _image(line: NDArray[np.float64], width: int) -> Images:
    large = Image.new("L", (40 * SCALE, 40 * SCALE))
    ImageDraw.Draw(large).line([tuple(point) for point in (line + 10) * SCALE], 255, width, "curve")
    stroke = large.crop(large.getbbox())
    factor = 20 / max(stroke.size)
    small = stroke.resize([max(1, round(side * factor)) for side in stroke.size], Image.Resampling.BOX)
    image = Image.new("L", (28, 28))
    image.paste(small, _corner(np.asarray(small)))
    return np.asarray(image)


def _corner(small: Images) -> tuple[int, int]:
    """The corner at which the stroke is pasted, so that its centre of mass is in the middle."""
    total = small.sum()
    y, x = (small.sum(axis=axis) @ np.arange(small.shape[1 - axis]) / total for axis in (1, 0))
    return round(14 - x), round(14 - y)
