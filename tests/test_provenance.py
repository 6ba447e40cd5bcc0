"""Who wrote each digit: brought, checked row for row, joined, held by the gates, used by hold-out and metrics."""

import csv
import gzip
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import writers
import yaml
from conftest import ROOT, Run, commit, edit, tiny_arrays, write_tiny
from numpy.typing import NDArray

from pipeline import contract, datasets, idx, provenance, quality, table
from pipeline.__main__ import main
from pipeline.datasets import Dataset
from pipeline.errors import ConfigError, DataError
from pipeline.files import convert
from pipeline.rows import Rows

NAMES = [writers.file_name(split) for split in ("train", "test")]
Values = NDArray[Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Dataset]:
    """The raw files of the tiny dataset and of who wrote it, and its record."""
    raw = tmp_path_factory.mktemp("raw")
    record = write_tiny(raw)
    return raw, convert(record | {"provenance": writers.write(raw)}, Dataset, Path("tiny.yaml"))


@pytest.fixture
def call(made: tuple[Path, Dataset], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run a stage on the tiny dataset, in a folder of its own: `call("download", provenance=True)`."""
    record = json.loads(json.dumps(write_tiny(tmp_path / "mirror")))
    record["provenance"] = writers.write(tmp_path / "mirror")
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(record))
    monkeypatch.setattr(datasets, "FOLDER", tmp_path)
    monkeypatch.chdir(tmp_path)

    def run(stage: str, provenance: bool = True, by: str | None = None) -> int:
        train = {"method": "logistic_regression", "validation": {"rows": 60, "seed": 0, "by": by}}
        content = {"dataset": "tiny", "provenance": provenance, "gate": {}, "train": train}
        Path("params.yaml").write_text(yaml.safe_dump(content))
        return main([stage, *(["--source", "mirror"] if stage == "download" else [])])

    return run


def spoiled(raw: Path, folder: Path, change: Callable[[Values], Any], split: str = "train") -> Path:
    """A copy of the raw files in which `change` was done to a file of extended labels."""
    shutil.copytree(raw, folder)
    array = np.array(idx.read(raw / writers.file_name(split)))
    (folder / writers.file_name(split)).write_bytes(idx.encode(array if change(array) is None else change(array)))
    return folder


def test_mnist_s_record_says_what_was_measured() -> None:
    known = datasets.load("mnist", provenance=True).provenance
    assert known is not None
    assert [(part.writers, part.hsf) for part in known.splits.values()] == [
        (539, {0: 30950, 4: 29050}),
        (297, {0: 4999, 4: 5001}),
    ]
    assert datasets.load("mnist").provenance is None


def test_a_dataset_of_which_it_is_not_known_says_so(call: Callable[..., int], capsys: Any) -> None:
    edit(Path("tiny.yaml"), provenance=None)
    assert call("download") == 2
    said = "download: error: provenance: expected false, for the record of tiny has none, found true\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("provenance__test__hsf", {0: 30, 4: 29}, r"provenance\.test\.hsf: expected 60 rows in all, found 59"),
        ("provenance__train__file__bytes", 12 + 32 * 299, r"train\.file\.bytes: .* 300 rows or more, found 9,580"),
        ("provenance__train__file__name", "t10k-labels-idx1-ubyte", "expected 6 files, found two of one name"),
    ],
)
def test_a_record_that_contradicts_itself_is_refused(
    call: Callable[..., int], key: str, value: object, message: str
) -> None:
    edit(Path("tiny.yaml"), **{key: value})
    with pytest.raises(ConfigError, match=message):
        datasets.load("tiny")


def test_its_files_come_where_they_are_wanted_and_go_where_they_are_not(call: Callable[..., int]) -> None:
    for name in NAMES:  # as they are published
        path = Path("mirror", name)
        path.with_name(f"{name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert call("download", provenance=False) == 0
    before = sorted(path.name for path in Path("data/raw").iterdir())
    assert call("download") == 0
    assert sorted(path.name for path in Path("data/raw").iterdir()) == sorted([*before, *NAMES])
    assert call("download", provenance=False) == 0
    assert sorted(path.name for path in Path("data/raw").iterdir()) == before


def test_sound_files_have_no_findings(made: tuple[Path, Dataset]) -> None:
    raw, dataset = made
    assert contract.inspect(dataset, raw).findings == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            lambda x: x.__setitem__(([3, 40], 0), 9),
            "classes: expected the labels, row for row, found 2 others, in rows 3, 40",
        ),
        (lambda x: x[:, :7], "shape: expected 305 x 8 of int32, found 305 x 7 of int32"),
        (lambda x: x.astype(np.int16), "shape: expected 305 x 8 of int32, found 305 x 8 of int16"),
    ],
)
def test_what_differs_is_found_with_its_rows(
    made: tuple[Path, Dataset], tmp_path: Path, change: Callable[[Values], Any], found: str
) -> None:
    raw, dataset = made
    findings = contract.inspect(dataset, spoiled(raw, tmp_path / "raw", change)).findings
    assert findings[0].check == "SHA-256"
    assert [str(finding) for finding in findings[1:]] == [f"{NAMES[0]}: {found}"]


@pytest.mark.parametrize("shape", [(400,), (300, 2), (200,)])
def test_labels_of_another_shape_are_findings_beside_it(
    made: tuple[Path, Dataset], tmp_path: Path, shape: tuple[int, ...]
) -> None:
    raw, dataset = made
    folder = shutil.copytree(raw, tmp_path / "raw")
    (folder / "train-labels-idx1-ubyte").write_bytes(idx.encode(np.ones(shape, np.uint8)))
    found = {finding.check for finding in contract.inspect(dataset, folder).findings}
    assert {"SHA-256", "shape"} <= found


def test_a_missing_file_is_found(made: tuple[Path, Dataset], tmp_path: Path) -> None:
    raw, dataset = made
    shutil.copytree(raw, tmp_path / "raw")
    (tmp_path / "raw" / NAMES[1]).unlink()
    findings = contract.inspect(dataset, tmp_path / "raw").findings
    assert [(finding.where, finding.check) for finding in findings] == [(NAMES[1], contract.MISSING)]


LABELS = np.arange(5, dtype=np.uint8)


def known(*changes: tuple[int, int, int], rows: int = 6) -> NDArray[np.int32]:
    """Extended labels of LABELS, with (row, column, value) changed."""
    result = np.zeros((rows, 8), np.int32)
    result[: len(LABELS), 0] = LABELS[:rows]
    for row, column, value in changes:
        result[row, column] = value
    return result


def test_writer_and_series_are_the_columns_of_the_first_rows() -> None:
    writer, hsf = provenance.columns(known((1, 2, 2599), (4, 1, 4)), LABELS)
    assert (str(writer.dtype), str(hsf.dtype)) == ("int16", "int8")
    assert (writer.tolist(), hsf.tolist()) == ([0, 2599, 0, 0, 0], [0, 0, 0, 0, 4])


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (known((2, 0, 7), (4, 0, 1)), "found 2 others: rows 2, 4"),
        (known(rows=4), r"expected int32\[5 or more, 8\], found int32\[4, 8\]"),
        (known().astype(np.int64), r"found int64\[6, 8\]"),
        (known((3, 2, 40_000)), "expected int16, series int8, found others: rows 3"),
    ],
)
def test_what_does_not_fit_is_not_joined(array: NDArray[np.int32], message: str) -> None:
    with pytest.raises(DataError, match=message):
        provenance.columns(array, LABELS)


def test_convert_joins_by_row_and_only_where_it_is_asked_to(call: Callable[..., int]) -> None:
    call("download")
    assert call("convert", provenance=False) == 0
    plain = pq.read_table("data/parquet/test.parquet")
    assert plain.schema.names == table.COLUMNS
    assert call("convert") == 0
    rows = pq.read_table("data/parquet/test.parquet")
    expected = writers.extended(Path("mirror"), "test")[:60]
    assert rows.schema.field("writer").type == pa.int16()
    assert rows.schema.field("hsf").type == pa.int8()
    np.testing.assert_array_equal(rows["writer"], expected[:, 2])
    np.testing.assert_array_equal(rows["hsf"], expected[:, 1])
    assert rows.select(table.COLUMNS).equals(plain)


@pytest.mark.parametrize("change", [{"writer": {7: 9}}, {"hsf": {7: 1}}])
def test_rows_of_another_writer_are_other_rows(
    made: tuple[Path, Dataset], change: dict[str, dict[int, int]]
) -> None:
    """So what passed the gate says."""
    rows = joined(made[1], made[0])["test"]
    same, other = (table.fingerprints({"test": Rows.of(changed(rows))}) for changed in (put(), put(**change)))
    assert same == table.fingerprints({"test": Rows.of(rows)})
    assert (other["test"], other["test_writers"] == same["test_writers"]) == (same["test"], False)


def test_convert_refuses_what_is_of_other_rows(call: Callable[..., int], capsys: Any) -> None:
    call("download")
    path = Path("data/raw", NAMES[0])
    path.write_bytes(idx.encode(np.roll(idx.read(path), 1, axis=0)))
    assert call("convert") == 1
    error = capsys.readouterr().err
    assert error.startswith(
        f"convert: error: {path}: expected the labels, row for row, found 299 others: rows 1, 2"
    )
    assert error.endswith("and 199 more; run `python -m pipeline inspect`\n")


def joined(dataset: Dataset, raw: Path) -> dict[str, pa.Table]:
    """Both splits, with writers."""
    tables = {}
    for seed, (name, rows) in enumerate([("train", 300), ("test", 60)]):
        images, labels = tiny_arrays(rows, seed)
        origin = provenance.columns(idx.read(raw / writers.file_name(name)), labels)
        tables[name] = table.from_arrays(images, labels, table.schema(dataset), *origin)
    return tables


def judged(dataset: Dataset, raw: Path, change: Callable[[pa.Table], pa.Table], split: str) -> list[Any]:
    """What fails when `change` is done to one split."""
    tables = joined(dataset, raw)
    tables[split] = change(tables[split])
    rows: Any = {name: Rows.of(part) for name, part in tables.items()}
    verdicts = quality.judge(dataset, rows, 0).verdicts
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
    found = judged(made[1], made[0], lambda rows: rows.select(table.COLUMNS), "train")
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
    said = "train.validation.by: writer: expected rows that say who wrote them, found none"
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
    readme = (ROOT / "README.md").read_text()
    done = run("bash", "-c", next(line for line in readme.splitlines() if line.startswith("dvc exp run -S prov")))
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
