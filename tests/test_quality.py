"""The gate: clean data pass, and each kind of bad data fails with an expectation that names it and its rows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from conftest import tiny_arrays, write_tiny
from numpy.typing import NDArray

from pipeline import quality, table
from pipeline.datasets import Dataset, Split
from pipeline.files import convert
from pipeline.quality import Verdict

Change = Callable[[pa.Table], pa.Table]
Frames = dict[Split, pd.DataFrame]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return convert(write_tiny(tmp_path_factory.mktemp("raw")), Dataset, Path("tiny.yaml"))


def run_gate(dataset: Dataset, docs: Path, change: Change) -> list[Verdict]:
    """The expectations that fail when `change` is done to train."""
    train = table.from_arrays(*tiny_arrays(300, 0), table.schema(dataset))
    test = table.from_arrays(*tiny_arrays(60, 1), table.schema(dataset))
    frames: Frames = {"train": quality.profile(change(train), 784), "test": quality.profile(test, 784)}
    return [verdict for verdict in quality.validate(dataset, frames, docs) if not verdict.success]


def replaced(column: str, values: pa.Array) -> Change:
    return lambda rows: rows.set_column(rows.schema.get_field_index(column), column, values)


def labels(change: Callable[[NDArray[np.uint8]], None]) -> Change:
    values = tiny_arrays(300, 0)[1].copy()
    change(values)
    return replaced("label", pa.array(values))


def images(change: Callable[[NDArray[np.uint8]], None]) -> Change:
    values = tiny_arrays(300, 0)[0].copy()
    change(values)
    return replaced("image", pa.array([row.tobytes() for row in values], pa.binary(784)))


def put(where: Any, value: Any) -> Callable[[NDArray[np.uint8]], None]:
    return lambda values: values.__setitem__(where, value)


def test_clean_data_pass_and_leave_a_report(dataset: Dataset, tmp_path: Path) -> None:
    assert run_gate(dataset, tmp_path, lambda rows: rows) == []
    assert "train" in (tmp_path / "index.html").read_text()
    assert len(list(tmp_path.glob("validations/**/*.html"))) == 2


NULL_LABEL = pa.array([None if row == 7 else row % 3 for row in range(300)], pa.uint8())
SHORT_IMAGE = pa.array([bytes(784 - (row == 9)) for row in range(300)], pa.binary())
NULL_ID = pa.array([None if row == 7 else row for row in range(300)], pa.int32())
TWICE = pa.array(np.r_[0:299, 4].astype(np.int32))


@pytest.mark.parametrize(
    ("change", "expectation", "found", "rows"),
    [
        (lambda rows: rows.slice(0, 299), "300 rows", "299", []),
        (labels(put([3, 4], [1, 0])), None, None, []),
        (labels(put(5, 0)), "rows of each label: 100, 100, 100", "0: 101 for 100, 2: 99 for 100", []),
        (labels(put([8, 11], 10)), "labels are 0 to 2", "2 rows", [8, 11]),
        (replaced("label", NULL_LABEL), "label is never null", "1 rows", [7]),
        (replaced("label", pa.array(np.arange(300) % 3)), "label is uint8", "int64", []),
        (replaced("id", NULL_ID), "id is never null", "1 rows", []),
        (replaced("id", TWICE), "no id twice", "2 rows", [4]),
        (replaced("id", pa.array(np.arange(1, 301, dtype=np.int32))), "the first id is 0", "1", []),
        (lambda rows: rows.take(np.r_[1, 0, 2:300]), "ids increase", "1 rows", [0]),
        (images(put([5, 70], 0)), "no blank image", "2 rows", [5, 70]),
        (images(put(slice(None), 255)), "mean grey level between 10 and 20", "255", []),
        (images(put([17], 1)), "non-zero pixels of an image between 60 and 64", "1 rows", [17]),
        (replaced("image", SHORT_IMAGE), "images of 784 bytes", "1 rows", [9]),
    ],
)
def test_bad_data_fail_by_name(
    dataset: Dataset, tmp_path: Path, change: Change, expectation: str | None, found: str | None, rows: list[int]
) -> None:
    broken = {verdict.expectation: verdict for verdict in run_gate(dataset, tmp_path, change)}
    if expectation is None:  # two labels swapped: every count agrees, so this gate cannot see it
        assert broken == {}
        return
    assert (broken[expectation].found, broken[expectation].rows) == (found, rows)
    assert broken[expectation].fails
    assert {verdict.split for verdict in broken.values()} == {"train"}


def test_a_warning_does_not_fail_the_gate() -> None:
    assert not Verdict("train", "dark", "", [], success=False, severity="warning").fails


def test_the_table_for_people_lines_up() -> None:
    text = quality.as_text([Verdict("train", "300 rows", "299", [], False, "critical")])
    assert text.splitlines() == [
        "SPLIT  SEVERITY  EXPECTED  FOUND  ROWS",
        "train  critical  300 rows  299",
    ]


def test_the_report_counts_by_split(dataset: Dataset, tmp_path: Path) -> None:
    frames: Frames = {
        "train": quality.profile(table.from_arrays(*tiny_arrays(300, 0), table.schema(dataset)), 784)
    }
    report = quality.report(frames, [Verdict("train", "", "", [], False, s) for s in ("critical", "warning")])
    numbers = {key: report["train"][key] for key in ("rows", "blank", "expectations", "failed", "warnings")}
    assert numbers == {"rows": 300, "blank": 0, "expectations": 2, "failed": 1, "warnings": 1}


def test_a_split_without_rows_has_a_report_too(dataset: Dataset) -> None:
    empty = table.from_arrays(*tiny_arrays(0, 0), table.schema(dataset))
    report = quality.report(
        {"test": quality.profile(empty, 784)}, [Verdict("test", "", "", [], False, "critical")]
    )
    assert (report["test"]["rows"], report["test"]["pixel_mean"]) == (0, 0.0)


def test_the_schema_is_held_to_the_letter(dataset: Dataset) -> None:
    agreed = table.schema(dataset)
    assert quality.schema_verdict("train", agreed, agreed).success
    for index, other in [(0, pa.int64()), (1, pa.binary()), (2, pa.string())]:
        changed = agreed.set(index, agreed.field(index).with_type(other))
        verdict = quality.schema_verdict("train", changed, agreed)
        assert verdict.fails
        assert f"{agreed.names[index]} {other} not null" in verdict.found
