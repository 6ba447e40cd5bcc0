"""The formats of the verdicts, each read as its users do: by eye, as JSON, as XML, by the runner of a workflow."""

import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from pipeline.gates import formats
from pipeline.gates.verdicts import Row, Verdict

ROWS = [Row(7), Row(9, "train 41"), *map(Row, range(100, 1100))]
SAYS = "out-of-sample error of class {}: 0 to 0.1"
GOOD = Verdict("train", "rows", "critical", "60,000 rows", "60000", [], True, "rows dropped")
BAD = Verdict("train", "duplicates", "critical", "no image twice", "1,002 rows", ROWS, False, "rows repeated")
WARNS = Verdict("test", "suspect", "warning", "no label contradicted", "1 rows", [Row(3)], False, "worth a look")
VERDICTS = [GOOD, WARNS, BAD]
NAMES = [
    "50%, 3:1",
    "two\r\nlines",
    "NUL \0, ESC \x1b[31m, CSI \x9b2J",
    "line \u2028, paragraph \u2029, next \x85",
    "surrogate \ud800, no character \uffff",
    "<b>&amp;</b> ]]> \"'",
    "数字 ٣ é e\u0301 👩\u200d🔬 \u202eabc",
    "x" * 300,
]
odd = pytest.mark.parametrize("name", NAMES)


def named(name: str) -> list[Verdict]:
    return [Verdict(name, "class_errors.1", "critical", SAYS.format(name), name, [Row(1)], False, name)]


def test_the_summary_counts_what_failed_and_what_warned() -> None:
    assert formats.summary([GOOD]) == "1 expectation checked, none failed"
    assert formats.summary(VERDICTS) == "3 expectations checked, 1 failed, 1 warning"
    assert formats.summary([WARNS, *VERDICTS]) == "4 expectations checked, 1 failed, 2 warnings"


def test_the_table_shows_failures_first_with_some_rows() -> None:
    lines = [re.split(r" {2,}", line) for line in formats.as_text(VERDICTS, width=200).splitlines()]
    assert lines[0] == ["split", "check", "expected", "found", "rows", "usually"]
    assert lines[2][:6] == ["train", "FAIL", "duplicates", "no image twice", "1,002 rows", "7, 9 = train 41, 100,"]
    assert [line[:2] for line in lines if line[0] == "test"] == [["test", "warning"]]
    assert "60,000" not in formats.as_text(VERDICTS)


def test_the_table_of_nothing_wrong_is_empty() -> None:
    assert formats.as_text([GOOD]) == ""


@pytest.mark.parametrize("width", [80, 119, 120, 160])
def test_the_text_keeps_to_the_width_and_breaks_no_word(width: int) -> None:
    text = formats.as_text(VERDICTS, width=width)
    assert max(map(len, text.splitlines())) <= width
    for word in re.findall(
        r"\w+", "FAIL train duplicates no image twice 1,002 rows test suspect contradicted repeated"
    ):
        assert re.search(rf"\b{word}\b", text)


def test_a_narrow_terminal_has_the_parts_below_each_other() -> None:
    assert formats.as_text([BAD], width=80).splitlines() == [
        "FAIL  train: duplicates",
        "  expected  no image twice",
        "  found     1,002 rows",
        "  rows      7, 9 = train 41, 100, 101, 102 and 997 more",
        "  usually   rows repeated",
    ]


def test_the_table_takes_the_terminals_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    assert max(map(len, formats.as_text(VERDICTS).splitlines())) <= 70


@odd
def test_no_name_breaks_the_table_or_steers_the_terminal(name: str) -> None:
    text = formats.as_text(named(name), width=160)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", text)
    assert max(map(len, text.splitlines())) <= 160


@odd
def test_json_keeps_every_verdict_and_row(name: str) -> None:
    found: dict[str, Any] = json.loads(formats.as_json([*VERDICTS, *named(name)]))
    assert found["failed"] == 2
    assert len(found["verdicts"]) == 4
    assert len(found["verdicts"][2]["rows"]) == len(ROWS)
    assert found["verdicts"][2]["rows"][1] == {"id": 9, "like": "train 41"}
    assert found["verdicts"][3]["expected"] == SAYS.format(name)
    assert set(found["verdicts"][0]) == {*Verdict._fields}


def test_junit_counts_agree_on_every_level() -> None:
    root = ElementTree.fromstring(formats.as_junit(VERDICTS))
    assert (root.tag, root.get("tests"), root.get("failures")) == ("testsuites", "3", "1")
    assert [suite.get("name") for suite in root] == ["train", "test"]
    for suite in root:
        assert suite.tag == "testsuite"
        assert suite.get("tests") == str(len(suite.findall("testcase")))
        assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
    assert sum(int(suite.get("tests", "")) for suite in root) == 3


def test_junit_says_what_failed_and_passes_a_warning() -> None:
    root = ElementTree.fromstring(formats.as_junit(VERDICTS))
    cases = {case.get("name"): case for case in root.iter("testcase")}
    failure = cases["no image twice"].find("failure")
    assert failure is not None
    assert failure.get("message") == "expected no image twice, found 1,002 rows"
    assert failure.text
    assert "usually: rows repeated" in failure.text
    assert cases["no image twice"].get("classname") == "train.duplicates"
    assert cases["no label contradicted"].find("failure") is None
    assert cases["no label contradicted"].findtext("system-out")
    assert len(cases["60,000 rows"]) == 0


@odd
def test_no_name_breaks_junit(name: str) -> None:
    root = ElementTree.fromstring(formats.as_junit(named(name)).encode())
    shown = re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\uffff]", "\N{REPLACEMENT CHARACTER}", name)
    assert [suite.get("name") for suite in root] == [shown]
    assert [case.get("name") for case in root.iter("testcase")] == [SAYS.format(shown)]


def annotation(line: str) -> tuple[str, str, str]:
    """What the runner of a workflow reads in a command: kind, title, message."""
    parts = re.fullmatch(r"::(error|warning) title=([^:,]*)::(.*)", line)
    assert parts, line
    texts = [parts[2], parts[3]]
    for code, letter in {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}.items():
        texts = [text.replace(code, letter) for text in texts]
    return parts[1], texts[0], texts[1]


def test_a_workflow_shows_failures_first_and_warnings_as_annotations() -> None:
    assert [annotation(line) for line in formats.as_github(VERDICTS).split("\n")] == [
        (
            "error",
            "train: duplicates",
            "expected no image twice; found 1,002 rows; rows 7, 9 = train 41, 100, 101, 102 and 997 more"
            "; usually: rows repeated",
        ),
        (
            "warning",
            "test: suspect",
            "expected no label contradicted; found 1 rows; rows 3; usually: worth a look",
        ),
    ]


@odd
def test_no_name_ends_an_annotation_early(name: str) -> None:
    _, title, message = annotation(formats.as_github(named(name)))
    shown = re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\uffff]", "\N{REPLACEMENT CHARACTER}", name)
    assert title == f"{shown}: class_errors.1"
    assert message.startswith(f"expected {SAYS.format(shown)}; found {shown}; rows 1; usually: ")
