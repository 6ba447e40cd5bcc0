"""A comparison as text for people, as Markdown for a pull request, and as JSON for programs."""

import json
import re
from collections.abc import Iterator
from typing import Any

from pipeline.describe.markdown import escaped
from pipeline.history.compare.comparison import Changes, Comparison
from pipeline.models.metrics import DIGITS, in_words

HASH = re.compile(r"[0-9a-f]{32,64}(\.dir)?")
SHORT = 10  # people see this many digits of a hash


def as_text(comparison: Comparison) -> str:
    """The whole comparison in lines of text."""
    width = max(len(scores["revision"]) for _, scores in _sides(comparison))
    lines = [f"{side}  {own['revision']:<{width}}  test {in_words(own)}" for side, own in _sides(comparison)]
    lines += _paired(comparison)
    for section, changes in _sections(comparison).items():
        rows = list(_shown(changes))
        width = max((len(key) for key, *_ in rows), default=0)
        if rows:
            lines.append(f"changed {section}:")
        lines += [f"  {key:<{width}}  {old} -> {new}" for key, old, new in rows]
    return _joined([*lines, f"verdict: {comparison.verdict}"])


def as_md(comparison: Comparison) -> str:
    """The comparison as GitHub's Markdown. All text of a revision is shown as text, never as markup."""
    mark = "❌" if comparison.lost or not comparison.paired or comparison.worse else "✅"
    lines = [f"{mark} **{escaped(comparison.verdict)}**", ""]
    lines += ["| | revision | test error rate | 95% interval | errors |", "|---|---|---|---|---|"]
    for side, own in _sides(comparison):
        rate, low, high = (f"{own[key]:.2%}" for key in ("error_rate", "error_rate_low", "error_rate_high"))
        errors = f"{own['errors']:,} of {own['n']:,}"
        lines.append(f"| {side} | {escaped(own['revision'])} | {rate} | {low} to {high} | {errors} |")
    lines += ["", *(f"{escaped(line.strip())}  " for line in _paired(comparison))]
    for section, changes in _sections(comparison).items():
        if changes:
            lines += ["", f"<details><summary>changed {section}: {len(changes)}</summary>", ""]
            lines += ["| | base | head |", "|---|---|---|"]
            lines += [f"| {' | '.join(map(escaped, row))} |" for row in _shown(changes)]
            lines += ["", "</details>"]
    return _joined(lines)


def as_json(comparison: Comparison) -> str:
    """The comparison as one JSON object."""
    content = comparison._asdict() | {"verdict": comparison.verdict, "worse": comparison.worse}
    if paired := comparison.paired:
        low, high = paired.interval()
        numbers = {"difference": paired.difference, "low": low, "high": high, "p_value": paired.p_value}
        content["paired"] = paired._asdict() | {key: round(value, DIGITS) for key, value in numbers.items()}
    return json.dumps(content, indent=2, sort_keys=True, default=str)  # YAML has dates too


def _sides(comparison: Comparison) -> list[tuple[str, dict[str, Any]]]:
    return [("base", comparison.base), ("head", comparison.head)]


def _sections(comparison: Comparison) -> dict[str, Changes]:
    return {
        "params": comparison.params,
        "data": comparison.data,
        "metrics": comparison.metrics,
        "code": comparison.code,
    }


def _paired(comparison: Comparison) -> list[str]:
    """The paired comparison in words."""
    paired = comparison.paired
    if not paired:
        return [f"not paired: {comparison.void}"]
    low, high = paired.interval()
    p = "p < 0.0001" if paired.p_value < 0.0001 else f"p = {paired.p_value:.4f}"
    difference, interval = f"{100 * paired.difference:+.2f}", f"{100 * low:+.2f} to {100 * high:+.2f}"
    return [
        f"difference on the same {paired.n:,} rows: {difference} percentage points, 95% interval {interval}",
        f"  only base right: {paired.only_base_right:,} rows; only head right: {paired.only_head_right:,} rows; "
        f"exact McNemar {p}",
    ]


def _shown(changes: Changes) -> Iterator[tuple[str, str, str]]:
    def shown(value: Any) -> str:
        text = "none" if value is None else str(value)
        return text[:SHORT] if HASH.fullmatch(text) else text

    for key, (old, new) in changes.items():
        yield key, shown(old), shown(new)


def _joined(lines: list[str]) -> str:
    """The lines as one text. Signs that break a line, or steer a terminal or a log of CI, become spaces."""
    return "\n".join("".join(sign if sign.isprintable() else " " for sign in line) for line in lines)


FORMATS = {"text": as_text, "md": as_md, "json": as_json}
