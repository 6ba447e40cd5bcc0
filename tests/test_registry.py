"""The methods: named, described, built with checked arguments, recorded by what they are made of."""

import importlib
import inspect
import json
import sys
from pathlib import Path

import pytest
import sklearn
from sklearn.base import is_classifier

from pipeline import registry
from pipeline.__main__ import EXTRAS, main
from pipeline.errors import ConfigError, DataError, UnavailableError
from pipeline.files import sha256
from pipeline.params import Argument

OPEN = """from sklearn.base import BaseEstimator, ClassifierMixin
class Open(ClassifierMixin, BaseEstimator):
    def __init__(self, **given):
        self.given = given
    def fit(self, X, y):
        return self
    def predict(self, X):
        return X[:, 0]
"""


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


def package(folder: Path, content: str) -> None:
    """An installed package `guild` of version 1.2, as pip leaves one."""
    (folder / "guild").mkdir()
    (folder / "guild/__init__.py").write_text(content)
    (folder / "guild-1.2.dist-info").mkdir()
    (folder / "guild-1.2.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: guild\nVersion: 1.2\n")
    (folder / "guild-1.2.dist-info/top_level.txt").write_text("guild\n")


def test_a_classifier_of_an_installed_package_is_a_method() -> None:
    name = "sklearn.neighbors:KNeighborsClassifier"
    estimator = registry.build(name, {"n_neighbors": 7, "p": None})
    assert (type(estimator).__name__, estimator.n_neighbors, estimator.p) == ("KNeighborsClassifier", 7, 2)
    record = registry.record(name, {"n_neighbors": 7, "p": None})
    assert record["arguments"] == {"n_neighbors": 7}
    assert record["packages"] == {"scikit-learn": sklearn.__version__}
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
    package(tmp_path, OPEN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "guild", raising=False)
    assert registry.build("guild:Open", {"depth": 3}).given == {"depth": 3}
    assert registry.record("guild:Open", {})["packages"] == {"guild": "1.2"}


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
    package(
        tmp_path, "class Untagged:\n    fit = predict = get_params = None\nclass Unsigned(Untagged, dict): pass"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "guild", raising=False)
    with pytest.raises(ConfigError) as caught:
        registry.build(f"guild:{name}", {})
    assert str(caught.value).startswith(message)


def test_a_module_that_no_package_brought_is_no_method(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "loose_module.py").write_text(OPEN)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        ConfigError, match=r"loose_module is no installed package; write .* pipeline/methods/NAME.py"
    ):
        registry.record("loose_module:Open", {})


def test_a_record_names_every_file_that_the_method_is_made_of_and_no_other_method() -> None:
    record = registry.record("gradient_svm", {"C": 3.0, "gamma": None})
    assert record["arguments"] == {"C": 3.0}
    assert {Path(file).stem for file in record["code"]} == {
        "__init__", "gradient_svm", "gradients", "images", "pca", "svm",
    }  # fmt: skip
    assert record["code"]["pipeline/methods/gradient_svm.py"] == sha256(registry.source("gradient_svm"))


OTHER = {"method": "linear", "arguments": {"C": 2}, "code": {"a.py": "0"}, "packages": {"numpy": "1"}}


@pytest.mark.parametrize("part", ["method", "arguments", "code", "packages"])
@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("metrics/method.json", "dvc repro --force --single-item method"),
        ("board/code/gradient_svm.json", "python -m pipeline methods --records board/code"),
    ],
)
def test_a_record_of_something_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str, file: str, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(file)
    path.parent.mkdir(parents=True)
    record = registry.record("gradient_svm", {})
    path.write_text(json.dumps(record))
    with registry.held(path, "gradient_svm", {}):
        pass
    path.write_text(json.dumps(record | {part: OTHER[part]}))
    with (
        pytest.raises(ConfigError, match=rf"^{file}: .* is now \({part}\); run `{command}`$"),
        registry.held(path, "gradient_svm", {}),
    ):
        pytest.fail("the stage ran")


def test_records_are_written_and_those_of_methods_that_are_gone_are_removed(tmp_path: Path) -> None:
    for name in ("gone.json", "linear.json", "note.txt"):
        (tmp_path / name).write_text("{}")
    assert main(["methods", "--records", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        "note.txt",
        *(f"{name}.json" for name in registry.names()),
    }
    assert registry.read(tmp_path / "linear.json").method == "linear"


BAD = [
    "[]",
    "{",
    "{}",
    '{"method": 3, "arguments": {}, "code": {}, "packages": {}}',
    '{"a":' * 9999 + "1" + "}" * 9999,
]


@pytest.mark.parametrize(("content", "error"), [*((text, DataError) for text in BAD), (None, UnavailableError)])
def test_a_record_that_is_none_is_said(tmp_path: Path, content: str | None, error: type[Exception]) -> None:
    path = tmp_path / "method.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(error, match=r"method\.json: "):
        registry.read(path)


@pytest.mark.parametrize("name", registry.names())
def test_every_package_that_a_method_needs_has_a_way_to_be_installed(name: str) -> None:
    assert {*getattr(registry.load(name), "REQUIRES", ())} <= EXTRAS.keys()
