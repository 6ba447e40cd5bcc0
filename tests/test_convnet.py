"""ConvNet trains layers of torch.nn through skorch and keeps plain arrays; SciPy computes the same from them."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import correlate2d
from scipy.special import softmax

from pipeline.estimators.convnet import Batches, ConvNet, batches, distorted
from pipeline.methods import lenet5
from pipeline.rows import idx

needs_torch = pytest.mark.skipif(
    not (importlib.util.find_spec("torch") and importlib.util.find_spec("skorch")),
    reason="the extra `torch` is not installed",
)
Rows = tuple[NDArray[np.uint8], NDArray[np.uint8]]


@pytest.fixture(scope="module")
def digits(mnist: Path) -> Rows:
    """The first 4,000 digits of train, uint8[4000, 784], and their labels."""
    images, labels = (idx.read(mnist / f"train-{kind}-ubyte")[:4000] for kind in ("images-idx3", "labels-idx1"))
    return np.asarray(images).reshape(-1, 784), np.asarray(labels)


@needs_torch
def test_lenet5_learns_digits(digits: Rows) -> None:
    X, y = digits
    net = lenet5.estimator(epochs=6).fit(X[:3000], y[:3000])
    assert net.score(X[3000:], y[3000:]) > 0.92


@needs_torch
def test_probabilities_are_what_scipy_computes_from_the_arrays_kept(digits: Rows) -> None:
    X, y = digits[0][:60], digits[1][:60] + 100
    net = ConvNet(epochs=2).fit(X, y)
    arrays = net.weights_[0]
    names = ["0.weight", "0.bias", "3.weight", "3.bias"]
    kernels, offsets, weights, biases = (arrays[name] for name in names)
    for image, found in zip(X[:5], net.predict_proba(X[:5]), strict=True):
        planes = [correlate2d(image.reshape(28, 28) / 255, kernel[0], mode="same") for kernel in kernels]
        rectified = np.maximum(np.stack(planes) + offsets[:, None, None], 0)
        np.testing.assert_allclose(found, softmax(weights @ rectified.ravel() + biases), rtol=1e-4)
    np.testing.assert_array_equal(net.predict(X), net.classes_[net.predict_proba(X).argmax(axis=1)])


@needs_torch
def test_neither_cores_nor_threads_count(digits: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    X, y = digits[0][:300], digits[1][:300]
    found = []
    for cores in (1, 3):
        monkeypatch.setenv("PIPELINE_THREADS", str(cores))
        before = torch.get_num_threads()
        torch.set_num_threads(cores)
        found.append(ConvNet(epochs=2, members=3, distortion=0.1).fit(X, y))
        assert torch.get_num_threads() == cores
        torch.set_num_threads(before)
    for one, other in zip(*(net.weights_ for net in found), strict=True):
        assert all(np.array_equal(one[name], other[name]) for name in one)
    first, second, _ = found[0].weights_
    assert not np.array_equal(first["0.weight"], second["0.weight"]), "members are to be different networks"


@needs_torch
def test_an_image_s_company_does_not_count(digits: Rows) -> None:
    X, y = digits[0][:600], digits[1][:600]
    net = lenet5.estimator(epochs=1).fit(X, y)
    together = net.predict_proba(X)
    for row in (0, 7, 599):
        np.testing.assert_array_equal(net.predict_proba(X[row : row + 1])[0], together[row])


@needs_torch
def test_random_numbers_of_others_are_left_alone(digits: Rows) -> None:
    import torch

    before = torch.get_rng_state()
    ConvNet(epochs=1).fit(digits[0][:50], digits[1][:50])
    assert torch.equal(torch.get_rng_state(), before)


@needs_torch
def test_each_epoch_deals_every_row_once_in_another_order(digits: Rows) -> None:
    dataset: Any = type("Dataset", (), {"X": digits[0][:90], "y": np.arange(90)})
    dealt = Batches(dataset, batch_size=25, scale=255.0, distortion=0.0, seed=0, shape=None)
    one, two = (list(dealt) for _ in range(2))
    rows = [np.concatenate([targets.numpy() for _, targets in epoch]) for epoch in (one, two)]
    assert [len(targets) for _, targets in one] == [23, 23, 22, 22]
    assert not np.array_equal(rows[0], rows[1])
    for epoch, order in zip((one, two), rows, strict=True):
        assert sorted(order) == list(range(90))
        images = np.concatenate([images.numpy() for images, _ in epoch]).reshape(90, 784)
        np.testing.assert_allclose(images * 255, digits[0][order], rtol=1e-5)


@needs_torch
def test_a_distortion_moves_ink_by_its_size_and_no_further(digits: Rows) -> None:
    import torch

    image = torch.zeros(50, 1, 28, 28)
    image[:, :, 13:15, 13:15] = 1
    found = distorted(image, 0.1, torch.Generator().manual_seed(0)).numpy()[:, 0]
    rows, columns = (
        (found * grid).sum(axis=(1, 2)) / found.sum(axis=(1, 2)) - 13.5 for grid in np.indices((28, 28))
    )
    assert 1 < np.abs([rows, columns]).max() < 0.1 * 14 + 0.3, "0.1 of half a width is 1.4 pixels"
    assert distorted(image, 0.0, None) is image


@pytest.mark.parametrize(("n", "count"), [(1, 1), (100, 1), (128, 1), (200, 2), (60_000, 469)])
def test_batches_are_about_as_large_as_asked(n: int, count: int) -> None:
    assert batches(n, 128) == count


@needs_torch
@pytest.mark.parametrize("name", ["Nonsense", "functional", "Parameter"])
def test_only_layers_are_taken_from_torch(name: str) -> None:
    with pytest.raises(ValueError, match=f"layers: expected a class of torch.nn, found '{name}'"):
        ConvNet([(name,)]).fit(np.eye(4, dtype=np.uint8), np.arange(4) % 2)


def test_where_torch_is_absent_fit_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModuleNotFoundError) as caught:
        lenet5.estimator().fit(np.eye(4, dtype=np.uint8), np.arange(4) % 2)
    assert caught.value.name == "torch"
