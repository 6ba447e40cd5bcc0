"""The methods: found by name, described, built with checked arguments and the shape of the images."""

import importlib
import inspect
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import packages
import pytest
from conftest import Run, edit
from sklearn.base import BaseEstimator, ClassifierMixin, is_classifier
from sklearn.pipeline import make_pipeline

from pipeline.__main__ import EXTRAS
from pipeline.base.errors import ConfigError
from pipeline.base.params import Argument
from pipeline.estimators.gradients import GradientHistograms
from pipeline.estimators.images import Deskewing
from pipeline.estimators.virtual_svm import VirtualSVC
from pipeline.models import registry


@pytest.mark.parametrize("name", registry.names())
def test_a_method_has_a_description_defaults_and_a_classifier(name: str) -> None:
    module = importlib.import_module(f"pipeline.methods.{name}")
    assert (module.__doc__ or "").splitlines()[0].endswith(".")
    assert all(p.default is not p.empty for p in inspect.signature(module.estimator).parameters.values())
    if not registry.missing(name):
        assert is_classifier(registry.build(name, {}))


def test_arguments_reach_the_estimator_and_null_keeps_the_default() -> None:
    given = registry.build("gradient_svm", {"C": 3, "gamma": None})
    assert (given[-1].C, given[-1].gamma) == (3, registry.build("gradient_svm", {})[-1].gamma)


def test_an_unknown_method_lists_those_there_are() -> None:
    own = ", ".join(registry.names())
    others = "or package.module:Class of an installed package"
    with pytest.raises(ConfigError) as caught:
        registry.build("svm", {})
    assert str(caught.value) == f"train.method: expected one of {own}, {others}, found 'svm'"


@pytest.mark.parametrize("name", ["nope", "sklearn.svm:SVC"])
def test_the_leaderboard_knows_no_class_and_no_params(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        registry.missing(name)
    assert str(caught.value) == f"method: expected one of {', '.join(registry.names())}, found {name!r}"


def test_an_unknown_argument_lists_those_the_method_takes() -> None:
    with pytest.raises(ConfigError, match="logistic_regression takes C, iterations; found components, gamma"):
        registry.build("logistic_regression", {"gamma": 1, "components": 2, "C": None})


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
        registry.build("gradient_svm", {argument: value})
    assert str(caught.value) == message


def test_a_classifier_of_an_installed_package_is_a_method() -> None:
    name = "sklearn.neighbors:KNeighborsClassifier"
    estimator = registry.build(name, {"n_neighbors": 7, "p": None})
    assert (type(estimator).__name__, estimator.n_neighbors, estimator.p) == ("KNeighborsClassifier", 7, 2)
    assert (registry.package(name), registry.package("gradient_svm")) == ("sklearn", None)
    assert registry.description(name) == "Classifier implementing the k-nearest neighbors vote."


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("sklearn.neighbors:Nearest", {}, "expected package.module:Class, found 'sklearn.neighbors:Nearest'"),
        ("no_such_package:Class", {}, "found 'no_such_package:Class': No module named 'no_such_package'"),
        (":Class", {}, "expected package.module:Class, found ':Class'"),
        (".x.y:D", {}, r"expected package.module:Class, found '\.x\.y:D'"),
        ("sklearn.metrics:accuracy_score", {}, "expected a scikit-learn classifier, found <function"),
        ("sklearn.decomposition:PCA", {}, "expected a scikit-learn classifier, found <class"),
        ("sklearn.svm:SVR", {}, r"expected a classifier, found SVR\(\)"),
        ("sklearn.svm:SVC", {"c": 1}, "method sklearn.svm:SVC takes C, kernel, .*; found c"),
        ("sklearn.svm:SVC", {"C": -1}, "train: sklearn.svm:SVC: The 'C' parameter of SVC must be"),
        ("sklearn.ensemble:VotingClassifier", {}, "missing 1 required positional argument: 'estimators'"),
    ],
)
def test_a_class_that_is_none_and_arguments_that_it_cannot_use_are_named(
    name: str, arguments: dict[str, Argument], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        registry.build(name, arguments)


def test_a_class_with_open_arguments_takes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages.install(tmp_path, packages.OPEN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "guild", raising=False)
    assert registry.build("guild:Open", {"depth": 3}).given == {"depth": 3}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Untagged", "train.method: guild:Untagged: expected a classifier, found <guild.Untagged object at"),
        ("Unsigned", "train.method: guild:Unsigned: no signature found for builtin type <class 'guild.Unsigned'>"),
    ],
)
def test_a_class_that_only_looks_like_a_classifier_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    packages.install(
        tmp_path, "class Untagged:\n    fit = predict = get_params = None\nclass Unsigned(Untagged, dict): pass"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "guild", raising=False)
    with pytest.raises(ConfigError) as caught:
        registry.build(f"guild:{name}", {})
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(0)", "SystemExit: 0"),
        ("def broken(:", "SyntaxError: invalid syntax (__init__.py, line 1)"),
        ("from no_such_package import x", "No module named 'no_such_package'"),
    ],
)
def test_a_package_that_raises_or_exits_at_its_import_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, found: str
) -> None:
    packages.install(tmp_path, content)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "guild", raising=False)
    with pytest.raises(ConfigError) as caught:
        registry.build("guild:Any", {})
    assert str(caught.value) == f"train.method: expected package.module:Class, found 'guild:Any': {found}"


@pytest.mark.parametrize("name", registry.names())
def test_every_package_that_a_method_needs_has_a_way_to_be_installed(name: str) -> None:
    assert {*getattr(registry.load(name), "REQUIRES", ())} <= EXTRAS.keys()


class Shaped(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier with a parameter `shape` of its own, which may be set."""

    def __init__(self, shape: Any = None, inner: Any = None) -> None:
        self.shape = shape
        self.inner = inner


@pytest.mark.parametrize(
    ("shape", "expected"), [((28, 28), None), ((20, 30), (20, 30)), ((2, 8), (2, 8)), ((8, 8, 3), (8, 8, 3))]
)
def test_each_step_is_told_the_shape_of_its_images(shape: tuple[int, ...], expected: Any) -> None:
    steps = registry.build("nearest_tangent", {}, shape)
    smaller = (2, 4) if shape == (2, 8) else None  # all others are square and grey by then
    after_deskewing = None if len(shape) == 3 else expected
    assert [step.shape for step in steps.named_steps.values()] == [expected, after_deskewing, smaller]
    network = registry.build("elastic_network_800", {}, shape)
    assert network.distortions.shape == expected


def test_the_steps_of_a_pipeline_inside_an_estimator_are_told_their_own_shapes() -> None:
    inner = make_pipeline(Deskewing(), GradientHistograms())
    estimator = make_pipeline(VirtualSVC(inner))
    registry.give_shape(estimator, (20, 30, 3))
    assert estimator[0].shape == (20, 30, 3)
    assert (inner[0].shape, inner[1].shape) == ((20, 30, 3), (20, 30))


def test_a_shape_that_is_already_set_stays() -> None:
    estimator = Shaped(shape="round", inner=Shaped())
    registry.give_shape(estimator, (20, 30))
    assert (estimator.shape, estimator.inner.shape) == ("round", (20, 30))


FAULTS = {
    "key": ("raise KeyError(1)", "pipeline/methods/key.py: expected a method, found KeyError: 1"),
    "leaves": ("import sys; sys.exit(0)", "pipeline/methods/leaves.py: expected a method, found SystemExit: 0"),
    "late_key": ("def estimator():\n    raise KeyError(1)", "train: late_key: KeyError: 1"),
    "leaves_late": ("def estimator():\n    raise SystemExit(0)", "train: leaves_late: SystemExit: 0"),
}
METHOD_OF_EACH = (
    "import sys; from pipeline.__main__ import main; "
    "print([main(['method', '--params', f'{name}.yaml']) for name in sys.argv[1:]])"
)


def test_a_file_that_raises_or_exits_is_named(project: Path, run: Run) -> None:
    for name, (content, _) in FAULTS.items():
        (project / f"pipeline/methods/{name}.py").write_text(content)
        shutil.copy(project / "params.yaml", project / f"{name}.yaml")
        edit(project / f"{name}.yaml", train__method=name)
    done = run(sys.executable, "-c", METHOD_OF_EACH, *FAULTS)
    assert done.stdout == "[2, 2, 2, 2]\n"
    assert done.stderr.splitlines() == [f"method: error: {message}" for _, message in FAULTS.values()]


def test_what_a_fit_raises_is_one_line_with_its_place() -> None:
    with pytest.raises(ConfigError) as caught, registry.fitting("mine"):
        raise KeyError("why")
    assert re.fullmatch(r"train: mine: KeyError: 'why' \(test_registry\.py, line \d+\)", str(caught.value))
    with pytest.raises(OSError, match="full"), registry.fitting("mine"):
        raise OSError("full")  # the disk is not the method's fault
