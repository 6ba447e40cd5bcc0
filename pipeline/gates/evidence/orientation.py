"""How images of characters lie, compared with drawn characters: for data that nobody has measured upright yet."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.gates.evidence.changes import ways

Floats = NDArray[np.float64]

UNCLEAR = "unclear: the drawn names of the classes look the same in several ways"
UNLIKE = "unclear: the images do not look like the names of their classes: labels shuffled, another dataset?"
# In standard deviations, over names that are dealt to the classes at random. On EMNIST and MNIST, right labels
# give 4.1 or more, and with 70% of them shuffled 3.6 or more. Shuffled labels and other data give 3.6 or less.
LEAST = 3.5
POINTS = 200  # a character is drawn in this size, then scaled down
BOX = 20 / 28  # the share of a side that a digit of MNIST fills
BLUR = 2 / 28  # of the shorter side; handwriting differs from print by more than the width of a stroke


def orientation(means: Floats, class_names: Sequence[str]) -> str:
    """How mean images of characters, float64[classes, rows, columns], lie: a name of `ways`; AS_IS is upright.

    The mean image of each class is correlated with a drawing of the characters in its name. Before that, the mean
    of all classes is subtracted from both. NaN stands for a class without rows. The result is UNCLEAR if several
    ways fit equally well, UNLIKE if none fits better than chance.
    """
    present = ~np.isnan(means[:, 0, 0])
    rows, columns = means.shape[1:]
    glyphs = np.stack([_drawn(name, (rows, columns)) for name in class_names])[present]
    own = _normal(means[present])
    products = {
        name: np.einsum("iyx,jyx->ij", own, _normal(way(glyphs))) for name, way in ways((rows, columns)).items()
    }
    likeness = {name: float(np.trace(part)) for name, part in products.items()}
    best = [name for name, value in likeness.items() if value > max(likeness.values()) - 1e-9]
    if len(best) > 1:
        return UNCLEAR
    # The drawn characters themselves give classes - 1: of few classes, most of that is enough.
    least = min(LEAST, 0.75 * (len(own) - 1))
    return best[0] if _beyond_chance(products[best[0]]) >= least else UNLIKE


def _beyond_chance(products: Floats) -> float:
    """How far the trace of float64[n, n] is above its mean over all orders of the columns, in standard deviations.

    Source: W. Hoeffding, "A combinatorial central limit theorem", Annals of Mathematical Statistics 22, 1951.
    """
    apart = products - products.mean(axis=0) - products.mean(axis=1, keepdims=True) + products.mean()
    return float(np.trace(apart) / np.sqrt(np.square(apart).sum() / (len(apart) - 1)))


def _normal(images: Floats) -> Floats:
    """Each image minus the mean of all images, scaled to length 1."""
    apart = images - images.mean(axis=0)
    return np.asarray(apart / np.maximum(np.sqrt(np.square(apart).sum(axis=(1, 2), keepdims=True)), 1e-9))


def _drawn(characters: str, shape: tuple[int, int]) -> Floats:
    """The mean of the glyphs of the characters, blurred."""
    from scipy import ndimage

    glyphs = [glyph(one, shape) for one in characters]
    return np.asarray(ndimage.gaussian_filter(np.mean(glyphs, axis=0), BLUR * min(shape)))


def glyph(character: str, shape: tuple[int, int]) -> Floats:
    """A printed character, float64[rows, columns], 0 to 255. It fills a box; its mass is centred in the image."""
    from PIL import Image, ImageDraw, ImageFont
    from scipy import ndimage

    sheet = Image.new("L", (2 * POINTS, 2 * POINTS))
    ImageDraw.Draw(sheet).text((POINTS // 2, POINTS // 4), character, 255, ImageFont.load_default(POINTS))
    ink = sheet.crop(sheet.getbbox())
    scale = BOX * min(shape) / max(ink.size)
    small = np.asarray(ink.resize([max(1, round(length * scale)) for length in ink.size], Image.Resampling.BOX))
    image = np.zeros(shape)
    image[: small.shape[0], : small.shape[1]] = small
    move = (np.array(shape) - 1) / 2 - np.array(ndimage.center_of_mass(image))
    return np.asarray(ndimage.shift(image, move, order=1))
