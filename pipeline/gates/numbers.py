"""The numbers that the gates measured, for metrics/quality.json."""

from typing import Any

import pandas as pd

from pipeline.base.dataset import Split
from pipeline.gates.evidence.gather import Evidence
from pipeline.gates.judge import Judgement
from pipeline.gates.verdicts import Verdict


def of(judgement: Judgement) -> dict[str, Any]:
    """By split: what was measured, and how many expectations failed; `failures`: each with the rows that break it.

    A number that cannot be known is left out; the means of a split without a whole image are 0. Without a failure
    there are no `failures`.
    """
    return {split: _numbers(split, part, judgement.verdicts) for split, part in judgement.evidence.items()}


def _numbers(split: Split, part: Evidence, verdicts: list[Verdict]) -> dict[str, Any]:
    own = [verdict for verdict in verdicts if verdict.split == split]
    rows, facts = part.rows, part.facts
    numbers = {
        "rows": len(rows),
        "pixel_mean": _mean(rows["pixel_mean"]),
        "pixel_std": _mean(rows["pixel_std"]),
        "blank": int((rows["ink"] == 0).sum()),
        "duplicates": int(rows["duplicate_of"].notna().sum()),
        "suspects": int(rows["suggested"].notna().sum()),
        "probe_error": facts["probe_error"],
        "reference_distance": facts.get("reference_distance"),
        "expectations": len(own),
        "failed": sum(1 for verdict in own if verdict.fails),
        "failures": {verdict.check: len(verdict.rows) for verdict in own if verdict.fails} or None,
        "warnings": sum(1 for verdict in own if not verdict.success and not verdict.fails),
    }
    return {name: value for name, value in numbers.items() if value is not None}


def _mean(column: pd.Series) -> float:
    """The mean of the values that are known, to three decimals; 0 if there is none."""
    return round(float(column.mean()), 3) if column.notna().any() else 0.0
