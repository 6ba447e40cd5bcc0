"""A model is asked a block at a time: the labels and probabilities are those of all images at once."""

from typing import Any

import numpy as np
import pytest
from conftest import tiny_arrays
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from threadpoolctl import threadpool_info

from pipeline.models import predict, registry

IMAGES, LABELS = tiny_arrays(120, 0)


class Noting(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Notes the shapes that it gets and the number of BLAS threads; the label is the first value."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, ...]] = []
        self.threads: set[int] = set()

    def predict(self, X: NDArray[np.uint8]) -> NDArray[np.uint8]:
        self.seen.append(X.shape)
        self.threads |= {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
        return X[:, 0]


@pytest.mark.parametrize("block", [1, 7, 60, 120, 500])
@pytest.mark.parametrize("name", ["logistic_regression", "nearest_l2", "gradient_svm"])
def test_a_block_at_a_time_gives_the_same_labels_and_probabilities(
    name: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments: dict[str, Any] = {"components": 10} if name == "gradient_svm" else {}
    model = registry.build(name, arguments, (28, 28)).fit(predict.flat(IMAGES), LABELS)
    monkeypatch.setattr(predict, "BLOCK", block)
    others = tiny_arrays(120, 1)[0]
    np.testing.assert_array_equal(predict.labels(model, others), model.predict(others.reshape(120, -1)))
    found = predict.probabilities(model, others, range(3))
    if name == "logistic_regression":
        expected = model.predict_proba(others.reshape(120, -1))
        assert found is not None
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        assert expected.shape == (120, 3)
    else:
        assert found is None


def test_the_model_sees_flat_blocks_in_order_with_one_blas_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predict, "BLOCK", 50)
    colours = np.arange(120, dtype=np.uint8).repeat(8 * 8 * 3).reshape(120, 8, 8, 3)
    model = Noting()
    np.testing.assert_array_equal(predict.labels(model, colours), np.arange(120))
    assert model.seen == [(50, 192), (50, 192), (20, 192)]
    assert model.threads <= {1}


def test_no_image_gives_no_label() -> None:
    assert predict.labels(Noting(), np.zeros((0, 20, 30), np.uint8)).shape == (0,)


def test_a_label_that_the_model_was_not_fitted_on_has_probability_0() -> None:
    model = registry.build("logistic_regression", {}).fit(predict.flat(IMAGES), LABELS * 2)
    found = predict.probabilities(model, IMAGES, range(6))
    assert found is not None
    assert found.shape == (120, 6)
    np.testing.assert_array_equal(found[:, [1, 3, 5]], 0)
    np.testing.assert_allclose(found.sum(axis=1), 1)
