"""Changes of images uint8[n, 28, 28], as `change(images, random)`. `images` applies one to a dataset."""

import io
from collections.abc import Callable

import numpy as np
from mutation import Change, Data, Images, Random
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from pipeline.base.dataset import Split

ImagesChange = Callable[[Images, Random], Images]
CHUNK = 5000


def images(change: ImagesChange, only: Split | None = None, some: int | None = None) -> Change:
    """The change of the images of both splits, or of one. some: the number of random rows of train to change."""

    def changed(data: Data, random: Random) -> Data:
        result = dict(data)
        splits: list[Split] = ["train"] if some else [only] if only else list(data)
        for split in splits:
            before, labels = data[split]
            rows = random.choice(len(before), some, replace=False) if some else np.arange(len(before))
            after = before.copy()
            for part in np.array_split(rows, max(1, len(rows) // CHUNK)):
                after[part] = change(before[part], random)
            result[split] = after, labels
        return result

    return changed


def of_class(label: int, change: ImagesChange, split: Split) -> Change:
    """The change done to the images of one class of a split."""

    def changed(data: Data, random: Random) -> Data:
        images, labels = data[split]
        rows = np.flatnonzero(labels == label)
        images = images.copy()
        images[rows] = change(images[rows], random)
        return data | {split: (images, labels)}

    return changed


def _greys(values: NDArray[np.floating]) -> Images:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


def pixels(formula: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> ImagesChange:
    """Each grey level changed by a formula, rounded and clipped to 0 to 255."""
    levels = _greys(formula(np.arange(256.0)))
    return lambda images, random: np.asarray(levels[images])


def turned(turn: Callable[[Images], Images]) -> ImagesChange:
    """A change that needs no random numbers."""
    return lambda images, random: turn(images)


def rotated(degrees: float) -> ImagesChange:
    """Rotated counterclockwise, bilinear."""
    return turned(lambda images: ndimage.rotate(images, degrees, (1, 2), reshape=False, order=1))


def zoomed(factor: float) -> ImagesChange:
    """Scaled about the middle, and cut or filled to the old size, bilinear."""
    middle = 13.5 * (1 - 1 / factor)
    matrix, offset = np.diag([1, 1 / factor, 1 / factor]), [0, middle, middle]
    return turned(lambda images: ndimage.affine_transform(images, matrix, offset, order=1))


def moved(down: int, right: int) -> ImagesChange:
    """Shifted. Pixels that leave one side come in at the other; in MNIST they are black."""
    return turned(lambda images: np.roll(images, (down, right), (1, 2)))


def blurred(sigma: float) -> ImagesChange:
    """A Gaussian blur."""
    return turned(lambda images: _greys(ndimage.gaussian_filter(images.astype(np.float32), (0, sigma, sigma))))


def bolder(share: float) -> ImagesChange:
    """This share of the way to the dilation by the four neighbours."""
    cross = ndimage.generate_binary_structure(2, 1)[None]
    return turned(
        lambda images: _greys((1 - share) * images + share * ndimage.grey_dilation(images, footprint=cross))
    )


def bytes_exchanged(width: int) -> ImagesChange:
    """The bytes of each group in the opposite order, as another processor stores wider numbers."""
    return turned(lambda images: images.reshape(len(images), -1, width)[:, :, ::-1].reshape(images.shape))


def salted(share: float) -> ImagesChange:
    """This share of pixels white."""

    def change(images: Images, random: Random) -> Images:
        return np.where(random.random(images.shape, np.float32) < share, np.uint8(255), images)

    return change


def noisy(most: int) -> ImagesChange:
    """Each pixel's grey level changed by a random whole number from -most to +most."""

    def change(images: Images, random: Random) -> Images:
        noise = random.integers(-most, most, images.shape, np.int8, endpoint=True)
        return np.asarray(np.clip(images.astype(np.int16) + noise, 0, 255), np.uint8)

    return change


def in_turn(*changes: ImagesChange) -> ImagesChange:
    """One change after the other."""

    def change(images: Images, random: Random) -> Images:
        for one in changes:
            images = one(images, random)
        return images

    return change


def line(rows: slice | int, columns: slice | int, value: int) -> ImagesChange:
    """Some rows and columns of every image, set to one grey level."""

    def change(images: Images, random: Random) -> Images:
        images = images.copy()
        images[:, rows, columns] = value
        return images

    return change


def filled(*levels: int) -> ImagesChange:
    """Images of one grey level each, chosen at random from these levels."""
    return lambda images, random: np.broadcast_to(
        random.choice(np.array(levels, np.uint8), (len(images), 1, 1)), images.shape
    )


def pictures(change: Callable[[Image.Image], Image.Image]) -> ImagesChange:
    """Each image changed as a picture."""
    return turned(lambda images: np.stack([np.asarray(change(Image.fromarray(image))) for image in images]))


def jpeg(quality: int) -> ImagesChange:
    """Each image through a JPEG file."""

    def change(image: Image.Image) -> Image.Image:
        file = io.BytesIO()
        image.save(file, "jpeg", quality=quality)
        return Image.open(file)

    return pictures(change)


def halved(image: Image.Image) -> Image.Image:
    """Downscaled to 14 x 14 and back, bilinear."""
    return image.resize((14, 14), Image.Resampling.BILINEAR).resize((28, 28), Image.Resampling.BILINEAR)
