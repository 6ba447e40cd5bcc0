"""The model card says what the files beside it say, and its code loads the model and gives labels."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Run, edit
from described import arrays, describe
from msgspec.structs import replace

from pipeline.__main__ import main
from pipeline.base import params, records
from pipeline.describe import markdown, model_card
from pipeline.models import made_of, predict, registry, store

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


def test_it_is_written_anew_for_other_params_and_holds_nothing_of_the_machine(reproduced: Path, here: Run) -> None:
    card = reproduced / "data/model/README.md"
    before = card.read_text()
    assert "| `C` |" not in before
    edit(reproduced / "params.yaml", train__C=0.5)
    for stage in ("method", "train", "evaluate", "card"):
        assert here(stage).returncode == 0
    assert "| `C` | `0.5` |" in card.read_text()
    assert str(reproduced) not in before


def test_metrics_after_a_bad_merge_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(ROOT / "metrics", tmp_path / "metrics")
    (tmp_path / "metrics/test.json").write_text('{\n<<<<<<< HEAD\n"errors": 1\n')
    call = ["card", "--params", str(ROOT / "params.yaml"), "--metrics", str(tmp_path / "metrics")]
    assert main([*call, "--card", str(tmp_path / "card.md")]) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"card: error: {tmp_path}/metrics/test.json: expected a JSON object, found: ")
    assert err.count("\n") == 1


SCORES = {"error_rate": 0.1, "error_rate_low": 0.0, "error_rate_high": 0.2, "errors": 1, "n": 10}
OWN = params.load(ROOT / "params.yaml")


def written(
    method: str, code: dict[str, str] | None = None, description: str = "A method.", **changes: Any
) -> str:
    """The card of a method. changes: to the record of MNIST."""
    dataset = replace(records.load("mnist"), **changes)
    train = params.Train(method, OWN.train.validation, {})
    record = made_of.Record(method, {}, code or {}, {})
    recall = {"class": "Aa|b<i>", "recall": "0.9", "low": "0.8", "high": "1.0", "n": "10"}
    package = registry.package(method)
    return model_card.write(dataset, train, description, record, package, {}, SCORES, SCORES, [recall])


def snippet(card: str) -> str:
    (code,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    return str(code)


METHODS: dict[str, dict[str, Any]] = {
    "linear": {},
    "nearest_l2": {},
    "network_300": {"epochs": 1},
    "gradient_svm": {},
    "sklearn.svm:SVC": {},
    "sklearn.linear_model:SGDClassifier": {},
    "sklearn.neighbors:KNeighborsClassifier": {"algorithm": "kd_tree"},
    "sklearn.ensemble:HistGradientBoostingClassifier": {"max_iter": 2},
    "sklearn.neural_network:MLPClassifier": {"max_iter": 2},
}


# Each piece of code in a process of its own; their parent has imported what takes most of the time.
FORKS = """
import json, os, sys
import numpy, pyarrow.parquet, skops.io, sklearn.neighbors, sklearn.pipeline
for name in sys.argv[1:]:
    if os.fork() == 0:
        os.chdir(name)
        exec(open("code.py").read())
        print(json.dumps([name, labels.tolist()]), flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_its_code_loads_the_model_and_gives_the_labels_of_the_model(tmp_path: Path) -> None:
    images, labels = arrays("train")
    parquet, expected = describe(tmp_path), {}
    for method, arguments in METHODS.items():
        model = registry.build(method, arguments, (28, 28)).fit(predict.flat(images), labels)
        (tmp_path / method / "data/model").mkdir(parents=True)
        (tmp_path / method / "data/parquet").symlink_to(parquet)
        (tmp_path / method / "data/model/model.skops").write_bytes(store.dumps(model))
        code = snippet(written(method, class_names=("left", "middle", "right")))
        (tmp_path / method / "code.py").write_text(code)
        expected[method] = predict.labels(model, arrays("test")[0]).tolist()
    command = [sys.executable, "-c", FORKS, *METHODS]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert dict(map(json.loads, done.stdout.splitlines())) == expected, done.stderr


def test_it_says_whose_classes_may_be_loaded() -> None:
    text = " ".join(written("guild.halls:Own").split())
    assert "import guild.halls #" in text
    assert "this project, and the imported classes of `guild`. A file with any other class is refused." in text
    assert "NumPy and this project. A file" in " ".join(written("linear").split())


@pytest.mark.parametrize(
    ("shape", "said", "given"),
    [
        ((28, 28), "uint8 of 28 x 28 pixels in grey", "(28, 28), range(0, 10))"),
        ((20, 30), "uint8 of 20 x 30 pixels in grey", "(20, 30), range(0, 10))"),
        ((8, 8, 3), "uint8 of 8 x 8 pixels with 3 channels", "(8, 8, 3), range(0, 10))"),
    ],
)
def test_it_says_which_images_the_model_takes(shape: tuple[int, ...], said: str, given: str) -> None:
    text = written("linear", shape=shape)
    assert said in text
    assert given in snippet(text)


def test_whatever_a_class_is_called_its_row_has_four_cells() -> None:
    text = written("linear", {"metric": "a|b"})
    assert "\n| Aa&#124;b&lt;i&gt; | 0.9 | 0.8 to 1.0 | 10 |\n" in text
    assert "\n| `metric` | <code>a&#124;b</code> |\n" in text


def test_text_of_the_record_and_the_method_is_no_markup() -> None:
    text = written("linear", description="<b>*x*</b>", title="[t](u)", licence="*l*", citation="www.c.example")
    shown = markdown.escaped
    for said in (shown("<b>*x*</b>"), shown("[t](u)"), shown("*l*"), shown("www.c.example")):
        assert said in text
