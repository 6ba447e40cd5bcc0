"""The number of threads: one place decides it, and results do not depend on it."""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from conftest import tiny_arrays
from threadpoolctl import threadpool_info

from pipeline.base import threads
from pipeline.base.errors import ConfigError
from pipeline.models import predict, registry, store


def test_without_the_variable_there_is_a_thread_a_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(threads.ENVIRONMENT, raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 7)
    assert threads.count() == 7


@pytest.mark.parametrize("given", ["0", "-1", "two", "", "1.5"])
def test_anything_but_a_whole_number_from_1_on_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv(threads.ENVIRONMENT, given)
    expected = f"PIPELINE_THREADS: expected a whole number from 1 on, found {given!r}"
    with pytest.raises(ConfigError, match=re.escape(expected)):
        threads.count()


def test_results_are_in_order_and_each_is_computed_with_one_blas_thread() -> None:
    def work(number: int) -> tuple[int, set[int]]:
        return number, {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

    assert threads.over(work, range(20)) == [(number, {1}) for number in range(20)]


def test_each_gives_the_same_in_order_and_is_never_far_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(threads.ENVIRONMENT, "2")
    begun: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(20):
            begun.append(number)
            yield number

    found = []
    for square in threads.each(lambda number: number**2, numbers()):
        found.append(square)
        assert len(begun) <= len(found) + 2
    assert found == [number**2 for number in range(20)]


def test_the_default_model_is_the_same_bytes_with_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels = tiny_arrays(600, 0)
    found = []
    for count in ("1", "3"):
        monkeypatch.setenv(threads.ENVIRONMENT, count)
        model = registry.build("gradient_svm", {}, (28, 28)).fit(predict.flat(images), labels)
        found.append((store.dumps(model), predict.labels(model, images).tobytes()))
    assert found[0] == found[1]
    assert np.frombuffer(found[0][1], np.uint8).tolist() == labels.tolist()
