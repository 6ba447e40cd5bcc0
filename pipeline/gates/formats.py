"""Verdicts as text for people, as JSON for programs, as JUnit and workflow commands for CI systems."""

import io
import json
import re
import shutil
import textwrap
from collections import Counter
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

from pipeline.base.errors import listed
from pipeline.gates.meanings import rank
from pipeline.gates.verdicts import Verdict, counted

NARROW = 120  # in a narrower table, almost every word would be folded
# The columns of the table from left to right, and the most characters of each.
COLUMNS = {"split": 12, "": 12, "check": 24, "expected": 36, "found": 36, "rows": 24, "usually": 48}
WIDTH = 160  # of the table if there is no terminal
# Control characters, line separators, surrogates, and the two code points that are not characters.
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def summary(verdicts: list[Verdict]) -> str:
    """One line: the number of expectations, of failures and of warnings."""
    counts = Counter("failed" if v.fails else "warned" for v in verdicts if not v.success)
    failed, warned = counts["failed"], counts["warned"]
    warnings = f", {counted(warned, 'warning')}" if warned else ""
    return f"{counted(len(verdicts), 'expectation')} checked, {failed or 'none'} failed{warnings}"


def as_text(verdicts: list[Verdict], changes: Sequence[str] = (), width: int | None = None) -> str:
    """A table of the verdicts that are not good, or paragraphs if the terminal is narrow; "" if all are good.

    changes: thresholds that differ from the record's. The text leaves them out, because the command prints them.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    shown = bad(verdicts)
    if not shown:
        return ""
    width = width or shutil.get_terminal_size((WIDTH, 24)).columns
    if width < NARROW:
        return "\n".join(_stacked(verdict, width) for verdict in shown)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name, widest in COLUMNS.items():
        table.add_column(name, overflow="fold", max_width=widest)
    for v in shown:
        mark = "FAIL" if v.fails else v.severity
        table.add_row(*_plain(v.split, mark, v.check, v.expected, v.found, listed(v.rows), v.usually))
    out = io.StringIO()
    Console(file=out, width=width, highlight=False, color_system=None).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def bad(verdicts: list[Verdict]) -> list[Verdict]:
    """The verdicts that are not good, cleaned: failures before warnings, the most telling first."""
    return sorted((v for v in _clean(verdicts) if not v.success), key=lambda v: (not v.fails, rank(v.check)))


def _stacked(verdict: Verdict, width: int) -> str:
    """A verdict as a heading, and a paragraph for each of its parts."""
    parts = [("expected", verdict.expected), ("found", verdict.found), ("rows", listed(verdict.rows))]
    lines = [f"{'FAIL' if verdict.fails else verdict.severity}  {verdict.split}: {verdict.check}"]
    for name, text in [*parts, ("usually", verdict.usually)]:
        lines += textwrap.wrap(text, width, initial_indent=f"  {name:8}  ", subsequent_indent=" " * 12)
    return "\n".join(lines)


def _plain(*cells: str) -> list[Any]:
    from rich.text import Text

    return [Text(cell) for cell in cells]


def as_json(verdicts: list[Verdict], changes: Sequence[str] = ()) -> str:
    """All verdicts, with all rows of each, and the changed thresholds."""
    failed = len([verdict for verdict in verdicts if verdict.fails])
    items = [v._asdict() | {"rows": [row._asdict() for row in v.rows]} for v in verdicts]
    return json.dumps(
        {"failed": failed, "thresholds": list(changes), "verdicts": items}, indent=2, ensure_ascii=False
    )


def as_junit(verdicts: list[Verdict], changes: Sequence[str] = ()) -> str:
    """JUnit XML: a suite for each split or file, a test case for each expectation.

    A warning stands in the output of its test case. Each suite has the changed thresholds as properties.
    """
    verdicts = _clean(verdicts)
    failed = str(len([verdict for verdict in verdicts if verdict.fails]))
    root = ElementTree.Element("testsuites", tests=str(len(verdicts)), failures=failed)
    for split in dict.fromkeys(verdict.split for verdict in verdicts):
        own = [verdict for verdict in verdicts if verdict.split == split]
        failures = str(len([verdict for verdict in own if verdict.fails]))
        suite = ElementTree.SubElement(root, "testsuite", name=split, tests=str(len(own)), failures=failures)
        if changes:
            properties = ElementTree.SubElement(suite, "properties")
        for change in changes:
            ElementTree.SubElement(properties, "property", name="gate", value=UNSAFE.sub("?", change))
        for v in own:
            case = ElementTree.SubElement(suite, "testcase", classname=f"{split}.{v.check}", name=v.expected)
            if not v.success:
                text = (
                    f"expected: {v.expected}\nfound: {v.found}\nrows: {listed(v.rows, 20)}\nusually: {v.usually}"
                )
                element = ElementTree.SubElement(case, "failure" if v.fails else "system-out")
                element.text = text
                if v.fails:
                    element.set("message", f"expected {v.expected}, found {v.found}")
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _clean(verdicts: list[Verdict]) -> list[Verdict]:
    """The verdicts without the characters that break a line, control a terminal or are forbidden in XML."""

    def clean(value: Any) -> Any:
        return UNSAFE.sub("\N{REPLACEMENT CHARACTER}", value) if isinstance(value, str) else value

    return [Verdict(*map(clean, verdict)) for verdict in verdicts]


def as_github(verdicts: list[Verdict], changes: Sequence[str] = ()) -> str:
    """Workflow commands: an annotation for each changed threshold and for each verdict that is not good."""
    lines = [f"::notice title=gate::{_escaped(change)}" for change in changes]
    for v in bad(verdicts):
        kind = "error" if v.fails else "warning"
        rows = f"; rows {listed(v.rows)}" if v.rows else ""
        title = _escaped(f"{v.split}: {v.check}").replace(":", "%3A").replace(",", "%2C")
        text = f"expected {v.expected}; found {v.found}{rows}; usually: {v.usually}"
        lines.append(f"::{kind} title={title}::{_escaped(text)}")
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


FORMATS = {"text": as_text, "json": as_json, "junit": as_junit, "github": as_github}
