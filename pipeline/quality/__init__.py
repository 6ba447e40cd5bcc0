"""The gates: schema, rows, meaning, leakage and labels of both splits; the only importer of great_expectations.

`judge` is what the stage `gate` and the command `check` share.
"""

import contextlib
import ctypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from pipeline.datasets import Dataset, Split
from pipeline.errors import ConfigError, listed
from pipeline.quality.evidence import Evidence, gather
from pipeline.quality.meanings import usually
from pipeline.quality.verdicts import Verdict
from pipeline.rows import Rows

M_ARENA_MAX = -8  # of glibc's malloc.h
SITE = {"index.html", "validations", "expectations", "static"}  # what a folder of Data Docs may hold

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


def judge(dataset: Dataset, tables: Mapping[Split, Rows], seed: int, docs: Path | None = None) -> Judgement:
    """Hold both splits' tables to the record; build the Data Docs in the folder `docs`. seed: of the probe."""
    if docs:
        require_own(docs)
    _glibc("mallopt", M_ARENA_MAX, 1)  # else each thread would keep the memory that it has used
    evidence = gather(dataset, tables, seed)
    _glibc("malloc_trim", 0)

    # Only now: Great Expectations takes 90 MB, which the images' features have until here.
    from pipeline.quality import validation
    from pipeline.quality.docs import build

    context = validation.new_context()
    verdicts = validation.validate(context, dataset, evidence) + [UNMEASURED] * (dataset.expect is None)
    if docs:
        build(context, docs, validation.pictures(dataset, evidence, verdicts))
    return Judgement(verdicts, evidence)


def _glibc(function: str, *arguments: int) -> None:
    """Call a function of the GNU C library that is about memory; in another library there is none of its name."""
    with contextlib.suppress(AttributeError):
        getattr(ctypes.CDLL(None), function)(*arguments)


def require_own(docs: Path) -> None:
    """Raise ConfigError for a folder that holds anything but Data Docs, for `judge` replaces what is there."""
    found = {path.name for path in docs.iterdir()} if docs.is_dir() else set()
    if not found <= SITE:
        raise ConfigError(f"{docs}: expected no folder, or one of Data Docs alone, found {listed(sorted(found))}")


def report(judgement: Judgement) -> dict[str, Any]:
    """The numbers for metrics/quality.json: by split, what could be measured and how many expectations failed."""
    return {split: _numbers(split, part, judgement.verdicts) for split, part in judgement.evidence.items()}


def _numbers(split: Split, part: Evidence, verdicts: list[Verdict]) -> dict[str, Any]:
    def mean(column: pd.Series) -> float:
        return round(float(column.mean()), 3) if column.notna().any() else 0.0

    own = [verdict for verdict in verdicts if verdict.split == split]
    rows, facts = part.rows, part.facts
    numbers = {
        "rows": len(rows),
        "pixel_mean": mean(rows["pixel_mean"]),
        "pixel_std": mean(rows["pixel_std"]),
        "blank": int((rows["ink"] == 0).sum()),
        "duplicates": int(rows["duplicate_of"].notna().sum()),
        "suspects": int(rows["suggested"].notna().sum()),
        "probe_error": facts["probe_error"],
        "reference_distance": facts.get("reference_distance"),
        "expectations": len(own),
        "failed": sum(verdict.fails for verdict in own),
        "warnings": sum(not (verdict.success or verdict.fails) for verdict in own),
    }
    return {name: value for name, value in numbers.items() if value is not None}
