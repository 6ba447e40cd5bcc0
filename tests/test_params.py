"""params.yaml: the file of the project loads. A value that does not fit is a ConfigError that names its key."""

from pathlib import Path

import pytest
from conftest import ROOT

from pipeline.base import params, records
from pipeline.base.errors import ConfigError, UnavailableError
from pipeline.base.params import Gate, Params, Train, Validation
from pipeline.models import registry

GOOD = "{dataset: mnist, gate: {}, train: {method: gradient_svm, validation: {rows: 100, seed: 0}}}"


def load(folder: Path, text: str) -> Params:
    (folder / "params.yaml").write_text(text)
    return params.load(folder / "params.yaml")


def test_the_projects_own_file_loads_and_names_what_there_is() -> None:
    own = params.load(ROOT / "params.yaml")
    assert own.dataset in records.names()
    assert own.train.method in registry.names()


def test_a_file_gives_its_values(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD) == Params("mnist", Gate(), Train("gradient_svm", Validation(rows=100, seed=0), {}))


def test_other_keys_of_train_are_the_methods_arguments(tmp_path: Path) -> None:
    found = load(tmp_path, GOOD.replace("}}}", "}, C: 0.5, iterations: 20, warm: true, kernel: rbf}}"))
    assert found.train.arguments == {"C": 0.5, "iterations": 20, "warm": True, "kernel": "rbf"}


def test_an_argument_may_be_infinite_a_list_or_a_mapping(tmp_path: Path) -> None:
    found = load(tmp_path, GOOD.replace("}}}", "}, C: .inf, class_weight: {0: 2.0, 1: 1}, hidden: [30, 20]}}"))
    assert found.train.arguments == {"C": float("inf"), "class_weight": {0: 2.0, 1: 1}, "hidden": [30, 20]}


def test_null_stays_none(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD.replace("}}}", "}, C: null}}")).train.arguments == {"C": None}


@pytest.mark.parametrize("text", ["1e-3", "1.0e-3", "1E-3"])
def test_a_number_with_an_exponent_is_a_number(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, GOOD.replace("}}}", f"}}, C: {text}}}}}")).train.arguments == {"C": 0.001}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{dataset", "{gama: 3, dataset", "unknown field `gama`"),
        ("rows", "row: 1, rows", r"unknown field `row` - at `\$.train.validation`"),
        ("dataset: mnist, ", "", "missing required field `dataset`"),
        ("method: gradient_svm, ", "", r"missing required field `method` - at `\$.train`"),
        (", validation: {rows: 100, seed: 0}", "", r"missing required field `validation` - at `\$.train`"),
        (", seed: 0", "", r"missing required field `seed` - at `\$.train.validation`"),
        ("mnist", "7", r"Expected `str`, got `int` - at `\$.dataset`"),
        ("gradient_svm", "null", r"Expected `str`, got `null` - at `\$.train.method`"),
        ("100", "'100'", r"Expected `int`, got `str` - at `\$.train.validation.rows`"),
        ("100", "1.5", r"Expected `int`, got `float` - at `\$.train.validation.rows`"),
        ("100", "true", r"Expected `int`, got `bool` - at `\$.train.validation.rows`"),
        ("100", "0", r"Expected `int` >= 1 - at `\$.train.validation.rows`"),
        ("seed: 0", "seed: -1", r"Expected `int` >= 0 - at `\$.train.validation.seed`"),
        ("seed: 0", "seed: 4294967296", r"Expected `int` <.* - at `\$.train.validation.seed`"),
        ("}}}", "}, C: .nan}}", r"train.C: expected text, a number, .*, found nan \(float\)"),
        ("}}}", "}, C: {one: [1, 2020-01-01]}}}", r"train.C.one\[1\]: expected text, .* \(date\)"),
        ("train: {", "train: 5, x: {", r"Expected `object`, got `int` - at `\$.train`"),
        (GOOD, "", "Expected `object`, got `null`"),
        (GOOD, "- mnist", "Expected `object`, got `array`"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert GOOD.count(old) == 1
    with pytest.raises(ConfigError, match=f"params.yaml: .*{message}"):
        load(tmp_path, GOOD.replace(old, new))


def test_a_missing_file_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"params.yaml: not found"):
        params.load(tmp_path / "params.yaml")
