"""Fully connected networks. A batch is trained in two parts; the network is the same for any number of cores."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from pipeline.base import threads
from pipeline.estimators.distortions import Distortions
from pipeline.features.images import by_chunks

SHARDS = 2  # parts of a batch, a thread each; fixed, because sums of floats depend on the parts
BLOCK = 1 << 15  # weights that are updated at a time, so that they fit the processor's cache
MOMENTS = 0.9, 0.99  # the share of Adam's two running means that a step keeps

Floats = NDArray[np.float32]
Layer = tuple[Floats, Floats]  # weights [inputs, outputs] and biases [outputs]


class NetworkClassifier(ClassifierMixin, BaseEstimator):
    """Layers of rectified linear units, trained by Adam in single precision, if wanted on distorted images.

    Source of the optimiser: D. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015. The
    learning rate falls to zero along half a cosine.

    hidden: units of each hidden layer; loss: "squared" (one output a class, 0 or 1) or "cross_entropy" (of the
    softmax); distortions: they are drawn again for each epoch; None for none; batch_size: rows a step.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (300,),
        loss: str = "cross_entropy",
        distortions: Distortions | None = None,
        epochs: int = 20,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        random_state: int = 0,
    ) -> None:
        self.hidden = hidden
        self.loss = loss
        self.distortions = distortions
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> Self:
        """Train on X, numbers[n, d], and y, labels[n]. Raises ValueError for an unknown loss."""
        if self.loss not in {"squared", "cross_entropy"}:
            raise ValueError(f"loss: expected 'squared' or 'cross_entropy', found {self.loss!r}")
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        self.scale_ = 1 / max(float(np.abs(X).max()), 1e-30)
        rng = np.random.default_rng(self.random_state)
        sizes = [X.shape[1], *self.hidden, len(self.classes_)]
        training = _Training(sizes, self.loss, rng)
        steps = self.epochs * -(-len(X) // self.batch_size)
        with threads.one_blas_thread(), ThreadPoolExecutor(min(SHARDS, threads.count())) as pool:
            batches = self._batches(X, np.eye(sizes[-1], dtype=np.float32)[labels], rng)
            for step, (x, targets) in enumerate(batches):
                rate = self.learning_rate * (1 + np.cos(np.pi * step / steps)) / 2
                training.step(x, targets, rate, pool)
        self.layers_ = [(weights.copy(), biases.copy()) for weights, biases in training.layers]
        return self

    def _batches(
        self, X: NDArray[Any], targets: Floats, rng: np.random.Generator
    ) -> Iterator[tuple[Floats, Floats]]:
        """The batches of all epochs. Images with the same distortion are in different batches."""
        count = -(-len(X) // self.batch_size)
        for _ in range(self.epochs):
            order = rng.permutation(len(X))
            rows = X[order]
            rows = rows if self.distortions is None else self.distortions.draw(rows, rng)
            for first in range(count):
                x = rows[first::count] * np.float32(self.scale_)
                yield x.astype(np.float32, copy=False), targets[order[first::count]]

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        """The labels of X, numbers[n, d]."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)

        def likeliest(part: slice) -> NDArray[np.intp]:
            x = (X[part] * np.float32(self.scale_)).astype(np.float32, copy=False)
            return _forward(self.layers_, x)[-1].argmax(axis=1)

        return self.classes_[by_chunks(len(X), likeliest)]


class _Training:
    """A network in training: flat arrays of the weights, of Adam's two means and of the gradient of each shard."""

    def __init__(self, sizes: Sequence[int], loss: str, rng: np.random.Generator) -> None:
        self.loss = loss
        self.pairs = list(pairwise(sizes))
        total = sum((inputs + 1) * outputs for inputs, outputs in self.pairs)
        self.values, self.mean, self.square, *self.gradients = np.zeros((3 + SHARDS, total), np.float32)
        self.layers = self.layers_of(self.values)
        for weights, _ in self.layers:
            weights[:] = rng.standard_normal(weights.shape, np.float32) * np.float32((2 / len(weights)) ** 0.5)
        self.steps = 0

    def layers_of(self, flat: NDArray[Any]) -> list[tuple[NDArray[Any], NDArray[Any]]]:
        """The weights and biases of each layer, as views of a flat array."""
        layers, start = [], 0
        for inputs, outputs in self.pairs:
            middle = start + inputs * outputs
            layers.append((flat[start:middle].reshape(inputs, outputs), flat[middle : middle + outputs]))
            start = middle + outputs
        return layers

    def step(self, x: Floats, targets: Floats, rate: float, pool: ThreadPoolExecutor) -> None:
        """Change all weights once, by the rows x of a batch and their targets."""
        self.steps += 1
        cuts = [len(x) * shard // SHARDS for shard in range(SHARDS + 1)]
        parts = [(x[a:b], targets[a:b]) for a, b in pairwise(cuts)]
        list(pool.map(self._descend, self.gradients, parts, [len(x)] * SHARDS))
        blocks = range(0, len(self.values), BLOCK)
        list(pool.map(partial(self._update, blocks, rate), range(SHARDS)))

    def _descend(self, flat: Floats, part: tuple[Floats, Floats], n: int) -> None:
        """Write the gradient of the loss of a shard into a flat array. n: the rows of the whole batch."""
        x, targets = part
        values = _forward(self.layers, x)
        output = values.pop()
        if self.loss == "cross_entropy":
            np.exp(output - output.max(axis=1, keepdims=True), out=output)
            output /= output.sum(axis=1, keepdims=True)
        delta = (output - targets) / np.float32(n)
        for (weights, _), (by_weight, by_bias) in zip(self.layers[::-1], self.layers_of(flat)[::-1], strict=True):
            value = values.pop()
            np.matmul(value.T, delta, out=by_weight)
            delta.sum(axis=0, out=by_bias)
            if values:
                delta = delta @ weights.T
                np.copyto(delta, 0, where=value <= 0)

    def _update(self, blocks: range, rate: float, shard: int) -> None:
        """Do Adam's step for one of the SHARDS interleaved parts of the weights."""
        one, two = (np.float32(1 - kept) for kept in MOMENTS)
        rate *= (1 - MOMENTS[1] ** self.steps) ** 0.5 / (1 - MOMENTS[0] ** self.steps)
        for start in blocks[shard::SHARDS]:
            block = slice(start, start + BLOCK)
            gradient = sum((own[block] for own in self.gradients[1:]), self.gradients[0][block])
            mean, square = self.mean[block], self.square[block]
            mean += one * (gradient - mean)
            gradient *= gradient
            gradient -= square
            gradient *= two
            square += gradient
            np.sqrt(square, out=gradient)
            gradient += np.float32(1e-8)
            np.divide(mean, gradient, out=gradient)
            gradient *= np.float32(rate)
            self.values[block] -= gradient


def _forward(layers: Sequence[Layer], x: Floats) -> list[Floats]:
    """The input and the output of each layer, float32[n, units] each. The last output is not rectified."""
    values = [x]
    for number, (weights, biases) in enumerate(layers, 1):
        x = x @ weights
        x += biases
        if number < len(layers):
            np.maximum(x, 0, out=x)
        values.append(x)
    return values
