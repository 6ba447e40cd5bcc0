"""The command `suite`: Great Expectations loads what it writes, by itself, and finds what the gates find."""

import json
import subprocess
import sys
from pathlib import Path

import great_expectations as gx
import pandas as pd
import pytest
import yaml
from conftest import ROOT, write_tiny
from judged import images, judged, labels, put, tiny

from pipeline.__main__ import main
from pipeline.gates import suite_json, suites

SUITES = ["train", "train as a whole", "test", "test as a whole"]
# A process of a user of Great Expectations: of this program it imports one module, for its kind of expectation.
LOAD = """
import json, sys
import great_expectations as gx
import pandas as pd
import pipeline.gates.value_counts

with open("suites.json", encoding="utf-8") as file:
    suites = json.load(file)
context = gx.get_context(mode="ephemeral")
found = {}
for name, content in suites.items():
    suite = context.suites.add(gx.ExpectationSuite(**content))
    asset = context.data_sources.add_pandas(name).add_dataframe_asset(name)
    rows = {"dataframe": pd.read_pickle(f"{name}.pickle")}
    results = asset.add_batch_definition_whole_dataframe("all").get_batch(rows).validate(suite).results
    configs = [result.expectation_config for result in results]
    found[name] = [[c.meta["check"], c.severity, r.success] for c, r in zip(configs, results)]
print(json.dumps(found))
"""


def test_great_expectations_alone_finds_what_the_gates_find(tmp_path: Path) -> None:
    judgement = judged(lambda rows: labels(put([8, 11], 0))(images(put([5, 70], 0))(rows)))
    assert {verdict.check for verdict in judgement.failed} >= {"class_counts", "blank"}
    for split, evidence in judgement.evidence.items():
        evidence.rows.to_pickle(tmp_path / f"{split}.pickle")
        pd.DataFrame([evidence.facts]).to_pickle(tmp_path / f"{split} as a whole.pickle")
    (tmp_path / "suites.json").write_text(suite_json.of(tiny()))
    environment = {"PYTHONPATH": str(ROOT), "GX_ANALYTICS_ENABLED": "false", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", LOAD], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert list(found) == SUITES
    ours = {
        split: sorted([v.check, v.severity, v.success] for v in judgement.verdicts if v.split == split)
        for split in ("train", "test")
    }
    assert {split: sorted(found[split] + found[f"{split} as a whole"]) for split in ("train", "test")} == ours


def test_the_suites_are_written_to_a_file_or_to_stdout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(write_tiny(tmp_path / "raw")))))
    Path("params.yaml").write_text("theirs: 1\n")
    assert main(["suite", "--dataset", "tiny.yaml", "--output", "new/suites.json"]) == 0
    assert capsys.readouterr() == ("", "")
    assert main(["suite", "--dataset", "tiny.yaml"]) == 0
    text = capsys.readouterr().out
    assert Path("new/suites.json").read_text() == text
    content = json.loads(text)
    assert list(content) == SUITES
    rows, facts = suites.of_split(tiny(), "test")
    loaded = [gx.ExpectationSuite(**content[name]).expectations for name in SUITES[2:]]
    assert [[dict(e) | {"id": None} for e in part] for part in loaded] == [
        [dict(e) | {"id": None} for e in part] for part in (rows, facts)
    ]


def test_the_suites_of_mnist_ask_for_no_column_that_only_some_data_have(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["suite", "--dataset", "mnist"]) == 0
    content = json.loads(capsys.readouterr().out)
    columns = {e["kwargs"].get("column") for suite in content.values() for e in suite["expectations"]}
    assert not columns & {"writer", "hsf", "of_both_halves", "writer_of_train"}


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("mnits", 2, "dataset: expected one of "),
        ("none.yaml", 3, "none.yaml: not found; run from the folder that has it, or name another file"),
    ],
)
def test_a_wrong_name_is_one_line(capsys: pytest.CaptureFixture[str], name: str, code: int, message: str) -> None:
    assert main(["suite", "--dataset", name]) == code
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"suite: error: {message}")
