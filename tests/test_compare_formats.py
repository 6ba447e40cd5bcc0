"""A comparison as text for people, as Markdown that GitHub renders, and as JSON for programs."""

import json
import re
from datetime import date
from typing import Any

import numpy as np
import pytest
from markdown_it import MarkdownIt

from pipeline.history.compare.comparison import Comparison, compare
from pipeline.history.compare.formats import as_json, as_md, as_text
from pipeline.history.compare.results import Results
from pipeline.history.lock import Entry, Lock, Stage

PASSED = {"test": "a" * 64, "train": "b" * 64}


def results(name: str, errors: int, passed: dict[str, str] = PASSED, **params: Any) -> Results:
    """A revision with this number of errors in 1,000 rows. params: the parameters of its run."""
    rows = np.arange(1_000)
    predictions = np.stack([rows, rows % 10, (rows + (rows < errors)) % 10], axis=1)
    model = Entry("data/model/model.skops", f"{errors % 16:x}" * 32)
    outs = [model, Entry("metrics/test.json", model.md5)]
    stage = Stage("train", [Entry("pipeline/estimators/svm.py", "c" * 32)], {"params.yaml": params}, outs)
    numbers = {"test.error_rate": errors / 1_000, "quality.test.suspects": errors}
    return Results(name, predictions, numbers, passed, Lock({"train": stage}), {})


def regression() -> Comparison:
    return compare(results("main (1234567)", 5, C=None), results("new (7654321)", 30, C=0.5))


def test_text_holds_every_number_of_the_comparison() -> None:
    assert as_text(regression()).splitlines() == [
        "base  main (1234567)  test error rate 0.50%, 95% interval 0.21% to 1.17% (5 of 1,000)",
        "head  new (7654321)   test error rate 3.00%, 95% interval 2.11% to 4.25% (30 of 1,000)",
        "difference on the same 1,000 rows: +2.50 percentage points, 95% interval +1.49 to +3.50",
        "  only base right: 25 rows; only head right: 0 rows; exact McNemar p < 0.0001",
        "changed params:",
        "  C  none -> 0.5",
        "changed data:",
        "  data/model/model.skops  5555555555 -> eeeeeeeeee",
        "changed metrics:",
        "  quality.test.suspects  5 -> 30",
        "verdict: significantly worse at alpha 0.05",
    ]


def test_json_is_one_object_with_the_numbers_as_numbers() -> None:
    content = json.loads(as_json(regression()))
    assert content["head"] == {
        "revision": "new (7654321)",
        "error_rate": 0.03,
        "error_rate_low": 0.021094,
        "error_rate_high": 0.042503,
        "errors": 30,
        "n": 1_000,
    }
    paired = content["paired"]
    assert (paired["only_base_right"], paired["only_head_right"], paired["n"]) == (25, 0, 1_000)
    assert paired["low"] < paired["difference"] == 0.025 < paired["high"]
    assert paired["p_value"] < 0.0001
    assert (content["worse"], content["lost"], content["void"]) == (True, [], "")
    assert (content["tolerance"], content["alpha"]) == (0.0, 0.05)
    assert content["params"] == {"C": [None, 0.5]}
    assert content["verdict"].startswith("significantly worse")


def test_json_of_a_void_pairing_has_no_numbers_of_it() -> None:
    content = json.loads(as_json(compare(results("a", 5), results("b", 30, PASSED | {"test": "d" * 64}))))
    assert (content["paired"], content["worse"]) == (None, False)
    assert content["void"] == "the test data differ, so the rows cannot be paired"
    assert content["data"]["rows of test"] == ["a" * 64, "d" * 64]


def test_json_says_what_is_no_json_as_text() -> None:
    content = json.loads(as_json(compare(results("a", 5), results("b", 5, since=date(2020, 1, 31)))))
    assert content["params"] == {"since": [None, "2020-01-31"]}


HOSTILE = "a|b\n\n# c `d` <script>e</script> @team #7 [f](http://x) ![g](h) **i** _j_ ~~k~~ $l$ &amp; \\| 'm'"
READ = " ".join(HOSTILE.split())  # on one line


def rendered(markdown: str) -> str:
    """The HTML that GitHub makes of Markdown, before it removes dangerous parts and adds mentions."""
    return str(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown))


def test_markdown_is_a_mark_two_tables_and_the_paired_numbers() -> None:
    page = rendered(as_md(regression()))
    assert "<p>❌ <strong>significantly worse at alpha 0.05</strong></p>" in page
    cells = re.findall(r"<td>(.*?)</td>", page)
    assert cells[:10] == [
        *["base", "main (1234567)", "0.50%", "0.21% to 1.17%", "5 of 1,000"],
        *["head", "new (7654321)", "3.00%", "2.11% to 4.25%", "30 of 1,000"],
    ]
    assert cells[10:] == [
        *["C", "none", "0.5", "data/model/model.skops", "5555555555", "eeeeeeeeee"],
        *["quality.test.suspects", "5", "30"],
    ]
    assert "only base right: 25 rows; only head right: 0 rows; exact McNemar p &lt; 0.0001" in page
    assert re.findall(r"<summary>(.*?)</summary>", page) == [
        "changed params: 1",
        "changed data: 1",
        "changed metrics: 1",
    ]


def test_markdown_begins_with_the_verdict() -> None:
    assert as_md(compare(results("a", 30), results("b", 5))).startswith("✅ **significantly better")
    assert as_md(compare(results("a", 5), results("b", 5))).startswith("✅ **no significant difference")
    assert as_md(regression()).startswith("❌ **significantly worse")
    assert as_md(compare(results("a", 5, {}), results("b", 5, {}))).startswith("❌ **void")
    assert as_md(compare(results("a", 5), results("b", 5, {}))).startswith("❌ **a gate that held no longer does")


@pytest.mark.parametrize("where", ["name", "void name", "param", "value", "gate"])
def test_markdown_shows_hostile_text_as_text(where: str) -> None:
    params: dict[str, dict[str, Any]] = {"param": {HOSTILE: 1}, "value": {"C": HOSTILE}}
    head = results(
        HOSTILE if "name" in where else "head", 5, {} if "void" in where else PASSED, **params.get(where, {})
    )
    if where == "gate":
        head.metrics[f"quality.{HOSTILE.replace('.', '')}.failed"] = 3
    comparison = compare(results("base", 5), head)
    page = rendered(as_md(comparison))
    tags = set(re.findall(r"<(\w+)", page))
    plain = {"p", "strong", "br", "table", "thead", "tbody", "tr", "th", "td", "details", "summary"}
    assert tags <= plain, tags - plain
    assert page.count("<strong>") == 1
    text = re.sub(r"<[^>]*>", "", page)
    assert not re.search(r"@\w|#\d", text), "GitHub makes mentions of what is rendered, not of what is written"
    shown = (
        text.replace("\N{ZERO WIDTH SPACE}", "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    )
    assert READ in shown
    assert all(row.count("<td>") in {3, 5} for row in re.findall(r"<tr>\s*<td>.*?</tr>", page, re.DOTALL))


@pytest.mark.parametrize(
    "steering", ["\n::error::x", "\r::stop-commands::x", "\x1b[2J", "\u202e", "\u2028::x", "\0"]
)
def test_a_line_of_text_stays_one_line_and_steers_no_terminal(steering: str) -> None:
    comparison = compare(results("base", 5), results(f"head{steering}", 5, C=f"value{steering}"))
    for text in (as_text(comparison), as_md(comparison), as_json(comparison)):
        lines = text.split("\n")
        assert all(line.isprintable() for line in lines)
        assert not any(line.startswith("::") for line in lines)
    assert len(as_text(comparison).split("\n")) == 7


def test_hashes_are_shortened_for_people_and_whole_for_programs() -> None:
    comparison = compare(results("a", 5), results("b", 5, PASSED | {"train": "0123456789abcdef" * 4}))
    assert "  rows of train  bbbbbbbbbb -> 0123456789\n" in as_text(comparison)
    assert json.loads(as_json(comparison))["data"]["rows of train"][1] == "0123456789abcdef" * 4
