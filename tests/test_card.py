"""The model card says what the files beside it say, and its code loads the model."""

import json
import re
import sys
from pathlib import Path

import pytest
from conftest import ROOT, Run, edit

from pipeline import card, datasets, params, registry
from pipeline.__main__ import main

CARD = (ROOT / "data/model/README.md").read_text()


def test_the_committed_card_is_what_the_committed_metrics_give(tmp_path: Path) -> None:
    call = ["--params", str(ROOT / "params.yaml"), "--metrics", str(ROOT / "metrics")]
    assert main(["card", *call, "--card", str(tmp_path / "card.md")]) == 0
    assert (tmp_path / "card.md").read_text() == CARD


def test_every_number_is_that_of_the_metrics() -> None:
    for name in ("validation", "test"):
        scores = json.loads((ROOT / f"metrics/{name}.json").read_text())
        assert f"({scores['errors']} of {scores['n']:,}) |" in CARD
    for line in (ROOT / "metrics/recall.csv").read_text().splitlines()[1:]:
        label, recall, low, high, n = line.split(",")
        assert f"| {label} | {recall} | {low} to {high} | {n} |" in CARD


def test_every_hash_is_that_of_the_data_and_the_code() -> None:
    for record in ("passed", "method"):
        hashes = re.findall(r"[0-9a-f]{64}", (ROOT / f"metrics/{record}.json").read_text())
        assert hashes
        assert all(f"`{digest}`" in CARD for digest in hashes)


def test_it_is_written_anew_for_other_params_and_holds_nothing_of_the_machine(reproduced: Path, run: Run) -> None:
    card = reproduced / "data/model/README.md"
    before = card.read_text()
    assert "| `C` |" not in before
    edit(reproduced / "params.yaml", train__C=0.5)
    assert run("dvc", "repro").returncode == 0
    assert "| `C` | `0.5` |" in card.read_text()
    assert str(reproduced) not in before


def test_its_code_loads_the_model(reproduced: Path, run: Run) -> None:
    card = (reproduced / "data/model/README.md").read_text()
    code = re.search(r"```python\n(.*?)```", card, re.DOTALL)
    assert code is not None
    before = "import numpy as np; images = np.zeros((4, 28, 28), np.uint8)\n"
    done = run(sys.executable, "-c", f"{before}{code[1]}print(labels.shape)")
    assert (done.returncode, done.stdout) == (0, "(4,)\n"), done.stderr


SCORES = {"error_rate": 0.1, "error_rate_low": 0.0, "error_rate_high": 0.2, "errors": 1, "n": 10}


@pytest.mark.parametrize(
    ("method", "imported", "argument", "trusted"),
    [
        ("guild.halls:Own", ["import guild.halls"], ', "guild")', "nor a class of what is imported of `guild` is"),
        ("sklearn.svm:SVC", [], ", range(0, 10))", "nor this project's is refused"),
        ("linear", [], ", range(0, 10))", "nor this project's is refused"),
    ],
)
def test_it_says_whose_classes_are_trusted(method: str, imported: list[str], argument: str, trusted: str) -> None:
    own = params.load(ROOT / "params.yaml")
    train = params.Train(method, own.train.validation, {})
    record = registry.Record(method, {}, {}, {})
    text = card.write(
        datasets.load(own.dataset), train, "A method.", record, registry.package(method), {}, SCORES, SCORES, []
    )
    code = text.partition("```python\n")[2].partition("```")[0]
    assert [line.partition("  #")[0] for line in code.splitlines() if line.startswith("import ")] == imported
    assert f"{argument}\n" in code
    assert trusted in " ".join(text.split())
    compile(code, "card", "exec")


def test_whatever_a_class_is_called_its_row_has_four_cells() -> None:
    own = params.load(ROOT / "params.yaml")
    recall = {"class": "Aa|b<i>", "recall": "0.9", "low": "0.8", "high": "1.0", "n": "10"}
    record = registry.Record("linear", {}, {"metric": "a|b"}, {})
    text = card.write(
        datasets.load(own.dataset), own.train, "A method.", record, None, {}, SCORES, SCORES, [recall]
    )
    assert "\n| Aa&#124;b&lt;i&gt; | 0.9 | 0.8 to 1.0 | 10 |\n" in text
    assert "\n| `metric` | `a\\|b` |\n" in text  # in code an entity would stand as it is
