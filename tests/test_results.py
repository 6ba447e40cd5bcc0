"""What a failed expectation says: which rows, how many, what they are like, and what the failure usually means."""

import great_expectations.expectations as gxe
import pandas as pd
from conftest import tiny_arrays
from judged import Change, images, judged, put

from pipeline.gates import results
from pipeline.gates.suites import expect
from pipeline.gates.validation import new_context, run_suite
from pipeline.gates.verdicts import Row


def test_rows_are_named_by_their_id_and_not_by_their_place() -> None:
    frame = pd.DataFrame({"id": [7, 9, 6, 5], "label": [0, 3, 1, 3], "like": ["", "row 6", "", None]})
    suite = [
        expect(gxe.ExpectColumnValuesToBeInSet, "label range", "0 or 1", column="label", value_set=[0, 1]),
        expect(gxe.ExpectColumnValuesToBeNull, "duplicates", "no copies", column="like"),
    ]
    found = results.of("train", "train", run_suite(new_context(), "train", suite, frame), frame)
    named = {verdict.expected: verdict.rows for verdict in found.verdicts}
    assert named["0 or 1"] == [Row(5), Row(9)]
    assert named["no copies"] == [Row(6), Row(7), Row(9, "row 6")]
    assert found.tables["0 or 1"] == [{"id": 9, "label": 3}, {"id": 5, "label": 3}]


def test_a_repeated_image_names_the_row_that_it_repeats() -> None:
    change = images(put(slice(40, 43), tiny_arrays(3, 5)[0][:1]))
    (verdict,) = (v for v in judged(change).failed if v.check == "duplicates")
    assert verdict.rows == [Row(41, "row 40"), Row(42, "row 40")]


def test_every_row_that_fails_is_listed_and_counted_however_many() -> None:
    failed = {verdict.check: verdict for verdict in judged(images(put(slice(None), 0))).failed}
    assert [row.id for row in failed["blank"].rows] == list(range(300))
    assert failed["duplicates"].found == "299 rows, 299 of them 'row 0'"


def test_what_a_failure_usually_means_depends_on_its_side() -> None:
    def usually(change: Change) -> str:
        return next(v.usually for v in judged(change).failed if v.check == "images.pixel_mean.mean")

    assert "darker" in usually(images(put(slice(None), 0)))
    assert "inverted" in usually(images(put(slice(None), 200)))
