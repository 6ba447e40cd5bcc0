"""The gates: schema, rows, meaning, leakage and labels of both splits; the only importer of great_expectations.

`judge` is what the stage `gate` and the command `check` share.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from pipeline.datasets import Dataset, Split
from pipeline.quality.evidence import Evidence, gather
from pipeline.quality.meanings import usually
from pipeline.quality.verdicts import Verdict

UNMEASURED = Verdict(
    "both", "structure.thresholds", "warning", "thresholds in the record", "none", [], False, usually("thresholds")
)


class Judgement(NamedTuple):
    """What the gates say of a dataset, and what they looked at."""

    verdicts: list[Verdict]
    evidence: dict[Split, Evidence]

    @property
    def failed(self) -> list[Verdict]:
        """The verdicts for which the gate fails."""
        return [verdict for verdict in self.verdicts if verdict.fails]


def judge(dataset: Dataset, tables: Mapping[Split, pa.Table], seed: int, docs: Path | None = None) -> Judgement:
    """Hold both splits' tables to the record; build the Data Docs in the folder `docs`. seed: of the probe."""
    from pipeline.quality import validation
    from pipeline.quality.docs import build, require_own

    if docs:
        require_own(docs)

    evidence = gather(dataset, tables, seed)
    context = validation.new_context()
    verdicts = validation.validate(context, dataset, evidence) + [UNMEASURED] * (dataset.expect is None)
    if docs:
        build(context, docs, validation.pictures(dataset, evidence, verdicts))
    return Judgement(verdicts, evidence)


def report(judgement: Judgement) -> dict[str, Any]:
    """The numbers for metrics/quality.json: by split, what was measured and how many expectations failed."""
    return {split: _numbers(split, part, judgement.verdicts) for split, part in judgement.evidence.items()}


def _numbers(split: Split, part: Evidence, verdicts: list[Verdict]) -> dict[str, Any]:
    def mean(column: pd.Series) -> float:
        return round(float(column.mean()), 3) if column.notna().any() else 0.0

    own = [verdict for verdict in verdicts if verdict.split == split]
    rows, facts = part.rows, part.facts
    return {
        "rows": len(rows),
        "pixel_mean": mean(rows["pixel_mean"]),
        "pixel_std": mean(rows["pixel_std"]),
        "blank": int((rows["ink"] == 0).sum()),
        "duplicates": int(rows["duplicate_of"].notna().sum()),
        "suspects": int(rows["suggested"].notna().sum()),
        "probe_error": facts["probe_error"],
        "reference_distance": facts["reference_distance"],
        "expectations": len(own),
        "failed": sum(verdict.fails for verdict in own),
        "warnings": sum(not (verdict.success or verdict.fails) for verdict in own),
    }
