"""The report is complete without a network, in the files and in Chromium."""

import io
import re
from collections.abc import Mapping, Sequence
from copy import copy
from pathlib import Path
from urllib.parse import unquote

import great_expectations.expectations as gxe
import pandas as pd
import pytest
from browser import needs_chromium, visit
from conftest import tiny_arrays
from great_expectations.expectations.expectation import Expectation
from PIL import Image

from pipeline.base.errors import ConfigError
from pipeline.gates import docs, results
from pipeline.gates.results import Results
from pipeline.gates.suites import expect
from pipeline.gates.validation import new_context, run_suite
from pipeline.gates.value_counts import ExpectColumnValueCountsToEqual

REMOTE = "https://example.invalid/x"

IN_SET = "labels are 0 & 1, <not> $2"
FRAME = pd.DataFrame({"id": range(8), "label": [0, 1, 2, 0, 1, 2, 0, 1]})
SUITES: dict[str, list[Expectation]] = {
    "train": [
        expect(gxe.ExpectTableRowCountToEqual, "rows", "8 rows", value=8),
        expect(gxe.ExpectColumnValuesToBeInSet, "label range", IN_SET, column="label", value_set=[0, 1]),
        expect(gxe.ExpectColumnMeanToBeBetween, "ids", "mean id", column="id", max_value=1, severity="warning"),
        expect(gxe.ExpectColumnMeanToBeBetween, "blank", "some ink", column="ink", max_value=1),
        expect(
            ExpectColumnValueCountsToEqual, "class_counts", "3 of each", column="label", counts={0: 3, 1: 3, 2: 3}
        ),
    ],
    "test as a whole": [expect(gxe.ExpectColumnValuesToBeUnique, "ids", "no id twice", column="id")],
}


def validated(suites: Mapping[str, Sequence[Expectation]], frame: pd.DataFrame = FRAME) -> list[Results]:
    """The results of the frame against each suite."""
    context = new_context()
    found = {name: run_suite(context, name, [copy(one) for one in suite], frame) for name, suite in suites.items()}
    return [results.of("train", name, part, frame) for name, part in found.items()]


def picture() -> bytes:
    """Three digits in a row, as a PNG file."""
    out = io.BytesIO()
    Image.fromarray(255 - tiny_arrays(3, 0)[0].transpose(1, 0, 2).reshape(28, 84)).save(out, "png")
    return out.getvalue()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "$HOME of <docs>"
    docs.build(folder, validated(SUITES), {("train", IN_SET): picture(), ("train", "8 rows"): picture()})
    return folder


def page_of(site: Path, suite: str) -> Path:
    return site / f"validations/{suite}.html"


PICTURES = """[...document.images].map(image =>
    [image.alt, image.naturalWidth, image.checkVisibility() && image.getBoundingClientRect().width > 0])"""
TEXT = "document.body.innerText"


def changed(site: Path, tmp_path: Path, addition: str) -> Path:
    """A copy of train's page with something added."""
    copy = tmp_path / "changed.html"
    copy.write_text(page_of(site, "train").read_text().replace("</html>", addition))
    return copy


@needs_chromium
@pytest.mark.parametrize("suite", ["train", "test as a whole"])
def test_a_page_loads_without_an_error_or_a_request(site: Path, suite: str) -> None:
    assert visit(page_of(site, suite))[:2] == ([], [])


@needs_chromium
def test_the_index_leads_to_what_failed_and_back(site: Path) -> None:
    errors, requests, text = visit(site / "index.html", TEXT, "a[href*=train]")
    assert (errors, requests) == ([], [])
    assert f"{IN_SET} failed: critical" in text
    assert visit(page_of(site, "test as a whole"), TEXT, "a").value.startswith("Report of the gates")


@needs_chromium
def test_pictures_are_seen_where_their_expectation_failed(site: Path) -> None:
    assert visit(page_of(site, "train"), PICTURES).value == [[f"rows that break: {IN_SET}", 84, True]]
    inside = "document.images[0].closest('section').innerText"
    assert visit(page_of(site, "train"), inside).value.startswith(IN_SET)


@needs_chromium
@pytest.mark.parametrize("addition", ["<script>document.body.append('ran')</script>", f"<img src={REMOTE}>"])
def test_because_of_the_policy_the_browser_refuses_scripts_and_requests(
    site: Path, tmp_path: Path, addition: str
) -> None:
    seen = visit(changed(site, tmp_path, addition), TEXT)
    assert "Content Security Policy" in str(seen.errors)
    assert not seen.value.endswith("ran")


def test_the_index_lists_each_validation_as_a_plain_link(site: Path) -> None:
    rows = re.findall(
        r'<a href="(.*?)">(.*?)</a>.*?<b class="(\w+)">.*?(\d of \d)', (site / "index.html").read_text(), re.S
    )
    assert [row[1:] for row in rows] == [("train", "critical", "4 of 5"), ("test as a whole", "passed", "0 of 1")]
    assert all(" " not in row[0] for row in rows)
    assert [site / unquote(row[0]) for row in rows] == [page_of(site, "train"), page_of(site, "test as a whole")]


def test_a_page_shows_value_severity_and_rows_of_what_failed(site: Path) -> None:
    text = re.sub(r"\s*<.*?>\s*", "|", page_of(site, "train").read_text())
    text = re.sub(r"\|+", "|", text)
    for shown in [
        "|labels are 0 &amp; 1, &lt;not&gt; $2|failed: critical|Found: 2 rows|Usually: labels are of another",
        "|id|label|2|2|5|2|",
        "|mean id|failed: warning|Found: 3.5|",
        "|some ink|failed: critical|Found: not checked: Error: The column &#34;ink&#34; in BatchData",
        "|3 of each|failed: critical|Found: 2: 2 for 3|",  # Great Expectations has no renderer for it
        "|8 rows|8|critical|",
    ]:
        assert shown in text
    assert text.index("3 of each") < text.index("|8 rows|")


def test_rows_left_out_are_counted_and_missing_values_shown(tmp_path: Path) -> None:
    most = results.MOST_ROWS
    frame = pd.DataFrame({"id": range(most + 3), "label": [None] * (most + 1) + [0.0, 1.0]})
    suite = [expect(gxe.ExpectColumnValuesToNotBeNull, "nulls", "never null", column="label")]
    docs.build(tmp_path, validated({"train": suite}, frame), {})
    text = page_of(tmp_path, "train").read_text()
    assert f"{most + 1} rows; here are the first {most}" in text
    assert text.count("<td>null</td>") == most


def test_a_second_build_leaves_nothing_of_the_first(tmp_path: Path) -> None:
    for name in ("other", "train"):
        docs.build(tmp_path, validated({name: SUITES["train"]}), {})
    assert sorted(path.name for path in tmp_path.iterdir()) == [".data-docs", "index.html", "validations"]
    assert [path.name for path in tmp_path.glob("validations/*")] == ["train.html"]


def test_a_folder_of_somebody_else_is_not_built_into(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static/mine.css").write_text("mine")
    with pytest.raises(ConfigError, match="found static"):
        docs.build(tmp_path, validated({"train": SUITES["train"]}), {})
    assert [path.name for path in tmp_path.rglob("*")] == ["static", "mine.css"]
