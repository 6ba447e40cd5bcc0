"""`gates.check` for programs and notebooks: a report, and the documented errors; nothing is printed."""

import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import numpy as np
import pytest
from conftest import ROOT
from forms import keras
from reading import TINY, tiny

from pipeline import gates
from pipeline.base.errors import ConfigError, DataError, PipelineError, UnavailableError
from pipeline.gates import explained
from pipeline.gates.report import Report

IMAGES, LABELS = TINY["train"]


@pytest.fixture(scope="module")
def clean() -> Report:
    """The report on the tiny dataset itself, as arrays."""
    return gates.check(TINY, tiny())


@pytest.fixture(scope="module")
def bad() -> Report:
    """The report on train with a blank image and other bytes than the record's."""
    images = IMAGES.copy()
    images[7] = 0
    return gates.check({**TINY, "train": (images, LABELS)}, tiny(), checksums=False)


def test_good_data_pass(clean: Report) -> None:
    assert clean.passed
    assert clean.failures == []
    clean.raise_for_failures()
    assert str(clean) == "tiny: 107 expectations checked, none failed"


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    gates.check(TINY, tiny())
    assert capfd.readouterr() == ("", "")


def test_what_fails_is_named_with_its_rows(bad: Report) -> None:
    assert not bad.passed
    blank = next(verdict for verdict in bad.failures if verdict.check == "blank")
    assert [row.id for row in blank.rows] == [7]
    with pytest.raises(
        DataError, match=r"^tiny: 107 expectations checked, \d+ failed: train: blank: expected no blank"
    ):
        bad.raise_for_failures()


def test_the_evidence_has_a_row_for_each_image(bad: Report) -> None:
    assert {split: len(rows) for split, rows in bad.evidence.items()} == {"train": 300, "test": 60}
    assert bad.evidence["train"].loc[7, "ink"] == 0


def test_json_is_that_of_the_command(bad: Report) -> None:
    content = json.loads(bad.to_json())
    assert content["failed"] == len(bad.failures)
    assert len(content["verdicts"]) == len(bad.verdicts)


class Page(HTMLParser):
    """What a page shows and asks for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what each tag loads."""
        self.found += [(tag, value or "") for name, value in attrs if name in {"src", "srcdoc", "href"}]


def test_the_page_shows_the_rows_and_asks_for_no_other_file(bad: Report) -> None:
    text = bad.to_html()
    assert "train: blank" in text
    assert {(tag, value[:22]) for tag, value in Page(text).found} == {("img", "data:image/png;base64,")}
    assert "<script" not in text


def test_a_notebook_shows_the_page_in_a_frame(bad: Report) -> None:
    [(tag, page)] = Page(bad._repr_html_()).found
    assert (tag, page) == ("iframe", bad.to_html())


def test_a_name_that_is_markup_stays_text() -> None:
    report = gates.check(TINY, msgspec.structs.replace(tiny(), name="<script>x</script>"))
    assert "<script" not in report.to_html()


def test_one_split_alone(tmp_path: Path) -> None:
    report = gates.check(keras(tmp_path, {"test": TINY["test"]}), tiny(), split="test")
    assert report.passed
    assert {verdict.split for verdict in report.verdicts if not verdict.success} == {"both"}
    assert not {"shared", "near", "drift", "suspects", "probe_error"} & {
        verdict.check for verdict in report.verdicts
    }


def test_one_split_alone_still_fails(tmp_path: Path) -> None:
    images, labels = TINY["test"]
    report = gates.check({"test": (images, np.roll(labels, 1))}, tiny(), split="test", checksums=False)
    assert "label_offset" in {verdict.check for verdict in report.failures}


def test_a_split_that_is_missing_is_a_failure_that_says_how_to_go_on() -> None:
    report = gates.check({"test": TINY["test"]}, tiny())
    assert [verdict.check for verdict in report.failures] == ["structure.file"] * 2
    assert "`--split test` checks test alone" in report.failures[0].found


@pytest.mark.parametrize(
    ("data", "record", "error", "says"),
    [
        ("absent", "mnist", UnavailableError, "absent: expected a folder with train-images-idx3-ubyte"),
        (".", "mnits", ConfigError, "dataset: expected one of emnist-balanced"),
        ({"train": (IMAGES / 255, LABELS)}, "mnist", DataError, "train: images: expected whole numbers"),
        ({"train": (IMAGES, LABELS[1:])}, "mnist", DataError, "train: expected as many labels as images"),
    ],
)
def test_what_cannot_be_checked_is_an_error(
    data: object,
    record: str,
    error: type[PipelineError],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=says):
        gates.check(data, record)  # type: ignore[arg-type]


def test_a_record_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(explained.as_yaml(tiny()))
    assert gates.check(TINY, tmp_path / "mine.yaml").passed


def test_to_import_it_imports_no_library() -> None:
    heavy = "print(sorted({'numpy', 'pandas', 'great_expectations', 'dvc', 'sklearn'} & set(sys.modules)))"
    code = f"import sys; from pipeline import gates; gates.check; {heavy}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
