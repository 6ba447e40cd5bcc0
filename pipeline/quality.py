"""The Great Expectations suites over the Parquet files; the only importer of great_expectations.

A suite looks at one row an image: the Parquet columns, and beside them what `profile` measures of the pixels.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import great_expectations as gx
import great_expectations.expectations as gxe
import numpy as np
import pandas as pd
import pyarrow as pa
from great_expectations.checkpoint.actions import UpdateDataDocsAction
from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.expectations.expectation import ColumnAggregateExpectation, Expectation

from pipeline.datasets import Dataset, Expectations, Split, SplitRecord
from pipeline.errors import listed
from pipeline.table import COLUMNS

MEASURES = ["image_bytes", "pixel_mean", "pixel_std", "ink"]


class Verdict(NamedTuple):
    """What one expectation found in one split; `rows` are the ids of rows that break it, at most five."""

    split: str
    expectation: str
    found: str
    rows: list[int]
    success: bool
    severity: str

    @property
    def fails(self) -> bool:
        """Whether the gate fails for it."""
        return not self.success and self.severity == "critical"


class ExpectColumnValueCountsToEqual(ColumnAggregateExpectation):
    """Expect every value of the column to occur in exactly the given number of rows."""

    counts: dict[int, int]
    metric_dependencies: ClassVar[tuple[str, ...]] = ("column.value_counts",)
    success_keys: ClassVar[tuple[str, ...]] = ("counts",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        found = {int(value): int(count) for value, count in metrics["column.value_counts"].items()}
        wrong = sorted(value for value in found.keys() | self.counts if found.get(value) != self.counts.get(value))
        differences = [f"{value}: {found.get(value, 0):,} for {self.counts.get(value, 0):,}" for value in wrong]
        return {"success": not wrong, "result": {"observed_value": listed(differences, 10) or "as expected"}}


def profile(table: pa.Table, pixels: int) -> pd.DataFrame:
    """The table as a frame, with each image's length in bytes, mean and standard deviation, and non-zero pixels.

    What cannot be measured because an image is missing or is not `pixels` bytes long stays null.
    """
    frame = table.select(COLUMNS).to_pandas()
    frame["image_bytes"] = frame["image"].str.len()
    frame[MEASURES[1:]] = np.nan
    whole = (frame["image_bytes"] == pixels).to_numpy()
    images = np.frombuffer(b"".join(frame["image"][whole]), np.uint8).reshape(-1, pixels)
    mean = images.mean(axis=1)
    square = np.einsum("ij,ij->i", images, images, dtype=np.int64) / pixels
    measured = np.column_stack([mean, np.sqrt(np.maximum(square - mean**2, 0)), np.count_nonzero(images, axis=1)])
    frame.loc[whole, MEASURES[1:]] = measured
    return frame


def schema_verdict(split: Split, found: pa.Schema, expected: pa.Schema) -> Verdict:
    """Whether a file's Arrow schema is the agreed one, metadata and all: no frame shows these any more."""
    right = found.equals(expected, check_metadata=True)
    says = "as expected" if right else _schema_in_words(found)
    return Verdict(split, f"schema {_schema_in_words(expected)}", says, [], right, "critical")


def _schema_in_words(schema: pa.Schema) -> str:
    fields = [f"{field.name} {field.type}{'' if field.nullable else ' not null'}" for field in schema]
    metadata = {key.decode(): value.decode(errors="replace") for key, value in (schema.metadata or {}).items()}
    return "; ".join(fields + [f"{key} {value}" for key, value in sorted(metadata.items())])


def expectations(record: SplitRecord, pixels: int) -> list[Expectation]:
    """What the gate expects of a split. Descriptions carry the numbers, for the report shows nothing else."""
    return [
        gxe.ExpectTableRowCountToEqual(value=record.rows, description=f"{record.rows:,} rows"),
        *(gxe.ExpectColumnValuesToNotBeNull(column=name, description=f"{name} is never null") for name in COLUMNS),
        *id_expectations(record.rows),
        *label_expectations(record.class_counts),
        *image_expectations(record.expect, pixels),
    ]


def id_expectations(rows: int) -> list[Expectation]:
    """Ids are consecutive from 0; with the row count, unique and increasing prove it."""
    last = rows - 1
    return [
        gxe.ExpectColumnValuesToBeOfType(column="id", type_="int32", description="id is int32"),
        gxe.ExpectColumnValuesToBeUnique(column="id", description="no id twice"),
        gxe.ExpectColumnValuesToBeIncreasing(column="id", strictly=True, description="ids increase"),
        gxe.ExpectColumnMinToBeBetween(column="id", min_value=0, max_value=0, description="the first id is 0"),
        gxe.ExpectColumnMaxToBeBetween(
            column="id", min_value=last, max_value=last, description=f"the last id is {last:,}"
        ),
    ]


def label_expectations(class_counts: Sequence[int]) -> list[Expectation]:
    """Labels are those of the record, each in as many rows as it says."""
    classes = len(class_counts)
    return [
        gxe.ExpectColumnValuesToBeOfType(column="label", type_="uint8", description="label is uint8"),
        gxe.ExpectColumnValuesToBeInSet(
            column="label", value_set=list(range(classes)), description=f"labels are 0 to {classes - 1}"
        ),
        ExpectColumnValueCountsToEqual(
            column="label",
            counts=dict(enumerate(class_counts)),
            description=f"rows of each label: {listed(class_counts, classes)}",
        ),
    ]


def image_expectations(expect: Expectations, pixels: int) -> list[Expectation]:
    """Images are whole, not blank, and of the record's brightness, contrast and amount of ink."""

    def within(kind: Any, column: str, low: float, high: float, words: str) -> Expectation:
        return kind(column=column, min_value=low, max_value=high, description=words.format(low, high))

    each, mean = gxe.ExpectColumnValuesToBeBetween, gxe.ExpectColumnMeanToBeBetween
    spread = "mean standard deviation of an image's grey levels between {:g} and {:g}"
    return [
        within(each, "image_bytes", pixels, pixels, "images of {} bytes"),
        within(mean, "pixel_mean", *expect.pixel_mean, "mean grey level between {:g} and {:g}"),
        within(mean, "pixel_std", *expect.pixel_std, spread),
        within(each, "ink", 1, pixels, "no blank image"),
        within(each, "ink", *expect.ink, "non-zero pixels of an image between {} and {}"),
    ]


def validate(dataset: Dataset, frames: Mapping[Split, pd.DataFrame], docs: Path) -> list[Verdict]:
    """Hold each split's profile to the expectations of its record; build the Data Docs in the folder `docs`."""
    pixels = int(np.prod(dataset.shape))
    docs.mkdir(parents=True, exist_ok=True)
    context = _context(docs)
    source = context.data_sources.add_pandas(dataset.name)
    verdicts = []
    for split, record in dataset.splits.items():
        suite = context.suites.add(gx.ExpectationSuite(name=split, expectations=expectations(record, pixels)))
        batch = source.add_dataframe_asset(split).add_batch_definition_whole_dataframe("all rows")
        validation = context.validation_definitions.add(
            gx.ValidationDefinition(name=split, data=batch, suite=suite)
        )
        # A Checkpoint hands the same frame to all its validations: one Checkpoint a split.
        checkpoint = context.checkpoints.add(
            gx.Checkpoint(
                name=split,
                validation_definitions=[validation],
                actions=[UpdateDataDocsAction(name="docs")],
                result_format={
                    "result_format": "COMPLETE",
                    "unexpected_index_column_names": ["id"],
                    "partial_unexpected_count": 5,
                    "return_unexpected_index_query": False,
                },
            )
        )
        outcome = checkpoint.run(batch_parameters={"dataframe": frames[split]})
        for result in outcome.run_results.values():
            verdicts += [_verdict(split, item) for item in result.results]
    return verdicts


def _context(docs: Path) -> Any:
    """A context in memory, without telemetry, whose report goes to `docs`."""
    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(docs.resolve()),
        },
    }
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=sys.stderr.isatty()),
        data_docs_sites={"local": site},
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _verdict(split: str, item: ExpectationValidationResult) -> Verdict:
    config = item.expectation_config
    if config is None:
        raise TypeError("Great Expectations gave a result without its expectation")
    detail: dict[str, Any] = item.result or {}
    broken = [row["id"] for row in detail.get("partial_unexpected_index_list") or []]
    rows = sorted({int(number) for number in broken if pd.notna(number)})
    return Verdict(
        split,
        str(config.description),
        _found(detail, item.exception_info or {}),
        rows,
        bool(item.success),
        str(config.severity.value),
    )


def _found(detail: dict[str, Any], exceptions: dict[str, Any]) -> str:
    """What a result says it found, in words."""
    parts = [exceptions] if "raised_exception" in exceptions else exceptions.values()  # flat, or one a metric
    if errors := [str(part["exception_message"]) for part in parts if part["raised_exception"]]:
        return f"not checked: {errors[0].splitlines()[0]}"
    if (observed := detail.get("observed_value")) is not None:
        return f"{observed:,.10g}" if isinstance(observed, int | float) else str(observed)
    return f"{detail.get('unexpected_count', 0):,} rows"


def report(frames: Mapping[Split, pd.DataFrame], verdicts: list[Verdict]) -> dict[str, Any]:
    """The numbers for metrics/quality.json: by split, what was measured and how many expectations failed."""

    def mean(column: pd.Series) -> float:
        return round(float(column.mean()), 3) if column.notna().any() else 0.0

    return {
        split: {
            "rows": len(frame),
            "pixel_mean": mean(frame["pixel_mean"]),
            "pixel_std": mean(frame["pixel_std"]),
            "blank": int((frame["ink"] == 0).sum()),
            "expectations": len(own),
            "failed": sum(verdict.fails for verdict in own),
            "warnings": sum(not (verdict.success or verdict.fails) for verdict in own),
        }
        for split, frame in frames.items()
        if (own := [verdict for verdict in verdicts if verdict.split == split])
    }


def as_text(verdicts: list[Verdict]) -> str:
    """A table of verdicts for a person."""
    lines = [("SPLIT", "SEVERITY", "EXPECTED", "FOUND", "ROWS")]
    lines += [(v.split, v.severity, v.expectation, v.found, listed(v.rows)) for v in verdicts]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)
