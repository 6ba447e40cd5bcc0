"""Histograms of gradient directions as a transformer."""

import numpy as np
from numpy.typing import NDArray

from pipeline.estimators.images import ImageTransformer
from pipeline.features.gradients import SCALES, Scales, histograms
from pipeline.features.images import Images, Shape


class GradientHistograms(ImageTransformer):
    """The features that `pipeline.features.gradients.histograms` computes, of flat images.

    scales: triples (cells a side, width of a cell in pixels, pixels by which cells reach over the image's edge).
    """

    def __init__(self, scales: Scales = SCALES, shape: Shape | None = None) -> None:
        self.scales = scales
        self.shape = shape

    def transform(self, X: Images) -> NDArray[np.uint8]:
        """The features, uint8[n, 8 * cells], of the images X, uint8[n, values]."""
        return histograms(self._images(X), self.scales)
