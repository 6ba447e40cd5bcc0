"""The suites of Great Expectations run on the evidence: verdicts."""

import sys
from collections.abc import Mapping
from typing import Any

import great_expectations as gx
import pandas as pd
from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.data_context import AbstractDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.expectations.expectation import Expectation

from pipeline.base.dataset import Dataset, Split
from pipeline.base.pictures import contact_sheet
from pipeline.gates import results, suites
from pipeline.gates.evidence.gather import Evidence
from pipeline.gates.results import Results
from pipeline.gates.verdicts import Verdict

# What is expected of test beside train; nothing is expected of train beside test.
NEED_TRAIN = {"shared", "near", "drift", "shared_writer", "suspect", "suspects", "probe_error", "class_errors"}


def new_context() -> AbstractDataContext:
    """A context of Great Expectations in memory, without telemetry."""
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=sys.stderr.isatty()),
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def validate(dataset: Dataset, evidence: Mapping[Split, Evidence]) -> list[Results]:
    """Hold the evidence of each split to its record; that of one split alone, to what needs no other split."""
    context, found = new_context(), []
    for split, part in evidence.items():
        left_out = NEED_TRAIN if len(evidence) == 1 and split == "test" else set()
        frames = {split: part.rows, f"{split} as a whole": pd.DataFrame([part.facts])}
        for (name, frame), suite in zip(frames.items(), suites.of_split(dataset, split), strict=True):
            kept = [one for one in suite if suites.check_of(one).split(".")[0] not in left_out]
            found.append(results.of(split, name, run_suite(context, name, kept, frame), frame))
    return found


def run_suite(
    context: AbstractDataContext, name: str, expectations: list[Expectation], frame: pd.DataFrame
) -> list[ExpectationValidationResult]:
    """The results of one suite on one frame: numbers of rows and their first values. `masks` finds the rows.

    Great Expectations could list the rows, but its lists take more memory than the data, and are copied.
    """
    asset = context.data_sources.add_pandas(name).add_dataframe_asset(name)
    batch = asset.add_batch_definition_whole_dataframe("all rows").get_batch({"dataframe": frame})
    result_format: Any = {"result_format": "BASIC", "partial_unexpected_count": results.MOST_ROWS}
    suite = gx.ExpectationSuite(name=name, expectations=expectations)
    return list(batch.validate(suite, result_format=result_format).results)


def pictures(
    dataset: Dataset, evidence: Mapping[Split, Evidence], verdicts: list[Verdict]
) -> dict[tuple[str, str], bytes]:
    """By suite and description: a PNG of rows that break an expectation, with label or what the row is like."""
    result = {}
    for verdict in verdicts:
        if verdict.rows:
            part = evidence[verdict.split]  # type: ignore[index]
            shown = verdict.rows[: results.MOST_ROWS]
            own = part.rows[part.rows["id"].isin([row.id for row in shown])]
            labels = dict(zip(own["id"], own["label"], strict=True))
            captions = [f"{row.id}\n{row.like or labels[row.id]}" for row in shown]
            images = part.images([row.id for row in shown], dataset.shape)
            sheet = contact_sheet("row, and its label or what it is like", images, captions)
            result[verdict.split, verdict.expected] = sheet
    return result
