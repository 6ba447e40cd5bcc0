"""Class mean images beside the record's tell whether it is this dataset, which way up, and with its own labels."""

import base64
import io
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError

Floats = NDArray[np.float64]
Labels = NDArray[np.integer[Any]]

AS_IS = "none"  # the transformation of images that are as in the record
OWN = "as in the record"
UNKNOWN = "none that is known: another dataset?"
ANGLES = (-45, -30, -20, -15, -10, -5, 5, 10, 15, 20, 30, 45)
FACTORS = (0.7, 0.8, 0.9, 0.95, 1.05, 1.1, 1.2, 1.3)
OFFSETS = range(-3, 4)
ENDS = 1000  # rows


class Likeness(NamedTuple):
    """How a split's class means compare with the references.

    transformation: what must be done to the references to get the images; labels: whose images stand under the
    labels; distances: float64[classes], RMS difference in grey levels of each class from its reference as it is,
    NaN for a class without rows.
    """

    transformation: str
    labels: str
    distances: Floats


class ClassSums(NamedTuple):
    """By class, its rows, int64[classes], and their sum, int64[classes, rows, columns]."""

    rows: NDArray[np.int64]
    pixels: NDArray[np.int64]

    @classmethod
    def of(cls, images: NDArray[np.uint8], labels: Labels, classes: int) -> "ClassSums":
        """Those of images uint8[n, rows, columns] with labels int[n]."""
        pixels = np.stack([images[labels == label].sum(axis=0, dtype=np.int64) for label in range(classes)])
        return cls(np.bincount(labels, minlength=classes)[:classes], pixels)

    def plus(self, other: "ClassSums") -> "ClassSums":
        """Those of both."""
        return ClassSums(self.rows + other.rows, self.pixels + other.pixels)

    @property
    def means(self) -> Floats:
        """The mean image of each class: float64[classes, rows, columns], NaN for a class without rows."""
        rows = self.rows[:, None, None]
        return np.where(rows > 0, self.pixels / np.maximum(rows, 1), np.nan)


def encode(means: Floats) -> list[str]:
    """Each mean image as PNG in base64, rounded to whole grey levels."""
    from PIL import Image

    texts = []
    for mean in means:
        out = io.BytesIO()
        Image.fromarray(np.rint(np.nan_to_num(mean)).astype(np.uint8)).save(out, "png", optimize=True)
        texts.append(base64.b64encode(out.getvalue()).decode())
    return texts


def decode(texts: Sequence[str], shape: tuple[int, int]) -> Floats:
    """What `encode` wrote of images of this shape: float64[classes, *shape]; ConfigError for anything else."""
    from PIL import Image

    try:
        images = [np.asarray(Image.open(io.BytesIO(base64.b64decode(text))), np.float64) for text in texts]
    except (ValueError, OSError, SyntaxError, Image.DecompressionBombError) as error:  # of base64, of PNG
        raise ConfigError(f"references: expected PNG in base64, found: {error}") from None
    if wrong := {image.shape for image in images} - {shape}:
        raise ConfigError(f"references: expected images of {list(shape)}, found {list(wrong.pop())}")
    return np.stack(images)


Change = Callable[[Floats], Floats]
EXACT: dict[str, Change] = {
    AS_IS: lambda r: r,
    "transposed": lambda r: r.swapaxes(1, 2),
    "mirrored left to right": lambda r: r[:, :, ::-1],
    "mirrored top to bottom": lambda r: r[:, ::-1],
    "rotated by 90 degrees, counterclockwise": lambda r: np.rot90(r, 1, (1, 2)),
    "rotated by 90 degrees, clockwise": lambda r: np.rot90(r, -1, (1, 2)),
    "rotated by 180 degrees": lambda r: r[:, ::-1, ::-1],
    "transposed along the other diagonal": lambda r: np.rot90(r, 2, (1, 2)).swapaxes(1, 2),
    "inverted": lambda r: 255 - r,
    "scaled to 0 to 1": lambda r: r / 255,
    "scaled to 0 to 127": lambda r: r / 2,
}


def transformations(side: int) -> dict[str, Change]:
    """What may have happened to square images float64[n, side, side], by name."""
    result = EXACT | _resampled(side)
    for n in (2, 4, 8):
        if side**2 % n == 0:
            result[f"byte order exchanged in groups of {n}"] = partial(_swapped, width=n)
    for down, right in product(OFFSETS, OFFSETS):
        if down or right:
            name = f"shifted by {down:+d} rows and {right:+d} columns"
            result[name] = partial(np.roll, shift=(down, right), axis=(1, 2))
    return result


def _resampled(side: int) -> dict[str, Change]:
    """The transformations that mix neighbouring pixels; of a stroke's width they give an idea only."""
    from scipy import ndimage

    result: dict[str, Change] = {
        "blurred": lambda r: ndimage.gaussian_filter(r, (0, 1, 1)),
        "made bolder": lambda r: (r + ndimage.grey_dilation(r, (1, 3, 3))) / 2,
        "made thinner": lambda r: (r + ndimage.grey_erosion(r, (1, 3, 3))) / 2,
    }
    for angle in ANGLES:
        name = f"rotated by {abs(angle)} degrees, {'counter' * (angle > 0)}clockwise"
        result[name] = partial(ndimage.rotate, angle=angle, axes=(1, 2), reshape=False, order=1)
    for factor in FACTORS:
        middle = (side - 1) / 2 * (1 - 1 / factor)
        zoom: Any = {"matrix": np.diag([1, 1 / factor, 1 / factor]), "offset": [0, middle, middle]}
        result[f"scaled in size by {factor}"] = partial(ndimage.affine_transform, order=1, **zoom)
    return result


def _swapped(images: Floats, width: int) -> Floats:
    """Every group of `width` values in reverse."""
    return images.reshape(len(images), -1, width)[:, :, ::-1].reshape(images.shape)


def liken(sums: ClassSums, references: Floats, tolerance: float) -> Likeness:
    """Compare a split's class means with references float64[classes, side, side].

    tolerance: RMS difference in grey levels up to which a mean image is taken for its reference.
    """
    means = sums.means
    present = ~np.isnan(means[:, 0, 0])
    own = _rms(means - references)
    if not present.any():
        return Likeness(UNKNOWN, "no image", own)
    changed = {name: change(references) for name, change in transformations(references.shape[1]).items()}
    shares = sums.rows / sums.rows.sum()
    everything = sums.pixels.sum(axis=0) / sums.rows.sum()
    ways: list[Callable[[Floats], Any]] = [
        lambda r: _rms(means - r)[present].mean(),  # of the right labels
        lambda r: _rms(means[present, None] - r).min(axis=1).mean(),  # of labels exchanged, class for class
        lambda r: _rms(everything - np.tensordot(shares, r, 1)),  # of shuffled ones, which are as many
    ]
    for way in ways:
        best = _nearest({name: float(way(r)) for name, r in changed.items()}, tolerance)
        if best is not None:
            return Likeness(best, _labels(means, present, changed[best], tolerance), own)
    return Likeness(UNKNOWN, "not compared", own)


def _nearest(distances: dict[str, float], tolerance: float) -> str | None:
    """The transformation of the smallest distance, if that is within the tolerance.

    It must be a third closer than none at all: other hands look a bit turned, some wrong labels a bit blurred.
    """
    best = min(distances, key=distances.__getitem__)
    best = best if distances[best] < distances[AS_IS] * 2 / 3 else AS_IS
    return best if distances[best] <= tolerance else None


def _rms(difference: Floats) -> Floats:
    return np.asarray(np.sqrt(np.square(difference).mean(axis=(-2, -1))))


def _labels(means: Floats, present: NDArray[np.bool_], references: Floats, tolerance: float) -> str:
    """Whose images stand under the labels, in words."""
    classes = len(references)
    distances = _rms(means[present, None] - references[None])
    given, nearest = np.flatnonzero(present), distances.argmin(axis=1)
    if (nearest == given).all():
        return OWN
    if (distances.min(axis=1) > tolerance).sum() > len(given) / 2 or len(set(nearest)) < len(given) / 2:
        return "unrelated to the images: shuffled?"
    steps = np.unique((given - nearest) % classes)
    if len(steps) == 1:
        step = int(steps[0])
        return f"every label changed by {step if step <= classes / 2 else step - classes:+d}"
    wrong = [f"{label} is {other}" for label, other in zip(given, nearest, strict=True) if label != other]
    return f"exchanged: {', '.join(wrong)}"


def ends(rows: NDArray[Any]) -> NDArray[Any]:
    """The first and the last of rows, which is all that `offset` looks at."""
    return rows if len(rows) <= 2 * ENDS else np.concatenate([rows[:ENDS], rows[-ENDS:]])


def offset(images: NDArray[np.uint8], labels: Labels, references: Floats) -> int:
    """By how many rows the labels int[n] are off the images uint8[n, ...] that they belong to; 0 where none fits.

    Looks at the first and the last rows: a row lost in the middle moves one end only. Each image is taken for the
    class of its nearest reference, which is right for four MNIST digits of five.
    """
    if not len(labels):
        return 0
    flat = references.reshape(len(references), -1)
    for end in (slice(ENDS), slice(-ENDS, None)):
        products = images[end].reshape(-1, flat.shape[1]).astype(np.float32) @ flat.T.astype(np.float32)
        guess = (products - np.square(flat).sum(axis=1) / 2).argmax(axis=1)
        agree = {step: float(np.mean(np.roll(guess, step) == labels[end])) for step in OFFSETS}
        best = max(agree, key=agree.__getitem__)
        if agree[best] > agree[0] + 0.4:  # digits in their order, changed by one, come to 0.3
            return best
    return 0
