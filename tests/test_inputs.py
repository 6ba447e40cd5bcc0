"""Code and params that change while a stage runs: DVC would record them as the ones that made the outputs."""

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import METHOD_THEN_TRAIN, Run, edit

from pipeline.base.errors import ConfigError, UnavailableError
from pipeline.history import inputs

# A classifier that changes a file while `train` runs, as a user may do. `method` fits it on 50 rows.
MEDDLER = """from pathlib import Path
from sklearn.linear_model import LogisticRegression
class Meddler(LogisticRegression):
    def fit(self, X, y):
        if len(X) > 50:
            path = Path({path!r})
            path.write_text(path.read_text(){change})
        return super().fit(X, y)
"""
METHOD = """from pipeline.estimators.meddler import Meddler
def estimator(C: float = 1.0):
    return Meddler(C=C)
"""


def meddle(project: Path, path: str, change: str) -> None:
    (project / "pipeline/estimators/meddler.py").write_text(MEDDLER.format(path=path, change=change))
    (project / "pipeline/methods/meddler.py").write_text(METHOD)
    edit(project / "params.yaml", train__method="meddler")


def test_what_is_edited_while_a_stage_runs_is_never_recorded_as_what_ran(reproduced: Path, run: Run) -> None:
    meddle(reproduced, "pipeline/models/hold_out.py", " + '# edited'")
    before = yaml.safe_load((reproduced / "dvc.lock").read_text())["stages"]["train"]
    model = (reproduced / "data/model/model.skops").read_bytes()
    done = run("dvc", "repro", "train")
    assert done.returncode != 0
    named = "pipeline/models/hold_out.py changed during the run, so nothing is replaced; run it again"
    assert f"train: error: {named}\n" in done.stderr
    assert yaml.safe_load((reproduced / "dvc.lock").read_text())["stages"]["train"] == before
    assert (reproduced / "data/model/model.skops").read_bytes() == model
    assert run(sys.executable, "-m", "pipeline", "verify", "--lock").returncode == 1


UNDER_DVC = {"DVC_STAGE": "dvc.yaml:train"}
AGAIN = "not the record of method meddler as it is now (code); run `dvc repro --force --single-item method`"


@pytest.mark.parametrize(
    ("path", "change", "error"),
    [
        (
            "params.yaml",
            ".replace('C: null', 'C: 7')",
            "params.yaml: train changed during the run, so nothing is replaced; run it again",
        ),
        ("pipeline/methods/meddler.py", " + '# edited'", f"metrics/method.json: {AGAIN}"),
        ("pipeline/estimators/meddler.py", " + '# edited'", f"metrics/method.json: {AGAIN}"),
    ],
)
def test_params_and_the_method_s_own_code_are_held_too(
    reproduced: Path, run: Run, path: str, change: str, error: str
) -> None:
    meddle(reproduced, path, change)
    model = (reproduced / "data/model/model.skops").read_bytes()
    done = run(sys.executable, "-c", METHOD_THEN_TRAIN, **UNDER_DVC)
    assert (done.returncode != 0, done.stderr) == (True, f"train: error: {error}\n")
    assert (reproduced / "data/model/model.skops").read_bytes() == model


@pytest.mark.parametrize(
    ("path", "variables"), [("pipeline/gates/evidence/leakage.py", UNDER_DVC), ("pipeline/models/hold_out.py", {})]
)
def test_what_the_stage_does_not_depend_on_and_runs_by_hand_are_not_held(
    reproduced: Path, run: Run, path: str, variables: dict[str, str]
) -> None:
    meddle(reproduced, path, " + '# edited'")
    done = run(sys.executable, "-c", METHOD_THEN_TRAIN, **variables)
    assert done.returncode == 0, done.stderr
    assert (reproduced / path).read_text().endswith("# edited# edited")


@pytest.fixture
def declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    stage = {"deps": ["${method.name}.py", "folder", "absent"], "params": ["method", "other.key"]}
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"train": stage}}))
    (tmp_path / "params.yaml").write_text("method: {name: svm, C: 1}\nother: {key: 1, another: 2}\n")
    (tmp_path / "svm.py").write_text("1")
    (tmp_path / "folder").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("file", "content", "named"),
    [
        ("svm.py", "2", "svm.py"),
        ("absent", "", "absent"),
        ("params.yaml", "method: {name: svm, C: 2}\nother: {key: 1, another: 2}\n", "params.yaml: method"),
        ("params.yaml", "method: {name: svm, C: 1}\nother: 1\n", "params.yaml: other.key"),
        ("params.yaml", "method: {", "params.yaml: method, params.yaml: other.key, svm.py"),
        ("params.yaml", "", "params.yaml: method, params.yaml: other.key, svm.py"),
        ("params.yaml", "- method", "params.yaml: method, params.yaml: other.key, svm.py"),
        ("dvc.yaml", "stages: {train: 1}", "params.yaml: method, params.yaml: other.key, svm.py"),
        ("dvc.yaml", "stages: {}", "params.yaml: method, params.yaml: other.key, svm.py"),
        ("dvc.yaml", "", "params.yaml: method, params.yaml: other.key, svm.py"),
    ],
)
def test_each_changed_file_and_parameter_is_named(declared: Path, file: str, content: str, named: str) -> None:
    with pytest.raises(UnavailableError, match=f"^{named} changed during the run, so"), inputs.unchanged("train"):
        (declared / file).write_text(content)


@pytest.mark.parametrize("content", ["", "- method", "method"])
def test_params_that_are_emptied_before_the_stage_starts_are_said(declared: Path, content: str) -> None:
    (declared / "params.yaml").write_text(content)
    expected = r"^params\.yaml: expected parameters by name, found "
    with pytest.raises(ConfigError, match=expected), inputs.unchanged("train"):
        pass


def test_a_stage_of_a_matrix_in_another_file_is_held_to_its_own_code_and_params(declared: Path) -> None:
    stage: dict[str, Any] = {
        "matrix": {"method": ["a", "b"]},
        "deps": ["code/${item.method}.json", "pipeline/methods"],
    }
    stage["params"] = [{"board.yaml": ["rows"]}, {"params.yaml": ["other.key"]}]
    (declared / "board").mkdir()
    (declared / "board/dvc.yaml").write_text(yaml.safe_dump({"stages": {"score": stage}}))
    (declared / "board.yaml").write_text("rows: 1")
    for folder in ("code", "pipeline/methods"):
        (declared / folder).mkdir(parents=True)
    with inputs.unchanged("score@a", Path("board/dvc.yaml")):
        (declared / "code/b.json").write_text("2")
    named = "board.yaml: rows, code/a.json"
    with (
        pytest.raises(UnavailableError, match=f"^{named} changed"),
        inputs.unchanged("score@a", Path("board/dvc.yaml")),
    ):
        (declared / "code/a.json").write_text("2")
        (declared / "board.yaml").write_text("rows: 2")
    (declared / "pipeline/methods/a.py").write_text("1")
    changed = pytest.raises(UnavailableError, match=r"^pipeline/methods/a\.py changed")
    with changed, inputs.unchanged("score@a", Path("board/dvc.yaml")):
        (declared / "pipeline/methods/a.py").write_text("2")


@pytest.mark.parametrize(
    "file", ["pipeline/gates/judge.py", "pipeline/gates/evidence/probe.py", "pipeline/gates/a/b.py"]
)
@pytest.mark.parametrize("change", ["edited", "added", "removed"])
def test_every_file_of_a_room_is_held_at_any_depth(declared: Path, file: str, change: str) -> None:
    (declared / "dvc.yaml").write_text("stages: {gate: {deps: [pipeline/gates]}}")
    (declared / file).parent.mkdir(parents=True)
    if change != "added":
        (declared / file).write_text("1")
    with pytest.raises(UnavailableError, match=f"^{file} changed during the run"), inputs.unchanged("gate"):
        if change == "removed":
            (declared / file).unlink()
        else:
            (declared / file).write_text("2")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("svm.py", "1"),
        ("folder/other.py", "2"),
        ("elsewhere.py", "2"),
        ("params.yaml", "method: {C: 1, name: svm}\nother: {key: 1, another: 3}\n"),
    ],
)
def test_what_is_the_same_or_no_dependency_may_be_written(declared: Path, file: str, content: str) -> None:
    with inputs.unchanged("train"):
        (declared / file).write_text(content)


def test_a_failing_stage_says_its_own_error(declared: Path) -> None:
    with pytest.raises(KeyError, match="own"), inputs.unchanged("train"):
        (declared / "svm.py").write_text("2")
        raise KeyError("own")
