"""Who wrote each digit: the gates check it, hold-out and metrics use it, an experiment runs with it."""

import csv
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import writers
import yaml
from conftest import ROOT, Run, commit, edit, tiny_arrays

from pipeline.__main__ import main
from pipeline.base.dataset import Dataset
from pipeline.base.structs import convert
from pipeline.gates import judge
from pipeline.rows import arrow, idx, parquet, provenance
from pipeline.rows.blocks import Rows

NAMES = [writers.file_name(split) for split in ("train", "test")]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Dataset]:
    """The raw files of the tiny dataset and of who wrote it, and its record."""
    raw = tmp_path_factory.mktemp("raw")
    return raw, convert(writers.record(raw), Dataset, Path("tiny.yaml"))


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run a stage on the tiny dataset, in a folder of its own: `call("download", provenance=True)`."""
    return writers.stages(tmp_path, monkeypatch)


def joined(dataset: Dataset, raw: Path) -> dict[str, pa.Table]:
    """Both splits, with writers."""
    tables = {}
    for seed, (name, rows) in enumerate([("train", 300), ("test", 60)]):
        images, labels = tiny_arrays(rows, seed)
        origin = provenance.columns(idx.read(raw / writers.file_name(name)), labels)
        tables[name] = arrow.from_arrays(images, labels, arrow.schema(dataset), *origin)
    return tables


def judged(dataset: Dataset, raw: Path, change: Callable[[pa.Table], pa.Table], split: str) -> list[Any]:
    """What fails when `change` is done to one split."""
    tables = joined(dataset, raw)
    tables[split] = change(tables[split])
    rows: Any = {name: Rows.of(part) for name, part in tables.items()}
    verdicts = judge.judge(dataset, rows, 0).verdicts
    return [(v.split, v.check, v.found, [row.id for row in v.rows]) for v in verdicts if not v.success]


def put(**changes: Mapping[int, int | None]) -> Callable[[pa.Table], pa.Table]:
    """Change values of columns, by row."""

    def changed(rows: pa.Table) -> pa.Table:
        for name, own in changes.items():
            field, values = rows.schema.field(name), rows[name].to_pylist()
            values = [own.get(row, value) for row, value in enumerate(values)]
            rows = rows.set_column(rows.schema.get_field_index(name), field, pa.array(values, field.type))
        return rows

    return changed


@pytest.mark.parametrize("change", [{"writer": {7: 9}}, {"hsf": {7: 1}}])
def test_rows_of_another_writer_are_other_rows(
    made: tuple[Path, Dataset], change: dict[str, dict[int, int]]
) -> None:
    """So what passed the gate says."""
    rows = joined(made[1], made[0])["test"]
    same, other = (parquet.fingerprints({"test": Rows.of(changed(rows))}) for changed in (put(), put(**change)))
    assert same == parquet.fingerprints({"test": Rows.of(rows)})
    assert (other["test"], other["test_writers"] == same["test_writers"]) == (same["test"], False)


# Of test, writer 200 wrote rows 0 to 4, 201 rows 5 to 9, and so on to 211; from 206, row 30, on of series 0.
MUTATIONS: dict[str, tuple[Any, list[Any]]] = {
    "nothing": (put(), []),
    "a null, and two rows' series exchanged": (
        put(writer={59: None}, hsf={3: 0, 33: 4}),
        [
            ("test", "writer_of_both", "10 rows, 5 of them 'writer 200'", [*range(5), *range(30, 35)]),
            ("test", "nulls", "1 row", [59]),
        ],
    ),
    "a writer of train, another's rows, and a row of the other series": (
        put(writer=dict.fromkeys(range(5), 100) | dict.fromkeys(range(5, 10), 202), hsf={59: 4}),
        [
            ("test", "halves", "0: 29 for 30, 4: 31 for 30", []),
            ("test", "writers", "11", []),
            ("test", "writer_of_both", "5 rows, 5 of them 'writer 211'", [55, 56, 57, 58, 59]),
            ("test", "shared_writer", "5 rows, 5 of them 'writer 100'", [0, 1, 2, 3, 4]),
        ],
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_gates_name_what_went_wrong_and_its_rows(made: tuple[Path, Dataset], name: str) -> None:
    change, expected = MUTATIONS[name]
    assert sorted(judged(made[1], made[0], change, "test")) == sorted(expected)


def test_the_gates_fail_where_it_was_asked_for_and_not_joined(made: tuple[Path, Dataset]) -> None:
    found = judged(made[1], made[0], lambda rows: rows.select(arrow.COLUMNS), "train")
    assert ("train", "schema") in {(split, check) for split, check, *_ in found}


def test_from_the_gate_to_the_metrics(call: Callable[..., int], capsys: Any) -> None:
    for stage in ("download", "inspect", "convert", "gate", "method"):
        assert call(stage) == 0, capsys.readouterr().err
    assert call("train", by="writer") == 0
    validation = json.loads(Path("metrics/validation.json").read_text())
    assert validation["n"] == 60
    assert call("evaluate") == 0
    test = json.loads(Path("metrics/test.json").read_text())
    assert (test["hsf0"]["n"], test["hsf4"]["n"]) == (30, 30)
    assert test["hsf0"]["errors"] + test["hsf4"]["errors"] == test["errors"]
    with Path("metrics/writers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["writer"]) for row in rows] == writers.WRITERS["test"].tolist()
    assert {row["n"] for row in rows} == {"5"}
    assert call("card", by="writer") == 0
    card = Path("data/model/README.md").read_text()
    assert "| test, hsf4 | error rate" in card
    assert "Who wrote the images: W. Hand. Zlib." in card
    assert all(f"| `{name}` |" in card for name in NAMES)
    assert "60, all that their writers wrote, stratified by label, seed 0" in " ".join(card.split())


def test_a_hold_out_by_writer_needs_the_writers(call: Callable[..., int], capsys: Any) -> None:
    for stage in ("download", "convert", "gate", "method"):
        call(stage, provenance=False)
    capsys.readouterr()
    assert call("train", provenance=False, by="writer") == 2
    said = "train.validation.by: writer: expected rows with a column `writer`, found none"
    assert said in capsys.readouterr().err


@pytest.fixture(scope="session")
def qmnist() -> Path:
    """The folder of QMNIST's two packed files, which the project does not carry."""
    folder = ROOT.parent / "shared/data/qmnist"
    if not folder.is_dir():
        pytest.skip("QMNIST's extended labels are not here; they are no part of the project")
    return folder


@pytest.mark.slow
def test_the_real_ones_go_through(
    mnist: Path, qmnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(mnist, "data/raw")
    train = {
        "method": "sklearn.neighbors:NearestCentroid",
        "validation": {"rows": 10000, "seed": 0, "by": "writer"},
    }
    content = {"dataset": "mnist", "provenance": True, "gate": {}, "train": train}
    Path("params.yaml").write_text(yaml.safe_dump(content))
    for stage in ("download", "inspect", "convert", "gate", "method", "train", "evaluate"):
        assert main([stage, *(["--source", str(qmnist)] if stage == "download" else [])]) == 0, stage
    rows = pq.read_table("data/parquet/train.parquet", columns=["writer", "hsf"])
    assert len(set(rows["writer"].to_pylist())) == 539
    test = json.loads(Path("metrics/test.json").read_text())
    assert (test["hsf0"]["n"], test["hsf4"]["n"]) == (4999, 5001)
    assert test["hsf4"]["error_rate_low"] > test["hsf0"]["error_rate_high"]


@pytest.mark.slow
def test_an_experiment_runs_what_it_touches_and_goes_back(reproduced: Path, tmp_path: Path, run: Run) -> None:
    edit(reproduced / "pipeline/datasets/tiny.yaml", provenance=writers.write(tmp_path / "mirror"))
    commit(run)
    raw = outs(reproduced, "download")
    page = (ROOT / "docs/writers.md").read_text()
    done = run("bash", "-c", next(line for line in page.splitlines() if line.startswith("dvc exp run -S prov")))
    assert (done.returncode, done.stdout.count("Running stage")) == (0, 8), done.stderr
    assert "hsf4.error_rate" in run("dvc", "metrics", "diff").stdout
    for command in ("show", "diff"):
        assert run("dvc", "plots", command).returncode == 0
    assert outs(reproduced, "download") != raw
    edit(reproduced / "params.yaml", provenance=False)
    assert run("dvc", "repro", "download").returncode == 0
    assert outs(reproduced, "download") == raw


def outs(project: Path, stage: str) -> Any:
    return yaml.safe_load((project / "dvc.lock").read_text())["stages"][stage]["outs"]
