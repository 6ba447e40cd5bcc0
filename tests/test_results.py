"""What a failed expectation says: which rows, how many, what they are like, and what the failure usually means."""

from conftest import tiny_arrays
from judged import Change, images, judged, put

from pipeline.gates.verdicts import Row


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
