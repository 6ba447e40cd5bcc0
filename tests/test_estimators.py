"""Every estimator of the project passes scikit-learn's own checks, and starts no more threads than it may."""

import importlib
import pkgutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.utils.estimator_checks import check_estimator

from pipeline import estimators
from pipeline.base import threads
from pipeline.features import images
from pipeline.rows import idx

MODULES = [
    importlib.import_module(f"{estimators.__name__}.{m.name}") for m in pkgutil.iter_modules(estimators.__path__)
]
CLASSES = [
    kind
    for module in MODULES
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, BaseEstimator) and kind.__module__ == module.__name__
    if hasattr(kind, "predict") or hasattr(kind, "transform")
]
REQUIRES = {"ConvNet": ("torch", "skorch")}


@pytest.fixture(params=CLASSES, ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> Any:
    """A class of estimators; the test is skipped if a package that the class needs is not installed."""
    for package in REQUIRES.get(request.param.__name__, ()):
        pytest.importorskip(package)
    return request.param


def test_scikit_learn_s_own_checks_pass(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """scikit-learn's rows have any number of values: here they are images of one line."""

    def one_line(pixels: int, shape: Any) -> tuple[int, ...]:
        return (1, pixels) if shape is None else tuple(shape)

    for module in [images, *MODULES]:
        if hasattr(module, "image_shape"):
            monkeypatch.setattr(module, "image_shape", one_line)
    results = check_estimator(kind(), on_skip=None)
    assert {result["status"] for result in results} <= {"passed", "skipped"}


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """The number of threads of each pool that is made from now on."""
    made: list[int | None] = []
    start = ThreadPoolExecutor.__init__

    def noted(self: ThreadPoolExecutor, max_workers: int | None = None, *rest: Any, **named: Any) -> None:
        made.append(max_workers)
        start(self, max_workers, *rest, **named)

    monkeypatch.setattr(ThreadPoolExecutor, "__init__", noted)
    return made


def test_no_estimator_has_more_threads_than_asked_for_and_their_number_changes_nothing(
    kind: Any, pools: list[int | None], mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, labels = (
        np.asarray(idx.read(mnist / f"train-{name}-ubyte")[:700]) for name in ("images-idx3", "labels-idx1")
    )
    flat, found = X.reshape(-1, 784), []
    monkeypatch.setattr("pipeline.estimators.svm.FEW", 100)  # so that each pair of classes is fitted by itself
    for count in ("1", "3"):
        monkeypatch.setenv(threads.ENVIRONMENT, count)
        pools.clear()
        fitted = clone(kind()).fit(flat, labels)
        found.append(fitted.predict(flat) if hasattr(fitted, "predict") else fitted.transform(flat))
        assert {number is not None and number <= int(count) for number in pools} <= {True}
    np.testing.assert_array_equal(*found)


def test_threads_are_started_by_one_module_alone() -> None:
    """Only `pipeline.base.threads` may look at the number of processors; an estimator asks it."""
    for module in [images, *MODULES]:
        source = Path(str(module.__file__)).read_text()
        assert "cpu_count" not in source
        assert "threading" not in source
        assert source.count("ThreadPoolExecutor(") == source.count("threads.count()")
