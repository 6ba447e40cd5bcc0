"""Mean images of the classes, compared with the record: which dataset it is, how it was changed, whose labels."""

import base64
import io
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.base.errors import ConfigError
from pipeline.gates.evidence.changes import AS_IS, OFFSETS, transformations

Floats = NDArray[np.float64]
Labels = NDArray[np.integer[Any]]

OWN = "as in the record"
UNKNOWN = "none of the known ones: another dataset?"
ENDS = 1000  # rows at each end of a split
LEAD = 0.4  # of the rows, by which another offset must fit better: labels changed by one reach 0.3 if in order
CLOSER = 2 / 3  # as near, in distances to what is expected, something else must be to be taken for it


class Likeness(NamedTuple):
    """The result of comparing the class means of a split with the references.

    transformation: the change that makes the images out of the references; labels: whose images stand under the
    labels; distances: float64[classes], the RMS difference in grey levels between each class and its unchanged
    reference, NaN for a class without rows.
    """

    transformation: str
    labels: str
    distances: Floats


class ClassSums(NamedTuple):
    """By class: the number of rows, int64[classes], and the sum of their images, int64[classes, rows, columns]."""

    rows: NDArray[np.int64]
    pixels: NDArray[np.int64]

    @classmethod
    def of(cls, images: NDArray[np.uint8], labels: Labels, classes: int) -> "ClassSums":
        """The sums of images uint8[n, rows, columns] with labels int[n]."""
        pixels = np.stack([images[labels == label].sum(axis=0, dtype=np.int64) for label in range(classes)])
        return cls(np.bincount(labels, minlength=classes)[:classes], pixels)

    def plus(self, other: "ClassSums") -> "ClassSums":
        """The sums of both together."""
        return ClassSums(self.rows + other.rows, self.pixels + other.pixels)

    @property
    def means(self) -> Floats:
        """The mean image of each class: float64[classes, rows, columns], NaN for a class without rows."""
        rows = self.rows[:, None, None]
        return np.where(rows > 0, self.pixels / np.maximum(rows, 1), np.nan)


def encode(means: Floats) -> list[str]:
    """Each mean image as a PNG file in base64, rounded to whole grey levels."""
    from PIL import Image

    texts = []
    for mean in means:
        out = io.BytesIO()
        Image.fromarray(np.rint(np.nan_to_num(mean)).astype(np.uint8)).save(out, "png", optimize=True)
        texts.append(base64.b64encode(out.getvalue()).decode())
    return texts


def decode(texts: Sequence[str], shape: tuple[int, int]) -> Floats:
    """The mean images that `encode` wrote: float64[classes, *shape]. ConfigError if they are not of this shape."""
    from PIL import Image

    try:
        images = [np.asarray(Image.open(io.BytesIO(base64.b64decode(text))), np.float64) for text in texts]
    except (ValueError, OSError, SyntaxError, Image.DecompressionBombError) as error:  # of base64, of PNG
        raise ConfigError(f"references: expected PNG in base64, found: {error}") from None
    if wrong := {image.shape for image in images} - {shape}:
        raise ConfigError(f"references: expected images of {list(shape)}, found {list(wrong.pop())}")
    return np.stack(images)


def liken(sums: ClassSums, references: Floats, tolerance: float, transposed: bool = False) -> Likeness:
    """Compare the class means of a split with references float64[classes, rows, columns].

    tolerance: up to this RMS difference in grey levels a mean image is taken for its reference. transposed: as in
    `transformations`.
    """
    means = sums.means
    present = ~np.isnan(means[:, 0, 0])
    own = _rms(means - references)
    if not present.any():
        return Likeness(UNKNOWN, "no image", own)
    rows, columns = references.shape[1:]
    changes = transformations((rows, columns), transposed)
    changed = {name: change(references) for name, change in changes.items()}
    shares = sums.rows / sums.rows.sum()
    everything = sums.pixels.sum(axis=0) / sums.rows.sum()
    ways: list[Callable[[Floats], Any]] = [
        lambda r: _rms(means - r)[present].mean(),  # for right labels
        lambda r: _rms(means[present, None] - r).min(axis=1).mean(),  # for classes with exchanged labels
        lambda r: _rms(everything - np.tensordot(shares, r, 1)),  # for shuffled labels, whose counts stay
    ]
    for way in ways:
        best = _nearest({name: float(way(r)) for name, r in changed.items()}, tolerance)
        if best is not None:
            return Likeness(best, _labels(means, present, changed[best], tolerance), own)
    return Likeness(UNKNOWN, "not compared", own)


def _nearest(distances: dict[str, float], tolerance: float) -> str | None:
    """The transformation with the smallest distance; None if that distance is above the tolerance.

    A transformation must be a third closer than no change at all. Without this rule, other people's handwriting
    would count as rotated a little, and some wrong labels as blurred a little.
    """
    best = min(distances, key=distances.__getitem__)
    best = best if distances[best] < distances[AS_IS] * CLOSER else AS_IS
    return best if distances[best] <= tolerance else None


def _rms(difference: Floats) -> Floats:
    return np.asarray(np.sqrt(np.square(difference).mean(axis=(-2, -1))))


def _labels(means: Floats, present: NDArray[np.bool_], references: Floats, tolerance: float) -> str:
    """Whose images stand under the labels, in words.

    The images of a class are another's only if they are a third closer to the other. Without this rule, a few
    rows, or a letter that looks like its capital, would count as exchanged.
    """
    classes = len(references)
    distances = _rms(means[present, None] - references[None])
    given, nearest, least = np.flatnonzero(present), distances.argmin(axis=1), distances.min(axis=1)
    closer = least < distances[np.arange(len(given)), given] * CLOSER
    strange, few = (least > tolerance).sum() > len(given) / 2, len(set(nearest)) < len(given) / 2
    if (nearest != given).any() and (strange or (few and closer.any())):
        return "unrelated to the images: shuffled?"
    nearest = np.where(closer, nearest, given)
    if (nearest == given).all():
        return OWN
    steps = np.unique((given - nearest) % classes)
    if len(steps) == 1:
        step = int(steps[0])
        return f"every label changed by {step if step <= classes / 2 else step - classes:+d}"
    wrong = [f"{label} is {other}" for label, other in zip(given, nearest, strict=True) if label != other]
    return f"exchanged: {', '.join(wrong)}"


def ends(rows: NDArray[Any]) -> NDArray[Any]:
    """The first and the last of the rows: `offset` looks at no others."""
    return rows if len(rows) <= 2 * ENDS else np.concatenate([rows[:ENDS], rows[-ENDS:]])


def offset(images: NDArray[np.uint8], labels: Labels, references: Floats) -> int | None:
    """By how many rows the labels int[n] are shifted against their images, uint8[n, rows, columns]; 0 if unknown.

    The first rows and the last rows are compared separately, because a row that is lost in the middle shifts only
    one end. Each image is taken for the class of its nearest reference: right for four of five MNIST digits. None
    if most labels at both ends repeat the label before, as sorted labels do: shifted labels would fit as well.
    """
    ends = [labels[:ENDS], labels[-ENDS:]]
    if not any(len(end) > 1 and np.mean(end[1:] != end[:-1]) > LEAD for end in ends):
        return None
    flat = references.reshape(len(references), -1)
    for end in (slice(ENDS), slice(-ENDS, None)):
        products = images[end].reshape(-1, flat.shape[1]).astype(np.float32) @ flat.T.astype(np.float32)
        guess = (products - np.square(flat).sum(axis=1) / 2).argmax(axis=1)
        agree = {step: float(np.mean(np.roll(guess, step) == labels[end])) for step in OFFSETS}
        best = max(agree, key=agree.__getitem__)
        if agree[best] > agree[0] + LEAD:
            return best
    return 0
