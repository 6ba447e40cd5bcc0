"""The pipeline through DVC, in git and DVC repositories of its own: what runs, what stops, what stays the same."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from conftest import METHOD_THEN_TRAIN, Run, edit


def stages_run(stdout: str) -> list[str]:
    """The stages that `dvc repro` ran."""
    return re.findall(r"^Running stage '(\w+)':$", stdout, re.MULTILINE)


def test_a_second_run_has_nothing_to_do(reproduced: Path, run: Run) -> None:
    assert run("dvc", "repro").stdout.count("didn't change, skipping") == 8


def test_the_first_run_runs_each_stage_and_says_its_results(reproduced_once: Path) -> None:
    said = reproduced_once.with_name("stdout").read_text()
    assert said.count("Running stage") == 8
    assert "gate: tiny: 103 expectations checked, none failed" in said
    assert re.search(r"^evaluate: test error rate \S+%, 95% interval \S+% to \S+% \(\d+ of 60\)$", said, re.M)


@pytest.mark.slow
def test_another_folder_gives_the_same_lock_byte_for_byte(project: Path, reproduced_once: Path, run: Run) -> None:
    assert run("dvc", "repro").returncode == 0
    lock = (project / "dvc.lock").read_bytes()
    assert lock == (reproduced_once / "dvc.lock").read_bytes()
    assert str(project.parent).encode() not in lock


def test_outputs_are_what_the_readme_says(reproduced: Path) -> None:
    assert {path.name for path in (reproduced / "metrics").iterdir()} == {
        "raw.json", "quality.json", "passed.json", "method.json", "validation.json", "test.json",
        "predictions.csv", "recall.csv", "writers.csv", "misclassified.png", "suspects.csv", "suspects.png",
    }  # fmt: skip
    scores = json.loads((reproduced / "metrics/test.json").read_text())
    assert scores["n"] == 60
    assert scores["error_rate_low"] <= scores["error_rate"] <= scores["error_rate_high"]
    assert scores["log_loss"] > 0
    predictions = np.loadtxt(reproduced / "metrics/predictions.csv", int, delimiter=",", skiprows=1)
    assert (predictions[:, 1] != predictions[:, 2]).sum() == scores["errors"]
    np.testing.assert_array_equal(predictions[:, 0], np.arange(60))


def test_bad_raw_data_are_found_by_inspect(reproduced: Path, here: Run) -> None:
    edit(reproduced / "pipeline/datasets/tiny.yaml", train__class_counts=[99, 101, 100])
    done = here("inspect")
    assert done.returncode == 1
    assert "train-labels-idx1-ubyte: rows of class 0: expected 99, found 100" in done.stderr


def test_a_failed_gate_stops_the_pipeline_and_keeps_its_report(reproduced: Path, run: Run, here: Run) -> None:
    edit(reproduced / "pipeline/datasets/tiny.yaml", train__expect__images__ink__each=[60, 63])
    done = run("dvc", "repro")
    assert done.returncode != 0
    shown = " ".join(done.stdout.split())
    assert "train FAIL images.ink.each pixels with ink, of each: 60 to 63 300 rows 0, 1, 2, 3, 4 and 295" in shown
    assert "103 expectations checked, 1 failed; see file://" in done.stderr
    assert "exited with 1" in done.stderr
    assert "Running stage 'train'" not in done.stdout
    numbers = json.loads((reproduced / "metrics/quality.json").read_text())["train"]
    assert (numbers["failed"], numbers["failures"]) == (1, {"images.ink.each": 300})
    assert "<html" in (reproduced / "data/docs/index.html").read_text()
    train = here("train")
    assert (train.returncode, train.stderr.count("\n")) == (1, 1)
    assert (reproduced / "data/model/model.skops").is_file(), "the last good model stays"


def test_training_by_hand_refuses_data_that_have_not_passed_the_gate(reproduced: Path, here: Run) -> None:
    parquet = reproduced / "data/parquet"
    (parquet / "train.parquet").write_bytes((parquet / "test.parquet").read_bytes())
    done = here("train")
    assert done.returncode == 1
    assert "has not passed the gate; run `python -m pipeline gate`" in done.stderr


SPY = '''"""A classifier that refuses more than one BLAS thread; the stage `method` fits it on 50 rows only."""
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_info
class Spy(LogisticRegression):
    def check(self, X):
        threads = {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
        assert len(X) <= 50 or threads == {1}
    def fit(self, X, y):
        self.check(X)
        return super().fit(X, y)
    def predict(self, X):
        self.check(X)
        return super().predict(X)
'''


def test_a_file_of_another_schema_fails_the_gate_and_goes_no_further(reproduced: Path, here: Run) -> None:
    path = reproduced / "data/parquet/test.parquet"
    rows = pq.read_table(path)
    pq.write_table(rows.replace_schema_metadata(rows.schema.metadata | {b"shape": b"[28, 27]"}), path)
    gate = here("gate")
    assert (gate.returncode, gate.stderr.count("\n")) == (1, 1)
    assert re.search(r"^test +FAIL +schema", gate.stdout, re.MULTILINE)
    assert "shape [28, 27]" in " ".join(gate.stdout.split())
    for stage in ("train", "evaluate"):
        done = here(stage)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)


def test_a_wrong_call_of_the_gate_takes_nothing_back(reproduced: Path, here: Run) -> None:
    edit(reproduced / "params.yaml", dataset="mnits")
    assert here("gate").returncode == 2
    assert (reproduced / "metrics/passed.json").is_file()


def test_training_uses_one_blas_thread(reproduced: Path, run: Run) -> None:
    (reproduced / "pipeline/estimators/spy.py").write_text(SPY)
    method = "from pipeline.estimators.spy import Spy\ndef estimator():\n    return Spy()\n"
    (reproduced / "pipeline/methods/spy.py").write_text(method)
    edit(reproduced / "params.yaml", train__method="spy")
    done = run(sys.executable, "-c", METHOD_THEN_TRAIN, OPENBLAS_NUM_THREADS="2")
    assert done.returncode == 0, done.stderr


def test_a_changed_parameter_runs_only_what_it_touches(reproduced: Path, run: Run) -> None:
    edit(reproduced / "params.yaml", train__C=0.001)
    assert stages_run(run("dvc", "repro").stdout) == ["method", "train", "evaluate", "card"]


def test_an_edit_of_one_method_retrains_no_other(reproduced: Path, run: Run) -> None:
    with (reproduced / "pipeline/methods/gradient_svm.py").open("a") as file:
        file.write("# edited\n")
    assert stages_run(run("dvc", "repro", "method").stdout) == ["method"]
    assert json.loads(run("dvc", "status", "--json", "train", "evaluate").stdout) == {}
    with (reproduced / "pipeline/methods/logistic_regression.py").open("a") as file:
        file.write("# edited\n")
    assert stages_run(run("dvc", "repro", "method").stdout) == ["method"]
    assert "train" in json.loads(run("dvc", "status", "--json", "train").stdout)


def test_a_new_expectation_and_a_new_card_of_the_data_retrain_nothing(reproduced: Path, run: Run) -> None:
    before = {path.name: path.read_bytes() for path in (reproduced / "data/parquet").iterdir()}
    edit(reproduced / "pipeline/datasets/tiny.yaml", train__expect__images__ink__each=[50, 90])
    card = reproduced / "pipeline/describe/dataset_card.py"
    card.write_text(card.read_text().replace("## Citation", "## How to cite it"))
    assert stages_run(run("dvc", "repro", "gate").stdout)[-2:] == ["convert", "gate"]
    after = {path.name: path.read_bytes() for path in (reproduced / "data/parquet").iterdir()}
    assert {name for name in after if after[name] != before[name]} == {"README.md"}
    assert json.loads(run("dvc", "status", "--json", "train", "evaluate").stdout) == {}


def test_a_changed_threshold_runs_the_gate_alone_and_is_said(reproduced: Path, run: Run) -> None:
    edit(reproduced / "params.yaml", gate={"train": {"suspects": 20}})
    done = run("dvc", "repro")
    assert done.stdout.count("Running stage") == 1
    assert "gate: warning: params.yaml: gate.train.suspects is 20, in the record 8: looser" in done.stderr


def test_telemetry_is_off(run: Run) -> None:
    assert run("dvc", "config", "core.analytics").stdout.strip() == "false"
    from pipeline.gates.validation import new_context

    assert new_context().variables.analytics_enabled is False


def test_artifacts_are_named(project: Path) -> None:
    artifacts = yaml.safe_load((project / "dvc.yaml").read_text())["artifacts"]
    assert {name: item["path"] for name, item in artifacts.items()} == {
        "dataset": "data/parquet",
        "model": "data/model/model.skops",
    }
