"""The leaderboard's README."""

import ast
import re
from collections.abc import Sequence
from typing import Any

from pipeline import registry
from pipeline.leaderboard.standings import DEFAULT, percents

HEAD = """<!-- Written by `python -m pipeline leaderboard`; edit rows.csv or the methods, not this file. -->

# The list of methods

The methods that MNIST's creators list, fitted anew on {fit}, and our own; each scored once on the same
{n:,} test rows, every choice made on validation. `dvc repro leaderboard/dvc.yaml` runs what has changed.

![error against fit time: each method's number, its measured and its published error](errors.svg)

"""
COLUMNS = [
    "", "method", "preprocessing", "published", "test error, 95% interval", "validation",
    f"against `{DEFAULT}`", "fit, s", "µs an image", "MB",
]  # fmt: skip

FOOT = """
An error stands with its 95% Wilson interval, of {n:,} test rows; validation is of {held:,} rows held out of train,
the fit then without them. "Against" is the exact McNemar test on the same test rows, adjusted for the number of
methods (Holm): "better" and "worse" where p is below 0.05. Seconds and microseconds are of one run on {cores}
cores, and no hash is compared on them. In bold: at or below the published error. The published errors are those of
[rows.csv](rows.csv), each with its source. Networks and the machines on pixels compute with rounded sums: another
type of processor may give them other last digits, and a few other labels.

## Notes
"""


def write(rows: Sequence[dict[str, Any]], fit: str) -> str:
    """The page of the standings' rows. fit: on what the methods were fitted, in words."""
    first = next(row for row in rows if row["name"] == DEFAULT)
    facts = {"n": first["test_n"], "held": first["validation_n"], "fit": fit}
    lines = [f"| {' | '.join(COLUMNS)} |", "|--:|---|---" + "|--:" * 7 + "|"]
    lines += [_line(number, row) for number, row in enumerate(rows, 1)]
    cores = first.get("cores", "an unknown number of")
    return HEAD.format(**facts) + "\n".join(lines) + "\n" + FOOT.format(cores=cores, **facts) + _notes(rows)


def _line(number: int, row: dict[str, Any]) -> str:
    published = row.get("published_error_percent")
    name = _cell(row["method"])
    if row["name"] in registry.names():
        name = f"[{name}](../pipeline/methods/{row['name']}.py)"
    before = f"| {number} | {name} | {_cell(row.get('preprocessing') or '')} | {_percent(published)} "
    if "test_error_rate" not in row:
        why = row["not_run"]
        return f"{before}| {why if why.startswith('not run') else f'not run: {why}'} | | | | | |"
    error, low, high = percents(row)
    rate = f"{error:.2f}%"
    if published is not None and error <= published:
        rate = f"**{rate}**"
    costs = " | ".join(
        f"{row[key] / scale:.3g}" if key in row else ""
        for key, scale in [("fit_seconds", 1), ("microseconds_per_image", 1), ("model_bytes", 1e6)]
    )
    test = f"{rate} ({low:.2f} to {high:.2f})"
    return f"{before}| {test} | {row['validation_error_rate']:.2%} | {_against(row)} | {costs} |"


def _cell(text: str) -> str:
    """Any text, on one line and without what ends a cell or a link."""
    return re.sub(r"([\\|\[\]])", r"\\\1", " ".join(text.split()))


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}%"


def _against(row: dict[str, Any]) -> str:
    """How the method compares with the default one."""
    if (p := row.get("p_value")) is None:
        return ""
    verdict = "no difference shown" if p >= 0.05 else ("better" if row["difference"] < 0 else "worse")
    return f"{verdict}, p {'< 0.0001' if p < 1e-4 else f'= {p:.2g}'}"


def _notes(rows: Sequence[dict[str, Any]]) -> str:
    """What each method's own docstring says of it, and the note of its row."""
    notes = []
    for name in sorted({row["name"] for row in rows if row["name"]} & set(registry.names())):
        text = ast.get_docstring(ast.parse(registry.source(name).read_bytes())) or ""
        own = [row["note"] for row in rows if row["name"] == name and row.get("note")]
        notes.append(f"\n**{name}.** {' '.join(' '.join([text, *own]).split())}\n")
    return "".join(notes)
