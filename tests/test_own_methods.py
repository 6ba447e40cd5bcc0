"""A user's own file in pipeline/methods: an error in it is one line that names it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import methods
from pipeline.__main__ import main
from pipeline.base.errors import ConfigError
from pipeline.models import imports, registry


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of the only method, `mine`, not yet written."""
    path = tmp_path / "pipeline/methods/mine.py"
    path.parent.mkdir(parents=True)
    monkeypatch.setattr(imports, "ROOT", tmp_path)
    monkeypatch.setattr(registry, "FOLDER", path.parent)
    monkeypatch.setattr(methods, "__path__", [str(path.parent)])
    yield path
    sys.modules.pop("pipeline.methods.mine", None)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("def estimator(:", "SyntaxError: invalid syntax (mine.py, line 1)"),
        ("x = 1", "no function `estimator`"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise ValueError('one\\ntwo')", "ValueError: one two"),
        ("import sys; sys.exit(0)", "SystemExit: 0"),
        ("class Odd(BaseException): pass\nraise Odd('why')", "Odd: why"),
        ("import pipeline.nowhere", "ModuleNotFoundError: No module named 'pipeline.nowhere'"),
    ],
)
def test_a_file_that_is_no_method_is_named(mine: Path, content: str, found: str) -> None:
    mine.write_text(content)
    with pytest.raises(ConfigError) as caught:
        registry.build("mine", {})
    assert str(caught.value).startswith(f"pipeline/methods/mine.py: expected a method, found {found}")


def test_a_package_that_a_method_lacks_is_no_error_of_the_method(mine: Path) -> None:
    mine.write_text("import no_such_package")
    with pytest.raises(ModuleNotFoundError) as caught:
        registry.load("mine")
    assert caught.value.name == "no_such_package"


def test_a_list_with_a_file_that_cannot_be_read_is_one_line(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine.write_text("def estimator(:")
    assert main(["methods"]) == 2
    expected = "methods: error: pipeline/methods/mine.py: expected Python, found SyntaxError: invalid syntax"
    assert capsys.readouterr().err == f"{expected} (mine.py, line 1)\n"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return None", "train.method: mine: expected a classifier, found None"),
        ("return LogisticRegression", "train.method: mine: expected a classifier, found <class "),
        ("return PCA()", "train.method: mine: expected a classifier, found PCA()"),
        ("return LogisticRegression(Z=1)", "train: mine: LogisticRegression.__init__() got an unexpected"),
        ("raise ValueError('C and Z')", "train: mine: C and Z"),
        ("raise AssertionError", "train: mine: AssertionError"),
        ("import sys; sys.exit(0)", "train: mine: SystemExit: 0"),
        ("raise GeneratorExit('why')", "train: mine: GeneratorExit: why"),
    ],
)
def test_what_a_method_returns_is_held_to_be_a_classifier(mine: Path, body: str, message: str) -> None:
    start = "from sklearn.decomposition import PCA\nfrom sklearn.linear_model import LogisticRegression\n"
    mine.write_text(f"{start}def estimator():\n    {body}\n")
    with pytest.raises(ConfigError) as caught:
        registry.build("mine", {})
    assert str(caught.value).startswith(message)


LATE = """from __future__ import annotations
from sklearn.linear_model import LogisticRegression
from pipeline.methods import Positive
def estimator(C: Positive = 1.0, **others: int) -> LogisticRegression:
    return LogisticRegression(C=C, **others)
"""


def test_annotations_that_are_text_and_open_arguments_of_a_method_hold(mine: Path) -> None:
    mine.write_text(LATE)
    found = registry.build("mine", {"C": 2, "max_iter": 7})
    assert (found.C, found.max_iter) == (2, 7)
    for wrong, message in [({"C": -1}, "train.C: Expected `float` > 0.0; found -1"), ({"Z": 1}, "train: mine: ")]:
        with pytest.raises(ConfigError, match=message):
            registry.build("mine", wrong)


@pytest.mark.parametrize("content", ["REQUIRES = [name]", "REQUIRES = 1", "REQUIRES = ['a', 1]"])
def test_a_list_of_required_packages_that_is_none_is_said(mine: Path, content: str) -> None:
    mine.write_text(f"name = 'torch'\n{content}\ndef estimator(): pass\n")
    with pytest.raises(ConfigError) as caught:
        registry.build("mine", {})
    expected = "pipeline/methods/mine.py: REQUIRES: expected a list of names of packages, found "
    assert str(caught.value).startswith(expected)


PARAMS = """dataset: mnist
gate: {}
train: {method: mine, validation: {rows: 9, seed: 0}}
"""
FITTED = """from sklearn.linear_model import LogisticRegression
class Mine(LogisticRegression):
    def fit(self, X, y):
        BODY
def estimator():
    return Mine()
"""


@pytest.mark.parametrize("body", ["import sys; sys.exit(0)", "raise SystemExit", "raise SystemExit('done')"])
def test_a_fit_that_ends_the_program_is_no_success(
    mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], body: str
) -> None:
    mine.write_text(FITTED.replace("BODY", body))
    (tmp_path / "params.yaml").write_text(PARAMS)
    record = tmp_path / "method.json"
    assert main(["method", "--params", str(tmp_path / "params.yaml"), "--method", str(record)]) == 2
    expected = "method: error: expected that the code of the method returns, found that it ended the program ("
    assert capsys.readouterr().err.startswith(expected)
    assert not record.exists()


def test_an_annotation_that_names_nothing_is_said(mine: Path) -> None:
    mine.write_text(LATE.replace("C: Positive", "C: Negative"))
    with pytest.raises(ConfigError, match="mine: name 'Negative' is not defined"):
        registry.build("mine", {})
    sys.modules.pop("pipeline.methods.mine")
    mine.write_text(
        LATE.replace("C: Positive", "C: registry.nothing").replace(
            "import annotations", "import annotations\nfrom pipeline.models import registry"
        )
    )
    with pytest.raises(ConfigError, match=r"mine: module 'pipeline\.models.registry' has no attribute 'nothing'"):
        registry.build("mine", {})
    sys.modules.pop("pipeline.methods.mine")
    mine.write_text(LATE.replace("C: Positive", "C: dict[list[int], int] | dict[str, int]"))
    with pytest.raises(ConfigError, match=r"train\.C: .*; found 1"):
        registry.build("mine", {"C": 1})


def test_what_cannot_be_saved_is_said_before_any_data_is_read(
    mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine.write_text(
        "from sklearn.neighbors import KNeighborsClassifier as Near\n"
        "def estimator():\n    return Near(metric_params={'p': (i for i in range(3))})\n"
    )
    train = "{method: mine, validation: {rows: 9, seed: 0}}"
    (tmp_path / "params.yaml").write_text(f"dataset: mnist\ngate: {{}}\ntrain: {train}\n")
    record = tmp_path / "method.json"
    assert main(["method", "--params", str(tmp_path / "params.yaml"), "--method", str(record)]) == 2
    expected = "method: error: train.method: mine: cannot be saved: "
    assert capsys.readouterr().err.startswith(expected)
    assert not record.exists()
