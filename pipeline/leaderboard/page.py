"""The leaderboard's README."""

import ast
from collections.abc import Sequence
from typing import Any

from pipeline.describe.markdown import escaped
from pipeline.leaderboard.standings import DEFAULT, percents
from pipeline.models import registry

HEAD = """<!-- Written by `python -m pipeline leaderboard`; edit rows.csv or the methods, not this file. -->

# The list of methods

The methods that MNIST's creators list, fitted again on {fit}, and our own methods. Each is scored once on the same
{n:,} test rows; the validation error makes every choice. `dvc repro leaderboard/dvc.yaml` runs what has changed.

![error against fit time of each method, measured and published](errors.svg)

"""
COLUMNS = [
    "", "method", "preprocessing", "published", "test error, 95% interval", "validation",
    f"against `{DEFAULT}`", "fit, s", "µs an image", "MB",
]  # fmt: skip

FOOT = """
The test error is of {n:,} test rows, with its 95% Wilson interval; bold if at or below the published error. The
validation error is of {held:,} rows held out of train; that fit does not see them. "Against" is the exact McNemar
test on the same test rows, adjusted for the number of methods (Holm). It says "better" or "worse" if p is below
0.05. Seconds and microseconds are of one run on {cores} cores; no hash covers them. [rows.csv](rows.csv) has the
source of each published error. Networks, and support vector machines on pixels, compute with rounded sums. So
another type of processor may give other last digits, and a few other labels.

## Notes
"""


def write(rows: Sequence[dict[str, Any]], fit: str) -> str:
    """The page in Markdown. rows: the standings. fit: the rows that the methods were fitted on, in words."""
    first = next(row for row in rows if row["name"] == DEFAULT)
    facts = {"n": first["test_n"], "held": first["validation_n"], "fit": fit}
    lines = [f"| {' | '.join(COLUMNS)} |", "|--:|---|---" + "|--:" * 7 + "|"]
    lines += [_line(number, row) for number, row in enumerate(rows, 1)]
    cores = first.get("cores", "an unknown number of")
    return HEAD.format(**facts) + "\n".join(lines) + "\n" + FOOT.format(cores=cores, **facts) + _notes(rows)


def _line(number: int, row: dict[str, Any]) -> str:
    published = row.get("published_error_percent")
    name = escaped(row["method"])
    if row["name"] in registry.names():
        name = f"[{name}](../pipeline/methods/{row['name']}.py)"
    before = f"| {number} | {name} | {escaped(row.get('preprocessing') or '')} | {_percent(published)} "
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


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}%"


def _against(row: dict[str, Any]) -> str:
    """The comparison of the method with the default method, in words."""
    if (p := row.get("p_value")) is None:
        return ""
    verdict = "no difference shown" if p >= 0.05 else ("better" if row["difference"] < 0 else "worse")
    return f"{verdict}, p {'< 0.0001' if p < 1e-4 else f'= {p:.2g}'}"


def _notes(rows: Sequence[dict[str, Any]]) -> str:
    """The docstring of each method, and the note of its row."""
    notes = []
    for name in sorted({row["name"] for row in rows if row["name"]} & set(registry.names())):
        text = ast.get_docstring(ast.parse(registry.source(name).read_bytes())) or ""
        own = [row["note"] for row in rows if row["name"] == name and row.get("note")]
        notes.append(f"\n**{name}.** {' '.join(' '.join([text, *own]).split())}\n")
    return "".join(notes)
