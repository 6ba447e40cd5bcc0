"""The record of what a method is made of: written, read, compared, deleted when its method is gone."""

import json
from importlib import metadata
from pathlib import Path
from typing import Any

import packages
import pytest
import sklearn

from pipeline.__main__ import main
from pipeline.base.errors import ConfigError, DataError, UnavailableError
from pipeline.base.outputs import sha256
from pipeline.models import imports, made_of, registry


def test_a_record_of_a_class_names_its_installed_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = made_of.record("sklearn.neighbors:KNeighborsClassifier", {"n_neighbors": 7, "p": None})
    assert record["arguments"] == {"n_neighbors": 7}
    assert record["packages"] == {"scikit-learn": sklearn.__version__}
    packages.install(tmp_path, packages.OPEN)
    monkeypatch.syspath_prepend(tmp_path)
    assert made_of.record("guild:Open", {})["packages"] == {"guild": "1.2"}


def test_a_module_of_no_installed_package_is_no_method(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "loose_module.py").write_text(packages.OPEN)
    monkeypatch.syspath_prepend(tmp_path)
    message = r"loose_module is not an installed package; write .* pipeline/methods/NAME.py"
    with pytest.raises(ConfigError, match=message):
        made_of.record("loose_module:Open", {})


def test_a_record_names_every_file_that_the_method_is_made_of_and_no_other_method() -> None:
    record = made_of.record("gradient_svm", {"C": 3.0, "gamma": None})
    assert record["arguments"] == {"C": 3.0}
    assert sorted(record["code"]) == [
        "pipeline/base/__init__.py",
        "pipeline/base/errors.py",
        "pipeline/base/threads.py",
        "pipeline/estimators/gradients.py",
        "pipeline/estimators/images.py",
        "pipeline/estimators/pca.py",
        "pipeline/estimators/svm.py",
        "pipeline/features/components.py",
        "pipeline/features/gradients.py",
        "pipeline/features/images.py",
        "pipeline/methods/__init__.py",
        "pipeline/methods/gradient_svm.py",
    ]
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
    record = made_of.record("gradient_svm", {})
    path.write_text(json.dumps(record))
    with made_of.held(path, "gradient_svm", {}):
        pass
    path.write_text(json.dumps(record | {part: OTHER[part]}))
    with (
        pytest.raises(ConfigError, match=rf"^{file}: .* is now \({part}\); run `{command}`$"),
        made_of.held(path, "gradient_svm", {}),
    ):
        pytest.fail("the stage ran")


def test_a_method_that_changes_while_a_stage_runs_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "method.json"
    record = made_of.record("gradient_svm", {})
    path.write_text(json.dumps(record))
    with pytest.raises(ConfigError, match="now \\(code\\); run"), made_of.held(path, "gradient_svm", {}):
        path.write_text(json.dumps(record | {"code": {}}))


def test_records_are_written_and_only_those_of_methods_that_are_gone_are_deleted(tmp_path: Path) -> None:
    gone = {"method": "gone", "arguments": {}, "code": {}, "packages": {}}
    files = {
        "gone.json": json.dumps(gone),
        "linear.json": "{}",  # a method of this project: it is written again
        "renamed.json": json.dumps(gone),
        "more.json": json.dumps(gone | {"method": "more", "note": "mine"}),
        "other.json": '{"method": "other"}',
        "package.json": '{"name": "package"}',
        "list.json": "[]",
        "broken.json": "{",
        "note.txt": "mine",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "folder.json").mkdir()
    assert main(["methods", "--records", str(tmp_path)]) == 0
    written = {f"{name}.json" for name in registry.names()}
    kept = files.keys() - {"gone.json", "linear.json"}
    assert {path.name for path in tmp_path.iterdir()} == written | kept | {"folder.json"}
    assert all((tmp_path / name).read_text() == files[name] for name in kept)
    assert made_of.read(tmp_path / "linear.json").method == "linear"


def test_a_record_that_cannot_be_written_deletes_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone = {"method": "gone", "arguments": {}, "code": {}, "packages": {}}
    (tmp_path / "gone.json").write_text(json.dumps(gone))
    (tmp_path / "linear.json").mkdir()
    assert main(["methods", "--records", str(tmp_path)]) == 3
    assert "linear.json: expected the name of a file, found a folder" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gone.json", "linear.json"]


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
        made_of.read(path)


def test_the_packages_that_a_method_requires_are_recorded_with_their_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "FOLDER", tmp_path)
    (tmp_path / "own.py").write_text('REQUIRES = ("msgspec", "not-installed")\nraise SystemExit')
    monkeypatch.setattr(imports, "closure", lambda path: set())
    found = made_of.record("own", {})["packages"]
    assert found["msgspec"] == metadata.version("msgspec")
    assert "not-installed" not in found
    earlier = {"not-installed": "1.2", "msgspec": "0.1"}
    assert made_of.record("own", {}, earlier)["packages"] == found | {"not-installed": "1.2"}


@pytest.mark.parametrize("name", ["lenet5", "small_convnet"])
def test_the_networks_name_pytorch(name: str) -> None:
    assert set(registry.required(name)) == {"skorch", "torch"}


def test_any_argument_has_a_form_in_json() -> None:
    arguments: dict[str, Any] = {"C": float("inf"), "weights": {0: 2.0, 1: [float("-inf"), None]}}
    found = made_of.record("linear", arguments)["arguments"]
    assert json.loads(json.dumps(found, allow_nan=False)) == {
        "C": ".inf",
        "weights": {"0": 2.0, "1": ["-.inf", None]},
    }
