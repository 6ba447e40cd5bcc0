"""Experiments as a new user runs them: one, a sweep through the queue, what differs, the plots in a browser."""

import csv
import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from browser import needs_chromium, visit
from conftest import Run, call_in, commit, write_tiny

pytestmark = pytest.mark.slow


class Lab(NamedTuple):
    """The tiny project, reproduced and committed, and how to run a command in it."""

    folder: Path
    run: Run

    def out(self, *command: str) -> str:
        """What a command prints, which must not fail."""
        done = self.run(*command)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def restored(self) -> "Lab":
        """The baseline as it was committed; experiments stay on their list."""
        self.out("git", "restore", ".")
        self.out("dvc", "checkout")
        return self

    def params(self) -> dict[str, Any]:
        params: dict[str, Any] = yaml.safe_load((self.folder / "params.yaml").read_text())
        return params


@pytest.fixture(scope="module")
def baseline(reproduced_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    folder = tmp_path_factory.mktemp("lab") / "project"
    shutil.copytree(reproduced_once, folder)
    lab = Lab(folder, call_in(folder, reproduced_once.parent / "mirror"))
    commit(lab.run)
    return lab


@pytest.fixture
def lab(baseline: Lab) -> Lab:
    return baseline.restored()


def test_an_experiment_is_recorded_and_can_become_a_branch(lab: Lab) -> None:
    lab.out("dvc", "exp", "run", "--name", "other", "-S", "train.method=gradient_svm", "-S", "train.C=3")
    assert (lab.params()["train"]["method"], lab.params()["train"]["C"]) == ("gradient_svm", 3)
    assert "other" in lab.out("dvc", "exp", "list", "--name-only").split()
    lab.out("dvc", "exp", "branch", "other", "kept")
    changed = lab.out("git", "diff", "--name-only", "HEAD", "kept").split()
    assert {"params.yaml", "dvc.lock", "metrics/test.json"} <= set(changed)
    assert lab.out("git", "diff", "--name-only", "kept") == "", "the workspace is what was recorded"
    lab.out("dvc", "exp", "remove", "other")
    assert "other" not in lab.out("dvc", "exp", "list", "--name-only").split()


def test_a_relative_source_is_found_by_an_experiment_that_dvc_runs_elsewhere(lab: Lab, tmp_path: Path) -> None:
    record = write_tiny(tmp_path / "mirror", first_seed=2)
    (lab.folder / "pipeline/datasets/tiny.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(record))))
    source = os.path.relpath(tmp_path / "mirror", lab.folder)
    command = ["dvc", "exp", "run", "--temp", "--force", "--single-item", "--name", "elsewhere", "download"]
    done = lab.run(*command, PIPELINE_SOURCE=source)
    assert done.returncode == 0, done.stderr
    lab.out("dvc", "exp", "remove", "elsewhere")


def statuses(lab: Lab) -> dict[str, str]:
    """The tasks in DVC's queue and how they stand, once all have ended and no worker is left."""
    while (
        re.search("Queued|Running", shown := lab.out("dvc", "queue", "status")) or "0 active, 0 idle" not in shown
    ):
        time.sleep(1)
    return dict(re.findall(r"^[0-9a-f]{7} +(\S+) .* (\w+)$", shown, re.MULTILINE))


@pytest.fixture(scope="module")
def sweep(baseline: Lab) -> dict[float, str]:
    """The names of three experiments that two workers ran, by their value of C; a fourth was to fail."""
    baseline.restored()  # a queued run starts from the workspace, not from the commit
    baseline.out("dvc", "exp", "run", "--queue", "--name", "sweep", "-S", "train.C=1,3,10")
    baseline.out("dvc", "exp", "run", "--queue", "--name", "wrong", "-S", "train.C=-1")
    # Queued runs have folders of their own; what they need of the data is in the cache, and no source is asked.
    assert baseline.run("dvc", "queue", "start", "--jobs", "2", PIPELINE_SOURCE="/nowhere").returncode == 0
    assert statuses(baseline) == {
        "sweep-1": "Success",
        "sweep-2": "Success",
        "sweep-3": "Success",
        "wrong": "Failed",
    }
    return {1: "sweep-1", 3: "sweep-2", 10: "sweep-3"}


def test_a_sweep_shows_each_value_with_its_metrics(lab: Lab, sweep: dict[float, str]) -> None:
    table = csv.DictReader(lab.out("dvc", "exp", "show", "--csv").splitlines())
    rows = {row["Experiment"] or row["rev"]: row for row in table}
    for C, name in sweep.items():
        assert (float(rows[name]["train.C"]), rows[name]["State"]) == (C, "Success")
    assert rows["wrong"]["State"] == "Failed"
    # The classes lie apart: the weaker the penalty, the surer the model.
    losses = [float(rows[name]["log_loss"]) for name in ("workspace", *sweep.values())]
    assert losses == sorted(losses, reverse=True)
    assert len(set(losses)) == 4


def test_a_sweep_leaves_the_workspace_as_it_was_and_no_folders(lab: Lab, sweep: dict[float, str]) -> None:
    assert lab.out("git", "status", "--porcelain") == ""
    assert lab.out("dvc", "status").strip() == "Data and pipelines are up to date."
    assert list((lab.folder / ".dvc/tmp/exps").glob("tmp*")) == []


def test_the_log_of_a_queued_run_tells_what_ran_and_why_it_failed(lab: Lab, sweep: dict[float, str]) -> None:
    log = lab.out("dvc", "queue", "logs", sweep[3])
    assert re.findall(r"^Running stage '(\w+)'", log, re.MULTILINE) == ["method", "train", "evaluate", "card"]
    assert "method: error: train.C: Expected `float` > 0.0; found -1" in lab.out("dvc", "queue", "logs", "wrong")


def test_an_applied_experiment_is_in_the_workspace_and_differs_from_the_commit(
    lab: Lab, sweep: dict[float, str]
) -> None:
    lab.out("dvc", "exp", "apply", sweep[10])
    assert lab.params()["train"]["C"] == 10
    lab.out("dvc", "exp", "branch", sweep[10], "applied")
    assert lab.out("git", "diff", "--name-only", "applied") == ""
    assert lab.out("dvc", "status").strip() == "Data and pipelines are up to date.", "the model is the one locked"
    assert json.loads(lab.out("dvc", "params", "diff", "--json")) == {
        "params.yaml": {"train.C": {"old": None, "new": 10}}
    }
    change = json.loads(lab.out("dvc", "metrics", "diff", "--json"))["metrics/test.json"]["log_loss"]
    assert change["new"] == json.loads((lab.folder / "metrics/test.json").read_text())["log_loss"]
    assert change["diff"] == pytest.approx(change["new"] - change["old"]) != 0
    assert max(map(len, lab.out("dvc", "metrics", "diff", "--all").splitlines())) <= 100


# As SVG, marks can be counted; the page itself draws on a canvas.
COLLECT = "window.plots = []; window.vegaEmbed = (at, spec) => plots.push(vegaEmbed(at, spec, {renderer: 'svg'}));"
LOOK = """Promise.all(plots).then(() => {
    const all = selector => [...document.querySelectorAll(selector)];
    const drawn = selector => all(selector).map(mark => mark.getBoundingClientRect())
        .filter(box => box.width + box.height > 1).map(box => [Math.round(box.x), Math.round(box.y)]);
    const words = selector => all(selector + ' svg text').map(text => text.textContent);
    const confusion = '#metrics_predictions_csv', recall = '#metrics_recall_csv';
    return {
        confusion: words(confusion), cells: drawn(confusion + ' .mark-rect.role-mark path'),
        recall: words(recall), rules: drawn(recall + ' .mark-rule.role-mark line'),
        points: drawn(recall + ' .mark-symbol.role-mark path'),
        pictures: Object.fromEntries(all('img').map(img => [img.getAttribute('src'), img.naturalWidth])),
    };
})"""


@needs_chromium
def test_plots_of_both_revisions_are_seen(lab: Lab, sweep: dict[float, str]) -> None:
    vl_convert = pytest.importorskip("vl_convert", reason="vl-convert-python is not installed")
    bundle = vl_convert.javascript_bundle(COLLECT, vl_version="5.8")  # the nearest to the 5.2 that DVC asks for
    lab.out("dvc", "exp", "apply", sweep[10])
    lab.out("dvc", "plots", "diff", "--out", "dvc_plots")
    page = lab.folder / "dvc_plots/index.html"
    seen = visit(page, LOOK, network=lambda url: f"(() => {{{bundle}}})()" if "/vega-embed@" in url else "")
    assert seen.errors == []
    assert [re.sub(r".*/npm/|@.*", "", url) for url in seen.requests] == ["vega", "vega-lite", "vega-embed"]
    both, classes = {"workspace", "HEAD"}, {"left", "middle", "right"}
    assert {"Confusion matrix, test", "actual", "predicted", "0", "1", "2"} | both <= set(seen.value["confusion"])
    assert {"Recall by class with 95% interval, test", "recall", "class"} | both | classes <= set(
        seen.value["recall"]
    )
    for marks, of_a_revision in [("cells", 9), ("rules", 3), ("points", 3)]:
        places = {tuple(place) for place in seen.value[marks]}
        assert len(places) == 2 * of_a_revision, f"{marks}: of both revisions, none over another"
    assert set(seen.value["pictures"]) == {f"static/{rev}_metrics_misclassified.png" for rev in both}
    assert min(seen.value["pictures"].values()) > 0
