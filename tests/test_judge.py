"""The judgement of both splits: clean data pass, a report is built where it is asked for and nowhere else."""

from pathlib import Path

import numpy as np
import pytest
from browser import needs_chromium, visit
from judged import bare, failures, images, judged, labels, put, same

from pipeline.base.errors import ConfigError
from pipeline.gates import judge
from pipeline.gates.verdicts import Row


def test_clean_data_pass_and_leave_a_report(tmp_path: Path) -> None:
    assert [verdict for verdict in judged(same, docs=tmp_path).verdicts if not verdict.success] == []
    assert "train" in (tmp_path / "index.html").read_text()
    assert len(list(tmp_path.glob("validations/*.html"))) == 4


@needs_chromium
def test_the_report_shows_what_failed_with_pictures_of_its_rows(tmp_path: Path) -> None:
    judged(images(put([5, 70], 0)), docs=tmp_path)
    inside = "(image => [image.alt, image.naturalWidth > 0, image.closest('section').innerText])"
    seen = visit(tmp_path / "index.html", f"[...document.images].map{inside}", "a[href*=train]")
    assert (seen.errors, seen.requests) == ([], [])
    shown = {alt: (decoded, text) for alt, decoded, text in seen.value}
    decoded, text = shown["rows that break: no blank image"]
    assert decoded
    assert "2 rows" in text
    assert "a conversion failed" in text


def test_no_report_is_left_if_nobody_asks_for_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    judged(same)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_another_program_is_refused_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "index.html").write_text("mine")
    monkeypatch.setattr(judge, "gather", None)
    with pytest.raises(ConfigError, match=r"found index\.html; name another folder"):
        judged(same, docs=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


def test_a_record_without_thresholds_still_says_what_is_known() -> None:
    clean = judged(same, bare())
    assert (failures(clean), {v.check for v in clean.verdicts if not v.success}) == (
        set(),
        {"structure.thresholds"},
    )
    assert failures(judged(labels(put([3, 5], 9)), bare())) == {"label range"}
    assert failures(judged(images(put(7, 0)), bare())) == {"blank", "constant"}
    again = judged(images(lambda values: put(8, values[7])(values)), bare())
    assert [(v.severity, v.rows) for v in again.verdicts if v.check == "duplicates" and v.split == "train"] == [
        ("warning", [Row(8, "row 7")])
    ]


def test_a_split_without_rows_fails() -> None:
    found = judged(lambda rows: rows.slice(0, 0))
    not_measured = {verdict.check for verdict in found.failed if verdict.found == "not measured"}
    assert {"probe_error", "reference_distance", "images.ink.mean"} <= not_measured


def test_every_verdict_has_its_evidence() -> None:
    found = judged(images(put([5, 70], 0)))
    blank = next(verdict for verdict in found.failed if verdict.check == "blank")
    kept = found.evidence["train"].images([row.id for row in blank.rows], (28, 28))
    np.testing.assert_array_equal(kept, np.zeros((2, 28, 28), np.uint8))
