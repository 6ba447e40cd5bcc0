"""NetworkClassifier reduces the given loss with Adam's steps, and the number of cores changes nothing."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer

from pipeline.estimators import network
from pipeline.estimators.distortions import Distortions
from pipeline.estimators.network import NetworkClassifier, _Training
from pipeline.models import store
from pipeline.rows import idx

Rows = tuple[NDArray[np.uint8], NDArray[np.uint8]]


@pytest.fixture(scope="module")
def digits(mnist: Path) -> Rows:
    """The first 4,000 digits of train and their labels."""
    images = np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:4000]).reshape(-1, 784)
    return images, np.asarray(idx.read(mnist / "train-labels-idx1-ubyte")[:4000])


def loss_of(kind: str, layers: list[Any], x: NDArray[Any], targets: NDArray[Any]) -> Any:
    """The mean loss in double precision, written out."""
    for number, (weights, biases) in enumerate(layers, 1):
        x = x @ weights + biases
        if number < len(layers):
            x = np.where(x > 0, x, 0)
    if kind == "squared":
        return np.square(x - targets).sum() / 2 / len(x)
    return (np.log(np.exp(x).sum(axis=1)) - (x * targets).sum(axis=1)).mean()


@pytest.mark.parametrize("kind", ["squared", "cross_entropy"])
def test_the_gradient_is_that_of_the_loss(kind: str) -> None:
    rng = np.random.default_rng(0)
    x, targets = rng.random((9, 5), np.float32), np.eye(3, dtype=np.float32)[rng.integers(3, size=9)]
    training = _Training([5, 7, 4, 3], kind, rng)
    values = training.values.astype(np.float64)
    with ThreadPoolExecutor() as pool:
        training.step(x, targets, 0.0, pool)
    gradient = np.sum(training.gradients, axis=0)
    for number in rng.choice(len(values), 60, replace=False):
        at = [values.copy(), values.copy()]
        at[0][number] += 1e-6
        at[1][number] -= 1e-6
        more, less = (loss_of(kind, training.layers_of(moved), x, targets) for moved in at)
        assert gradient[number] == pytest.approx((more - less) / 2e-6, abs=1e-5)


def test_steps_are_those_of_scikit_learn_s_adam(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "BLOCK", 10)
    rng = np.random.default_rng(0)
    x, targets = rng.random((9, 5), np.float32), np.eye(3, dtype=np.float32)[rng.integers(3, size=9)]
    training = _Training([5, 7, 3], "squared", rng)
    expected = [training.values.astype(np.float64)]
    adam = AdamOptimizer(expected, 0.01, *network.MOMENTS)
    with ThreadPoolExecutor() as pool:
        for _ in range(20):
            training.step(x, targets, 0.01, pool)
            adam.update_params(expected, [np.sum(training.gradients, axis=0, dtype=np.float64)])
    np.testing.assert_allclose(training.values, expected[0], atol=1e-4)


def test_without_hidden_units_and_with_squared_error_it_is_least_squares(digits: Rows) -> None:
    X, y = digits[0][:, 300:320], digits[1]
    linear = NetworkClassifier((), "squared", epochs=300, batch_size=4000, learning_rate=0.1).fit(X, y)
    ones = np.column_stack([X / 255, np.ones(len(X))])
    solution = np.linalg.lstsq(ones, np.eye(10)[y], rcond=None)[0]
    agreeing = linear.predict(X) == (ones @ solution).argmax(axis=1)
    assert agreeing.mean() > 0.97


@pytest.mark.parametrize("kind", ["squared", "cross_entropy"])
def test_digits_are_learned(digits: Rows, kind: str) -> None:
    X, y = digits
    net = NetworkClassifier((50,), kind, epochs=5, batch_size=20, learning_rate=3e-3).fit(X[:2000], y[:2000])
    assert net.score(X[2000:], y[2000:]) > 0.88


def test_distorted_digits_teach_more(digits: Rows) -> None:
    X, y = digits
    plain, distorted = (
        NetworkClassifier((200,), "cross_entropy", distortions, epochs=15, batch_size=20, learning_rate=3e-3)
        for distortions in (None, Distortions())
    )
    expected = plain.fit(X[:1000], y[:1000]).score(X[2000:], y[2000:])
    assert distorted.fit(X[:1000], y[:1000]).score(X[2000:], y[2000:]) > expected + 0.01


def test_the_number_of_cores_does_not_count(digits: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = digits[0][:1000], digits[1][:1000]
    net = NetworkClassifier((50, 20), distortions=Distortions(), epochs=2)
    expected = [weights.tobytes() for weights, _ in net.fit(X, y).layers_]
    monkeypatch.setattr(network, "ThreadPoolExecutor", lambda _: ThreadPoolExecutor(1))
    monkeypatch.setenv("PIPELINE_THREADS", "5")
    assert [weights.tobytes() for weights, _ in net.fit(X, y).layers_] == expected
    assert [weights.tobytes() for weights, _ in net.set_params(random_state=1).fit(X, y).layers_] != expected


def test_an_epoch_takes_every_row_once_and_those_distorted_alike_in_different_batches() -> None:
    class Numbering(Distortions):
        def draw(self, X: NDArray[Any], rng: np.random.Generator) -> NDArray[np.float32]:
            order.append(X[:, 0])
            return X.astype(np.float32)

    order: list[NDArray[Any]] = []
    net = NetworkClassifier(distortions=Numbering(), epochs=2, batch_size=10)
    net.scale_ = 1.0
    rows = np.arange(95, dtype=np.float32)[:, None]
    batches = [(x[:, 0], targets[:, 0]) for x, targets in net._batches(rows, rows, np.random.default_rng(0))]
    assert len(batches) == 20
    for epoch, drawn in ((batches[:10], order[0]), (batches[10:], order[1])):
        values = [x for x, _ in epoch]
        np.testing.assert_array_equal(np.sort(np.concatenate(values)), rows[:, 0])
        assert {len(x) for x in values} == {9, 10}
        for x, targets in epoch:
            np.testing.assert_array_equal(x, targets)
            assert np.diff(np.flatnonzero(np.isin(drawn, x))).min() >= 10
    assert (order[0] != order[1]).any()


def test_a_saved_network_predicts_the_same(digits: Rows) -> None:
    X, y = digits[0][:500], digits[1][:500]
    net = NetworkClassifier((20,), distortions=Distortions(alpha=9), epochs=1).fit(X, y)
    loaded = store.loads(store.dumps(net), "net", (28, 28), range(10))
    np.testing.assert_array_equal(loaded.predict(X), net.predict(X))
    assert loaded.distortions.alpha == 9


def test_it_must_be_fitted_first_and_knows_its_losses() -> None:
    with pytest.raises(NotFittedError):
        NetworkClassifier().predict(np.zeros((1, 2)))
    with pytest.raises(ValueError, match="expected 'squared' or 'cross_entropy', found 'hinge'"):
        NetworkClassifier(loss="hinge").fit(np.eye(4), np.arange(4))
