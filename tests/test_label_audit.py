"""The label audit: all rows ranked, wrong labels first; its command writes a table and a picture."""

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
from conftest import Run, edit, tiny_arrays
from PIL import Image

from pipeline.base.outputs import Outputs
from pipeline.gates import label_audit
from pipeline.rows import parquet
from pipeline.rows.blocks import Rows


def change_labels(path: Path, changes: dict[int, int]) -> None:
    """Write other labels into a Parquet file of the project."""
    table = parquet.read(path)
    labels = table["label"].to_numpy().copy()
    labels[list(changes)] = list(changes.values())
    with Outputs() as out:
        parquet.write(Rows.of(table.set_column(2, table.schema.field("label"), pa.array(labels))), path, out)


def test_the_command_ranks_the_rows_of_both_splits_and_shows_the_first(reproduced: Path, here: Run) -> None:
    change_labels(reproduced / "data/parquet/train.parquet", {5: 0, 70: 2})  # from 2 and 1
    change_labels(reproduced / "data/parquet/test.parquet", {9: 1})  # from 0
    done = here("audit")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "audit: tiny: 3 of 360 labels contradicted; see data/audit/labels.csv\n"
    rows = list(csv.DictReader((reproduced / "data/audit/labels.csv").open(newline="")))
    found = {(row["split"], row["id"], row["given"], row["suggested"]) for row in rows[:3]}
    assert found == {("train", "5", "0", "2"), ("train", "70", "2", "1"), ("test", "9", "1", "0")}
    assert len({(row["split"], row["id"]) for row in rows}) == len(rows) == 360
    scores = [float(row["score"]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    with Image.open(reproduced / "data/audit/labels.png") as picture:
        assert picture.size > (500, 500)


def test_it_changes_no_file_that_dvc_or_git_holds(reproduced: Path, here: Run, run: Run) -> None:
    before = run("git", "status", "--short").stdout
    assert here("audit").returncode == 0
    assert run("git", "status", "--short").stdout == before


def test_it_is_the_method_of_params_with_its_arguments(reproduced: Path, here: Run) -> None:
    edit(reproduced / "params.yaml", train__method="nope")
    done = here("audit")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    edit(reproduced / "params.yaml", train__method="linear", train__C=None)
    here("audit")
    first = (reproduced / "data/audit/labels.csv").read_bytes()
    edit(reproduced / "params.yaml", train__method="gradient_svm")
    here("audit")
    assert (reproduced / "data/audit/labels.csv").read_bytes() != first


def test_labels_that_the_record_does_not_know_are_one_line(reproduced: Path, here: Run) -> None:
    change_labels(reproduced / "data/parquet/test.parquet", {9: 7})
    done = here("audit")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "expected labels 0 to 2, found 7" in done.stderr


def test_the_probe_doubts_what_it_contradicts_surely() -> None:
    images, labels = tiny_arrays(300, 0)
    planted = labels.astype(np.int64)
    planted[[4, 8]] = [2, 0]
    assert np.flatnonzero(label_audit.doubted(images, planted, 3, seed=0)).tolist() == [4, 8]
    coloured = np.repeat(images[..., None], 3, axis=3)
    assert np.flatnonzero(label_audit.doubted(coloured, planted, 3, seed=0)).tolist() == [4, 8]
