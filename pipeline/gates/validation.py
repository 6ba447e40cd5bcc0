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
from pipeline.gates import docs, results, suites
from pipeline.gates.evidence.gather import Evidence
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


def validate(context: AbstractDataContext, dataset: Dataset, evidence: Mapping[Split, Evidence]) -> list[Verdict]:
    """Hold the evidence of each split to its record; that of one split alone, to what needs no other split."""
    verdicts = []
    for split, part in evidence.items():
        rows, facts = suites.of_split(dataset, split)
        left_out = NEED_TRAIN if len(evidence) == 1 and split == "test" else set()
        kept = (
            [one for one in suite if suites.check_of(one).split(".")[0] not in left_out] for suite in (rows, facts)
        )
        for result in [
            *run_suite(context, split, next(kept), part.rows),
            *run_suite(context, f"{split} as a whole", next(kept), pd.DataFrame([part.facts])),
        ]:
            verdicts.append(_verdict(split, result))
    return verdicts


def run_suite(
    context: AbstractDataContext, name: str, expectations: list[Expectation], frame: pd.DataFrame
) -> list[ExpectationValidationResult]:
    """The results of one suite on one frame. Each suite has its own checkpoint, which takes only one frame."""
    suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=expectations))
    asset = context.data_sources.add_pandas(name).add_dataframe_asset(name)
    batch = asset.add_batch_definition_whole_dataframe("all rows")
    validation = gx.ValidationDefinition(name=name, data=batch, suite=suite)
    result_format: Any = {
        "result_format": "COMPLETE",
        "partial_unexpected_count": docs.MOST_ROWS,
        "return_unexpected_index_query": False,
    }
    if "id" in frame:
        result_format["unexpected_index_column_names"] = ["id"]
    checkpoint = gx.Checkpoint(
        name=name,
        validation_definitions=[context.validation_definitions.add(validation)],
        result_format=result_format,
    )
    outcome = context.checkpoints.add(checkpoint).run(batch_parameters={"dataframe": frame})
    return [result for run in outcome.run_results.values() for result in run.results]


def _verdict(split: Split, result: ExpectationValidationResult) -> Verdict:
    config: Any = result.expectation_config
    return Verdict(
        split,
        results.check(result),
        str(config.severity.value),
        str(config.description),
        results.found(result),
        results.rows(result),
        bool(result.success),
        results.meaning(result),
    )


def pictures(
    dataset: Dataset, evidence: Mapping[Split, Evidence], verdicts: list[Verdict]
) -> dict[tuple[str, str], bytes]:
    """By suite and description: a PNG of rows that break an expectation, with label or what the row is like."""
    result = {}
    for verdict in verdicts:
        if verdict.rows:
            part = evidence[verdict.split]  # type: ignore[index]
            shown = verdict.rows[: docs.MOST_ROWS]
            own = part.rows[part.rows["id"].isin([row.id for row in shown])]
            labels = dict(zip(own["id"], own["label"], strict=True))
            captions = [f"{row.id}\n{row.like or labels[row.id]}" for row in shown]
            images = part.images([row.id for row in shown], dataset.shape)
            sheet = contact_sheet("row, and its label or what it is like", images, captions)
            result[verdict.split, verdict.expected] = sheet
    return result
