"""The expectations: each kind of bad rows fails one that names it and its rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from conftest import tiny_arrays
from judged import Change, bare, failures, images, judged, labels, put, replaced, tiny
from msgspec.structs import replace

from pipeline.gates import judge
from pipeline.gates.evidence.orientation import glyph
from pipeline.gates.judge import Judgement
from pipeline.gates.verdicts import Row
from pipeline.rows import arrow
from pipeline.rows.blocks import Rows

NULL_LABEL = pa.array([None if row == 7 else row % 3 for row in range(300)], pa.uint8())
SHORT_IMAGE = pa.array([bytes(783 if row == 9 else 784) for row in range(300)], pa.binary())
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
def test_bad_data_fail_by_name(change: Change, expected: str, found: str, rows: list[int]) -> None:
    broken = {verdict.expected: verdict for verdict in judged(change).verdicts if not verdict.success}
    assert (broken[expected].found, [row.id for row in broken[expected].rows]) == (found, rows)
    assert broken[expected].fails
    assert broken[expected].split == "train"


@pytest.mark.parametrize(("column", "other"), [(0, pa.int64()), (2, pa.uint16())])
def test_every_type_of_the_schema_must_be_the_records(column: int, other: pa.DataType) -> None:
    def change(rows: pa.Table) -> pa.Table:
        return rows.cast(rows.schema.set(column, rows.schema.field(column).with_type(other)))

    (verdict,) = (verdict for verdict in judged(change).failed if verdict.check == "schema")
    assert f"{arrow.COLUMNS[column]} {other} not null" in verdict.found


def test_the_metadata_of_the_schema_must_be_the_records() -> None:
    found = judged(lambda rows: rows.replace_schema_metadata(rows.schema.metadata | {b"shape": b"[28, 27]"}))
    assert [verdict.check for verdict in found.failed] == ["schema"]


def test_labels_may_start_at_another_number() -> None:
    from_1 = replace(tiny(), first_label=1)
    schema = arrow.schema(from_1)
    arrays = {"train": tiny_arrays(300, 0), "test": tiny_arrays(60, 1)}

    def given(first: int) -> Judgement:
        rows: Any = {
            split: Rows.of(arrow.from_arrays(x, y + np.uint8(first), schema)) for split, (x, y) in arrays.items()
        }
        return judge.judge(from_1, rows, 0)

    assert failures(given(1)) == set()
    assert "label range" in failures(given(0))


def test_images_that_were_not_turned_fail_for_their_orientation() -> None:
    letters = bare(transposed=True, class_names=("L", "F", "T"))
    drawn = np.stack([glyph(name, (28, 28)) for name in letters.class_names]).astype(np.uint8)
    given = tiny_arrays(300, 0)[1]

    def turned(axes: tuple[int, int, int]) -> Judgement:
        noise = np.random.default_rng(0).integers(0, 9, (300, 28, 28), np.uint8)
        pictures = (np.minimum(drawn[given], 240) + noise).transpose(axes)
        return judged(replaced("image", pa.array([row.tobytes() for row in pictures], pa.binary(784))), letters)

    assert "orientation" not in {v.check for v in turned((0, 1, 2)).failed if v.split == "train"}
    (wrong,) = (v for v in turned((0, 2, 1)).failed if (v.check, v.split) == ("orientation", "train"))
    assert (wrong.found, wrong.expected) == ("transposed", "images upright, compared with drawn characters")


@pytest.mark.parametrize(("check", "step"), [("duplicates", 0), ("near_duplicates", 1)])
def test_repeats_that_the_record_allows_are_a_warning_that_lists_them(check: str, step: int) -> None:
    dataset, image = tiny(), np.roll(tiny_arrays(300, 0)[0][40], step, axis=1)
    both = np.stack([image, np.roll(image, -2 * step, axis=1)])
    once, twice = images(put(43, image)), images(put([43, 46], both))

    def listed(change: Any, allowed: int | None) -> tuple[list[str], Sequence[Row], list[str]]:
        """For a change: the severities of what does not hold, the rows of the first, and the checks that fail."""
        assert dataset.train.expect
        known = replace(dataset.train.expect, **{check: allowed})
        found = judged(change, replace(dataset, train=replace(dataset.train, expect=known)))
        broken = [v for v in found.verdicts if v.check == check and v.split == "train" and not v.success]
        return [v.severity for v in broken], broken[0].rows, [v.check for v in found.failed if v.check == check]

    rows = [Row(row, "row 40") for row in (43, 46)]
    assert listed(once, 1) == (["warning"], rows[:1], [])
    assert listed(twice, 1) == (["warning", "critical"], rows, [check])
    assert listed(once, 0) == (["critical"], rows[:1], [check])
    if check == "near_duplicates":
        assert listed(twice, None) == (["warning"], rows, []), "an older record has no number for it"
