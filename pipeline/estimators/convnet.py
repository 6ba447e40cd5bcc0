"""Convolutional networks by PyTorch and skorch, which are imported only when a network is fitted or predicts.

One thread trains a network, with its own random numbers. So its weights are the same bytes for any number of
cores. But they come from sums of rounded floats, unlike the project's integer features: another type of processor
or another version of PyTorch may give other last bits, and therefore other predictions.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from pipeline.base import threads
from pipeline.estimators.images import ImageEstimator
from pipeline.features.images import CHUNK, Shape, as_images, by_chunks, image_shape

Layer = tuple[str | int, ...]
TINY: tuple[Layer, ...] = (("LazyConv2d", 16, 3, 1, 1), ("ReLU",), ("Flatten",))


class ConvNet(ClassifierMixin, ImageEstimator):
    """A classifier of images: a network of layers of torch.nn, or several whose probabilities are averaged.

    AdamW trains it on the cross-entropy. The learning rate rises and falls once (L. N. Smith, N. Topin,
    "Super-convergence", 2018). The channels of an image are averaged.

    layers: for each layer a class of torch.nn and its arguments; a Lazy class finds its number of inputs itself; a
    linear layer to the classes is added at the end. epochs: how often each image is seen. batch: images a step.
    rate: the highest learning rate. distortion: each image is seen under a random affine map, and this is the
    largest difference between a number of the map and the same number of the identity, if an image is 2 wide.
    members: how many networks.
    """

    def __init__(
        self,
        layers: Sequence[Layer] = TINY,
        epochs: int = 20,
        batch: int = 32,
        rate: float = 0.02,
        distortion: float = 0.0,
        members: int = 1,
        random_state: int = 0,
        shape: Shape | None = None,
    ) -> None:
        self.layers = layers
        self.epochs = epochs
        self.batch = batch
        self.rate = rate
        self.distortion = distortion
        self.members = members
        self.random_state = random_state
        self.shape = shape

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> Self:
        """Train on the images X, uint8[n, values] (or other numbers), and y, labels[n]."""
        import torch

        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        self.classes_, targets = np.unique(y, return_inverse=True)
        self.scale_ = max(float(X.max()), -float(X.min())) or 1.0
        seeds = check_random_state(self.random_state).randint(1 << 31, size=self.members).tolist()
        with one_thread(), torch.random.fork_rng(devices=[]):
            nets = []
            for seed in seeds:
                torch.manual_seed(seed)
                nets.append(self._net())
            with ThreadPoolExecutor(threads.count(), initializer=torch.set_num_threads, initargs=(1,)) as pool:
                self.weights_ = list(pool.map(lambda net, seed: self._trained(net, X, targets, seed), nets, seeds))
        return self

    def predict_proba(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """The mean of the probabilities of all networks, float64[n, classes], for X, uint8[n, values]."""
        import torch

        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        nets = [self._net(weights) for weights in self.weights_]

        def probabilities(rows: slice) -> NDArray[np.float64]:
            torch.set_num_threads(1)  # it counts only for the thread that calls it
            part = X[rows]
            full = np.zeros((CHUNK, X.shape[1]), X.dtype)  # because sums depend on how many images there are
            full[: len(part)] = part
            images = tensor_of(full, self.scale_, self.shape)
            with torch.inference_mode():
                result: NDArray[np.float64] = sum(net(images).double().softmax(1) for net in nets).numpy() / len(
                    nets
                )
            return result[: len(part)]

        with one_thread():
            return by_chunks(len(X), probabilities)

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        """The labels of X, uint8[n, values]."""
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]

    def _net(self, weights: dict[str, NDArray[Any]] | None = None) -> Any:
        """A network with these weights, or with random weights if there are none."""
        import torch
        from torch import nn

        layers = []
        for name, *arguments in self.layers:
            kind = getattr(nn, str(name), None)
            if not (isinstance(kind, type) and issubclass(kind, nn.Module)):
                raise ValueError(f"layers: expected a class of torch.nn, found {name!r}")
            layers.append(kind(*arguments))
        net = nn.Sequential(*layers, nn.LazyLinear(len(self.classes_))).eval()
        with torch.no_grad():
            net(torch.zeros(1, 1, *image_shape(self.n_features_in_, self.shape)[:2]))
        if weights:
            net.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
        return net.to(memory_format=torch.channels_last)

    def _trained(self, net: Any, X: NDArray[Any], targets: NDArray[np.intp], seed: int) -> dict[str, NDArray[Any]]:
        """The weights of a network after training."""
        from skorch import NeuralNetClassifier
        from skorch.callbacks import LRScheduler
        from torch import nn, optim

        steps = self.epochs * batches(len(X), self.batch)
        trainer = NeuralNetClassifier(
            net,
            criterion=nn.CrossEntropyLoss,
            optimizer=optim.AdamW,
            max_epochs=self.epochs,
            train_split=None,
            iterator_train=Batches,
            iterator_train__scale=self.scale_,
            iterator_train__distortion=self.distortion,
            iterator_train__seed=seed,
            iterator_train__shape=self.shape,
            batch_size=self.batch,
            callbacks=[
                LRScheduler(optim.lr_scheduler.OneCycleLR, max_lr=self.rate, total_steps=steps, step_every="batch")
            ],
            verbose=0,
        )
        trainer.fit(X, targets)
        return {name: np.array(value.numpy(), order="C") for name, value in trainer.module_.state_dict().items()}


class Batches:
    """The batches of an epoch in random order, for skorch: images float32[b, 1, h, w] and targets int64[b]."""

    def __init__(
        self, dataset: Any, batch_size: int, scale: float, distortion: float, seed: int, shape: Shape | None
    ) -> None:
        import torch

        self.X, self.y = dataset.X, dataset.y
        self.count = batches(len(self.X), batch_size)
        self.scale, self.distortion, self.shape = scale, distortion, shape
        self.random = torch.Generator().manual_seed(seed)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        import torch

        for rows in torch.randperm(len(self.X), generator=self.random).tensor_split(self.count):
            images = tensor_of(self.X[rows.numpy()], self.scale, self.shape)
            yield distorted(images, self.distortion, self.random), torch.from_numpy(self.y[rows.numpy()])


def batches(n: int, size: int) -> int:
    """The number of batches of about `size` rows for n rows. No batch is more than one row larger than another."""
    return max(1, round(n / size))


def tensor_of(X: NDArray[Any], scale: float, shape: Shape | None) -> Any:
    """Flat images X as a tensor of grey images, float32[n, 1, h, w], divided by `scale`."""
    import torch

    return torch.from_numpy(as_images(X, shape)[:, None].astype(np.float32)) / scale


def distorted(images: Any, size: float, random: Any) -> Any:
    """Images float32[n, 1, h, w], each under a random affine map. See `distortion` of ConvNet for `size`."""
    import torch
    from torch.nn.functional import affine_grid, grid_sample

    if not size:
        return images
    maps = torch.eye(2, 3) + size * (2 * torch.rand(len(images), 2, 3, generator=random) - 1)
    return grid_sample(images, affine_grid(maps, images.shape, align_corners=False), align_corners=False)


@contextmanager
def one_thread() -> Iterator[None]:
    """Give PyTorch one thread inside the block, so that its sums do not depend on the number of cores."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
