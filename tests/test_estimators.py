"""Every transformer and classifier of the project passes scikit-learn's own checks."""

import importlib
import pkgutil
from typing import Any

import pytest
from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import check_estimator

from pipeline import estimators

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


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_scikit_learn_s_own_checks_pass(kind: Any) -> None:
    for package in REQUIRES.get(kind.__name__, ()):
        pytest.importorskip(package)
    results = check_estimator(kind(), on_skip=None)
    assert {result["status"] for result in results} <= {"passed", "skipped"}
