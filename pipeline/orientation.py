"""Which way up images of characters stand, told from drawn ones: for data that nobody has measured upright yet."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.references import EXACT, Change

Floats = NDArray[np.float64]

UNCLEAR = "not to be told: the classes' names, as drawn, look the same in several ways"
# The eight ways to lay a square: what EXACT begins with.
WAYS: dict[str, Change] = dict(list(EXACT.items())[:8])
POINTS = 200  # the size in which a character is drawn, before it is scaled down
BOX = 20 / 28  # of a side: what a digit of MNIST fills
BLUR = 2.0  # pixels: hands differ by more than a stroke


def orientation(means: Floats, class_names: Sequence[str]) -> str:
    """How mean images float64[classes, side, side] of characters lie: a name of WAYS; AS_IS is upright.

    Each class's mean, less that of all, is correlated with its characters drawn in print, less theirs. NaN stands
    for a class without rows. Where several ways are as likely it is UNCLEAR.
    """
    present = ~np.isnan(means[:, 0, 0])
    glyphs = np.stack([_drawn(name, means.shape[1]) for name in class_names])[present]
    own = _normal(means[present])
    likeness = {way: float((own * _normal(WAYS[way](glyphs))).sum()) for way in WAYS}
    best = [way for way in WAYS if likeness[way] > max(likeness.values()) - 1e-9]
    return best[0] if len(best) == 1 else UNCLEAR


def _normal(images: Floats) -> Floats:
    """Each image less the mean of all, at length 1."""
    apart = images - images.mean(axis=0)
    return np.asarray(apart / np.maximum(np.sqrt(np.square(apart).sum(axis=(1, 2), keepdims=True)), 1e-9))


def _drawn(characters: str, side: int) -> Floats:
    """The mean of the characters, each as MNIST has its digits: in a box, its centre of mass in the middle."""
    from scipy import ndimage

    return np.asarray(ndimage.gaussian_filter(np.mean([glyph(one, side) for one in characters], axis=0), BLUR))


def glyph(character: str, side: int) -> Floats:
    """A character in print, float64[side, side], 0 to 255, in a box and centred as MNIST has its digits."""
    from PIL import Image, ImageDraw, ImageFont
    from scipy import ndimage

    sheet = Image.new("L", (2 * POINTS, 2 * POINTS))
    ImageDraw.Draw(sheet).text((POINTS // 2, POINTS // 4), character, 255, ImageFont.load_default(POINTS))
    ink = sheet.crop(sheet.getbbox())
    scale = BOX * side / max(ink.size)
    small = np.asarray(ink.resize([max(1, round(length * scale)) for length in ink.size], Image.Resampling.BOX))
    image = np.zeros((side, side))
    image[: small.shape[0], : small.shape[1]] = small
    move = (side - 1) / 2 - np.array(ndimage.center_of_mass(image))
    return np.asarray(ndimage.shift(image, move, order=1))
