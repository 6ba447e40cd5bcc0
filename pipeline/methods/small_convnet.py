"""Two small modern convolutional networks, trained on distorted images; their probabilities are averaged.

Source: K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image recognition", 2014, for
pairs of small kernels; S. Ioffe, C. Szegedy, "Batch normalization", 2015. The defaults are the first that were
tried on validation; the number of epochs fits into two minutes on two cores.
"""

from typing import Annotated

import msgspec

from pipeline.estimators.convnet import ConvNet
from pipeline.methods import Count

REQUIRES = ("skorch", "torch")
Rate = Annotated[float, msgspec.Meta(gt=0, le=1)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
LAYERS = (
    *(("LazyConv2d", 32, 5, 2, 2), ("LazyBatchNorm2d",), ("ReLU",)),
    *(("LazyConv2d", 32, 3, 1, 1), ("LazyBatchNorm2d",), ("ReLU",), ("MaxPool2d", 2)),
    *(("LazyConv2d", 64, 3, 1, 1), ("LazyBatchNorm2d",), ("ReLU",)),
    *(("LazyConv2d", 64, 3, 1, 1), ("LazyBatchNorm2d",), ("ReLU",), ("Flatten",)),
)


def estimator(epochs: Count = 7, rate: Rate = 0.01, distortion: Share = 0.1, members: Count = 2) -> ConvNet:
    """epochs: how often an image is seen; rate: the highest of learning; distortion: of images; members: nets."""
    return ConvNet(LAYERS, epochs=epochs, batch=128, rate=rate, distortion=distortion, members=members)
