"""Predictions: the labels and the probabilities that a fitted model gives to images, a block at a time."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.base import threads

BLOCK = 10_000  # images at a time

Images = NDArray[np.uint8]


def flat(images: Images) -> Images:
    """Images uint8[n, ...] as the methods take them: each image is a row, uint8[n, values]."""
    return images.reshape(len(images), math.prod(images.shape[1:]))


def labels(model: Any, images: Images) -> NDArray[Any]:
    """The label that a model gives to each of images uint8[n, ...]: labels[n]."""
    return by_blocks(model.predict, images)


def probabilities(model: Any, images: Images, labels: Sequence[int]) -> NDArray[np.float64] | None:
    """The probability of each of the labels for images uint8[n, ...]: float64[n, labels].

    It is 0 for a label that the model was not fitted on. None if the model gives no probabilities.
    """
    if not hasattr(model, "predict_proba"):
        return None
    result = np.zeros((len(images), len(labels)))
    result[:, np.searchsorted(labels, model.classes_)] = by_blocks(model.predict_proba, images)
    return result


def by_blocks(predict: Any, images: Images) -> NDArray[Any]:
    """What a method of a model, as `model.predict`, gives for images uint8[n, ...], a block at a time."""
    starts = range(0, max(len(images), 1), BLOCK)
    with threads.one_blas_thread():
        return np.concatenate([predict(flat(images[start : start + BLOCK])) for start in starts])
