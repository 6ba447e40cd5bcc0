"""The methods: each is named, described, takes arguments with defaults, and gives an unfitted classifier."""

import importlib
import inspect

import pytest
from sklearn.base import is_classifier

from pipeline import methods
from pipeline.errors import ConfigError


@pytest.mark.parametrize("name", methods.names())
def test_a_method_has_a_description_defaults_and_a_classifier(name: str) -> None:
    module = importlib.import_module(f"pipeline.methods.{name}")
    assert (module.__doc__ or "").splitlines()[0].endswith(".")
    assert all(p.default is not p.empty for p in inspect.signature(module.estimator).parameters.values())
    assert is_classifier(methods.build(name, {}))


def test_arguments_reach_the_estimator_and_null_keeps_the_default() -> None:
    given = methods.build("gradient_svm", {"C": 3, "gamma": None})
    assert (given[-1].C, given[-1].gamma) == (3, methods.build("gradient_svm", {})[-1].gamma)


def test_an_unknown_method_lists_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"expected one of gradient_svm, logistic_regression.*, found 'svm'"):
        methods.build("svm", {})


def test_an_unknown_argument_lists_those_the_method_takes() -> None:
    with pytest.raises(ConfigError, match="logistic_regression takes C, iterations; found components, gamma"):
        methods.build("logistic_regression", {"gamma": 1, "components": 2, "C": None})


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("C", "ten", "train.C: Expected `float`, got `str`; found 'ten'"),
        ("C", -1, "train.C: Expected `float` > 0.0; found -1"),
        ("C", float("inf"), "train.C: Expected `float` <= 1000000000.0; found inf"),
        ("components", 201, "train.components: Expected `int` <= 200; found 201"),
        ("components", 0, "train.components: Expected `int` >= 1; found 0"),
        ("components", 9.5, "train.components: Expected `int`, got `float`; found 9.5"),
    ],
)
def test_a_value_that_the_argument_cannot_have_is_named(argument: str, value: str | float, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        methods.build("gradient_svm", {argument: value})
    assert str(caught.value) == message
