"""The gate: clean data pass, and each kind of bad data fails with an expectation that names it and its rows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from browser import needs_chromium, visit
from conftest import tiny_arrays, write_tiny
from msgspec.structs import replace
from numpy.typing import NDArray

from pipeline import quality, table
from pipeline.datasets import Dataset
from pipeline.files import convert
from pipeline.orientation import glyph
from pipeline.quality import Judgement
from pipeline.quality.verdicts import Row, Verdict
from pipeline.rows import Rows

Change = Callable[[pa.Table], pa.Table]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return convert(write_tiny(tmp_path_factory.mktemp("raw")), Dataset, Path("tiny.yaml"))


def judge(dataset: Dataset, change: Change, docs: Path | None = None) -> Judgement:
    """What the gate says when `change` is done to train."""
    train = table.from_arrays(*tiny_arrays(300, 0), table.schema(dataset))
    test = table.from_arrays(*tiny_arrays(60, 1), table.schema(dataset))
    return quality.judge(dataset, {"train": Rows.of(change(train)), "test": Rows.of(test)}, 0, docs)


def same(rows: pa.Table) -> pa.Table:
    return rows


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
    assert [verdict for verdict in judge(dataset, same, tmp_path).verdicts if not verdict.success] == []
    assert "train" in (tmp_path / "index.html").read_text()
    assert len(list(tmp_path.glob("validations/**/*.html"))) == 4


@needs_chromium
def test_the_report_shows_what_failed_with_pictures_of_its_rows(dataset: Dataset, tmp_path: Path) -> None:
    judge(dataset, images(put([5, 70], 0)), tmp_path)
    inside = "(image => [image.alt, image.naturalWidth > 0, image.closest('section').innerText])"
    seen = visit(tmp_path / "index.html", f"[...document.images].map{inside}", "a[href*=train]")
    assert (seen.errors, seen.requests) == ([], [])
    shown = {alt: (decoded, text) for alt, decoded, text in seen.value}
    decoded, text = shown["rows that break: no blank image"]
    assert decoded
    assert "2 rows" in text
    assert "a failed conversion" in text


def test_no_report_is_left_where_none_is_asked_for(dataset: Dataset, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    judge(dataset, same)
    assert list(tmp_path.iterdir()) == []


NULL_LABEL = pa.array([None if row == 7 else row % 3 for row in range(300)], pa.uint8())
SHORT_IMAGE = pa.array([bytes(784 - (row == 9)) for row in range(300)], pa.binary())
NULL_ID = pa.array([None if row == 7 else row for row in range(300)], pa.int32())
TWICE = pa.array(np.r_[0:299, 4].astype(np.int32))


@pytest.mark.parametrize(
    ("change", "expected", "found", "rows"),
    [
        (lambda rows: rows.slice(0, 299), "300 rows", "299", []),
        (labels(put(5, 0)), "rows of each label: 100, 100, 100", "0: 101 for 100, 2: 99 for 100", []),
        (labels(put([8, 11], 10)), "labels are 0 to 2", "2 rows", [8, 11]),
        (replaced("label", NULL_LABEL), "label is never null", "1 row", [7]),
        (replaced("label", pa.array(np.arange(300) % 3)), "label is uint8", "int64", []),
        (replaced("id", NULL_ID), "id is never null", "1 row", []),
        (replaced("id", TWICE), "no id twice", "2 rows", [4]),
        (replaced("id", pa.array(np.arange(1, 301, dtype=np.int32))), "the first id is 0", "1", []),
        (lambda rows: rows.take(np.r_[1, 0, 2:300]), "ids increase", "1 row", [0]),
        (images(put([5, 70], 0)), "no blank image", "2 rows", [5, 70]),
        (images(put([5, 70], 9)), "no image of one grey level", "2 rows", [5, 70]),
        (images(put((17, 0, [0, 5]), 255)), "bright pixels that stand alone, of each: 0 to 1", "1 row", [17]),
        (replaced("image", SHORT_IMAGE), "images of 784 bytes", "1 row", [9]),
        (
            images(put(slice(40, 43), tiny_arrays(3, 5)[0][:1])),
            "images seen before: none",
            "2 rows, 2 of them 'row 40'",
            [41, 42],
        ),
        (
            labels(put(slice(None), tiny_arrays(301, 0)[1][1:])),
            "each label has the images that it has in the record",
            "every label changed by +1",
            [],
        ),
    ],
)
def test_bad_data_fail_by_name(
    dataset: Dataset, change: Change, expected: str, found: str, rows: list[int]
) -> None:
    broken = {verdict.expected: verdict for verdict in judge(dataset, change).verdicts if not verdict.success}
    assert (broken[expected].found, [row.id for row in broken[expected].rows]) == (found, rows)
    assert broken[expected].fails
    assert broken[expected].split == "train"


def test_a_repeated_image_names_the_row_that_it_repeats(dataset: Dataset) -> None:
    change = images(put(slice(40, 43), tiny_arrays(3, 5)[0][:1]))
    (verdict,) = (v for v in judge(dataset, change).failed if v.check == "duplicates")
    assert verdict.rows == [Row(41, "row 40"), Row(42, "row 40")]


def test_every_row_that_fails_is_listed_and_counted_however_many(dataset: Dataset) -> None:
    failed = {verdict.check: verdict for verdict in judge(dataset, images(put(slice(None), 0))).failed}
    assert [row.id for row in failed["blank"].rows] == list(range(300))
    assert failed["duplicates"].found == "299 rows, 299 of them 'row 0'"


def test_what_a_failure_usually_means_depends_on_its_side(dataset: Dataset) -> None:
    def usually(change: Change) -> str:
        return next(v.usually for v in judge(dataset, change).failed if v.check == "images.pixel_mean.mean")

    assert "darker" in usually(images(put(slice(None), 0)))
    assert "inverted" in usually(images(put(slice(None), 200)))


def test_a_warning_does_not_fail_the_gate() -> None:
    assert not Verdict("train", "ink", "warning", "dark", "", [], success=False, usually="").fails


def test_the_report_counts_by_split(dataset: Dataset) -> None:
    judged = judge(dataset, images(put([5, 70], 0)))
    numbers = quality.report(judged)["train"]
    assert {key: numbers[key] for key in ("rows", "blank", "duplicates", "suspects")} == {
        "rows": 300,
        "blank": 2,
        "duplicates": 1,
        "suspects": 2,
    }
    assert numbers["failed"] == len([v for v in judged.failed if v.split == "train"]) > 2
    assert quality.report(judged)["test"]["failed"] == 0


def test_a_split_without_rows_fails_and_has_a_report_too(dataset: Dataset) -> None:
    judged = judge(dataset, lambda rows: rows.slice(0, 0))
    report = quality.report(judged)["train"]
    assert (report["rows"], report["pixel_mean"]) == (0, 0.0)
    not_measured = {verdict.check for verdict in judged.failed if verdict.found == "not measured"}
    assert {"probe_error", "reference_distance", "images.ink.mean"} <= not_measured


@pytest.mark.parametrize(("column", "other"), [(0, pa.int64()), (2, pa.uint16())])
def test_the_schema_is_held_to_the_letter(dataset: Dataset, column: int, other: pa.DataType) -> None:
    def change(rows: pa.Table) -> pa.Table:
        return rows.cast(rows.schema.set(column, rows.schema.field(column).with_type(other)))

    (verdict,) = (verdict for verdict in judge(dataset, change).failed if verdict.check == "schema")
    assert f"{table.COLUMNS[column]} {other} not null" in verdict.found


def test_the_schemas_metadata_are_held_to_the_letter(dataset: Dataset) -> None:
    judged = judge(
        dataset, lambda rows: rows.replace_schema_metadata(rows.schema.metadata | {b"shape": b"[28, 27]"})
    )
    assert [verdict.check for verdict in judged.failed] == ["schema"]


def bare(dataset: Dataset, **changes: Any) -> Dataset:
    """The dataset as a record has it whose files nobody has measured."""
    train, test = (replace(record, expect=None, class_counts=None) for record in dataset.splits.values())
    return replace(dataset, expect=None, train=train, test=test, **changes)


def failures(judged: Judgement) -> set[str]:
    return {verdict.check for verdict in judged.failed} - {"schema"}  # a changed column may be null


def test_a_record_without_thresholds_still_says_what_is_known(dataset: Dataset) -> None:
    clean = judge(bare(dataset), same)
    assert (failures(clean), {v.check for v in clean.verdicts if not v.success}) == (
        set(),
        {"structure.thresholds"},
    )
    for numbers in quality.report(clean).values():
        assert (numbers["failed"], "reference_distance" in numbers) == (0, False)
    assert failures(judge(bare(dataset), labels(put([3, 5], 9)))) == {"label range"}
    assert failures(judge(bare(dataset), images(put(7, 0)))) == {"blank", "constant"}
    again = judge(bare(dataset), images(lambda values: put(8, values[7])(values)))
    assert [(v.severity, v.rows) for v in again.verdicts if v.check == "duplicates" and v.split == "train"] == [
        ("warning", [Row(8, "row 7")])
    ]


def test_labels_may_start_at_another_number(dataset: Dataset) -> None:
    from_1 = replace(dataset, first_label=1)
    schema = table.schema(from_1)
    arrays = {"train": tiny_arrays(300, 0), "test": tiny_arrays(60, 1)}

    def judged(first: int) -> Judgement:
        rows: Any = {
            split: Rows.of(table.from_arrays(x, y + np.uint8(first), schema)) for split, (x, y) in arrays.items()
        }
        return quality.judge(from_1, rows, 0)

    assert failures(judged(1)) == set()
    assert "label range" in failures(judged(0))


def test_images_that_were_not_turned_fail_for_their_orientation(dataset: Dataset) -> None:
    letters = bare(dataset, transposed=True, class_names=("L", "F", "T"))
    drawn = np.stack([glyph(name, 28) for name in letters.class_names]).astype(np.uint8)
    given = tiny_arrays(300, 0)[1]

    def turned(axes: tuple[int, int, int]) -> Judgement:
        noise = np.random.default_rng(0).integers(0, 9, (300, 28, 28), np.uint8)
        pictures = (np.minimum(drawn[given], 240) + noise).transpose(axes)
        return judge(letters, replaced("image", pa.array([row.tobytes() for row in pictures], pa.binary(784))))

    assert "orientation" not in {v.check for v in turned((0, 1, 2)).failed if v.split == "train"}
    (wrong,) = (v for v in turned((0, 2, 1)).failed if (v.check, v.split) == ("orientation", "train"))
    assert (wrong.found, wrong.expected) == ("transposed", "images upright, beside drawn characters")
