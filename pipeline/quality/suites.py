"""The Great Expectations suites: what is expected of a split's rows, and of the split as a whole.

Each expectation carries in its `meta` the check's name, which is the path of its threshold where it has one.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import great_expectations.expectations as gxe
from great_expectations.expectations.expectation import ColumnAggregateExpectation, Expectation

from pipeline import table
from pipeline.datasets import Dataset, Split
from pipeline.datasets.thresholds import NEAR_DISTANCE, ImageMeasures, SplitThresholds
from pipeline.errors import listed
from pipeline.quality.meanings import MEASURES
from pipeline.references import AS_IS, OWN
from pipeline.table import COLUMNS, in_words


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
        values = sorted(found.keys() | self.counts)
        wrong = [value for value in values if found.get(value, 0) != self.counts.get(value, 0)]
        differences = [f"{value}: {found.get(value, 0):,} for {self.counts.get(value, 0):,}" for value in wrong]
        return {"success": not wrong, "result": {"observed_value": listed(differences, 10) or "as expected"}}


def expect(kind: Any, check: str, description: str, /, **arguments: Any) -> Expectation:
    """An expectation of a kind, named and described; the description carries the numbers."""
    result: Expectation = kind(description=description, meta={"check": check}, **arguments)
    return result


def of_rows(dataset: Dataset, split: Split) -> list[Expectation]:
    """What is expected of the frame with one row an image."""
    record = dataset.splits[split]
    pixels = dataset.shape[0] * dataset.shape[1]
    return [
        expect(gxe.ExpectTableRowCountToEqual, "rows", f"{record.rows:,} rows", value=record.rows),
        *(
            expect(gxe.ExpectColumnValuesToNotBeNull, "nulls", f"{name} is never null", column=column)
            for name, column in zip(COLUMNS, ["id", "image_bytes", "label"], strict=True)
        ),
        *_of_ids(record.rows),
        *_of_labels(dataset.labels, record.class_counts),
        *_of_images(record.expect.images if record.expect else None, pixels),
        *_of_repeats(dataset, split),
        *_of_writers(dataset, split),
        *_of_suspects(record.expect, record.rows),
    ]


def _of_ids(rows: int) -> list[Expectation]:
    """Ids are consecutive from 0; with the row count, unique and increasing prove it."""
    last = rows - 1
    first = {"min_value": 0, "max_value": 0}
    kind, unique, increasing = (
        gxe.ExpectColumnValuesToBeOfType,
        gxe.ExpectColumnValuesToBeUnique,
        gxe.ExpectColumnValuesToBeIncreasing,
    )
    return [
        expect(kind, "ids", "id is int32", column="id", type_="int32"),
        expect(unique, "ids", "no id twice", column="id"),
        expect(increasing, "ids", "ids increase", column="id", strictly=True),
        expect(gxe.ExpectColumnMinToBeBetween, "ids", "the first id is 0", column="id", **first),
        expect(
            gxe.ExpectColumnMaxToBeBetween,
            "ids",
            f"the last id is {last:,}",
            column="id",
            min_value=last,
            max_value=last,
        ),
    ]


def _of_labels(labels: range, class_counts: Sequence[int] | None) -> list[Expectation]:
    """Labels are those of the record, each in as many rows as it says."""
    type_, inside = gxe.ExpectColumnValuesToBeOfType, gxe.ExpectColumnValuesToBeInSet
    words = f"labels are {labels[0]} to {labels[-1]}"
    result = [
        expect(type_, "label type", "label is uint8", column="label", type_="uint8"),
        expect(inside, "label range", words, column="label", value_set=list(labels)),
    ]
    if class_counts is not None:
        words = f"rows of each label: {listed(class_counts, len(labels))}"
        counts = dict(zip(labels, class_counts, strict=True))
        result.append(expect(ExpectColumnValueCountsToEqual, "class_counts", words, column="label", counts=counts))
    return result


def _of_images(thresholds: ImageMeasures | None, pixels: int) -> list[Expectation]:
    """Images are whole, not blank, not of one grey level, and measure what the record says, each and all."""
    each, mean = gxe.ExpectColumnValuesToBeBetween, gxe.ExpectColumnMeanToBeBetween
    whole = {"column": "image_bytes", "min_value": pixels, "max_value": pixels}
    result = [
        expect(each, "image length", f"images of {pixels} bytes", **whole),
        expect(each, "blank", "no blank image", column="ink", min_value=1),
        expect(each, "constant", "no image of one grey level", column="pixel_std", min_value=0, strict_min=True),
    ]
    for name, words in MEASURES.items() if thresholds else ():
        measure = getattr(thresholds, name)
        for kind, part, range_, who in [
            (each, "each", measure.each, "of each"),
            (mean, "mean", measure.mean, "mean"),
        ]:
            described = f"{words}, {who}: {range_[0]:g} to {range_[1]:g}"
            bounds = {"column": name, "min_value": range_[0], "max_value": range_[1]}
            result.append(expect(kind, f"images.{name}.{part}", described, **bounds))
    return result


def _no_more(check: str, column: str, what: str, most: int | None, rows: int) -> Expectation:
    """At most `most` rows have a value in the column; where that was not measured, each of them is a warning."""
    if most is None:
        none = gxe.ExpectColumnValuesToBeNull
        return expect(none, check, f"{what}: none", column=column, severity="warning")
    # The half row keeps the comparison of shares clear of rounding.
    share = 1 - (most + 0.5) / max(rows, 1) if most else 1.0
    words = f"{what}: at most {most:,} of {rows:,} rows" if most else f"{what}: none"
    return expect(gxe.ExpectColumnValuesToBeNull, check, words, column=column, mostly=max(share, 0.0))


def _of_repeats(dataset: Dataset, split: Split) -> list[Expectation]:
    """No image twice, and none of test in train, not even nearly."""
    record, both = dataset.splits[split], dataset.expect
    most = record.expect.duplicates if record.expect else None
    result = [_no_more("duplicates", "duplicate_of", "images seen before", most, record.rows)]
    if split == "test":
        distance = both.near_distance if both else NEAR_DISTANCE
        nearly = f"images of train but for {distance:g} grey levels (RMS), or moved by a pixel"
        result += [
            _no_more("shared", "same_as", "images of train", both.shared if both else None, record.rows),
            _no_more("near", "near_to", nearly, both.near if both else None, record.rows),
        ]
    return result


def _of_writers(dataset: Dataset, split: Split) -> list[Expectation]:
    """Of each image it is known who wrote it: as many writers and rows of each half as the record says."""
    if dataset.provenance is None:
        return []
    record, rows = dataset.provenance.splits[split], dataset.splits[split].rows
    number = {"column": "writer", "min_value": record.writers, "max_value": record.writers}
    words = ", ".join(f"{n:,} of hsf {series}" for series, n in record.hsf.items())
    return [
        *(
            expect(gxe.ExpectColumnValuesToNotBeNull, "nulls", f"{name} is never null", column=name)
            for name in table.PROVENANCE
        ),
        expect(ExpectColumnValueCountsToEqual, "halves", f"rows: {words}", column="hsf", counts=record.hsf),
        expect(gxe.ExpectColumnUniqueValueCountToBeBetween, "writers", f"{record.writers} writers", **number),
        _no_more("writer_of_both", "of_both_halves", "images of a writer of both halves", 0, rows),
        *(
            [_no_more("shared_writer", "writer_of_train", "images of a writer of train", 0, rows)]
            * (split == "test")
        ),
    ]


def _of_suspects(thresholds: SplitThresholds | None, rows: int) -> list[Expectation]:
    """Labels that the probe contradicts: each is a warning, too many are a failure."""
    what = "labels contradicted with confidence"
    result = [_no_more("suspect", "score", what, None, rows)]
    if thresholds:
        result.append(_no_more("suspects", "contradicted", what, thresholds.suspects, rows))
    return result


def of_facts(dataset: Dataset, split: Split) -> list[Expectation]:
    """What is expected of the frame with one row, the facts about the split as a whole."""
    inside, schema = gxe.ExpectColumnValuesToBeInSet, in_words(table.schema(dataset))
    result = [expect(inside, "schema", f"schema {schema}", column="schema", value_set=[schema])]
    if dataset.transposed:
        words = "images upright, beside drawn characters"
        result.append(expect(inside, "orientation", words, column="orientation", value_set=[AS_IS]))
    if dataset.expect and (record := dataset.splits[split].expect):
        result += _of_measured(dataset, split, record)
        if split == "test":
            words = "largest distance of a class's mean image from train's, in grey levels"
            result.append(_fact("drift", "drift", words, dataset.expect.drift))
    return result


def _of_measured(dataset: Dataset, split: Split, record: SplitThresholds) -> list[Expectation]:
    """Mean images and the probe's errors are as measured for the record."""
    inside = gxe.ExpectColumnValuesToBeInSet
    labels = {"column": "labels", "value_set": [OWN]}
    counts = dataset.splits[split].class_counts or [1] * len(dataset.class_names)
    by_class = zip(dataset.labels, dataset.class_names, record.class_errors, counts, strict=True)
    return [
        expect(inside, "transformation", "images as in the record", column="transformation", value_set=[AS_IS]),
        expect(inside, "labels", "each label has the images that it has in the record", **labels),
        _fact("label_offset", "label_offset", "rows that the labels are off their images", (0, 0)),
        _fact(
            "reference_distance",
            "reference_distance",
            "largest distance of a class's mean image from the record's, in grey levels",
            record.reference_distance,
        ),
        _fact("probe_error", "probe_error", "out-of-sample error of a quick classifier", record.probe_error),
        *(
            _fact(f"class_errors.{label}", f"probe_error_{label}", f"out-of-sample error of class {name}", range_)
            for label, name, range_, count in by_class
            if count
        ),
    ]


def _fact(check: str, column: str, words: str, range_: tuple[float, float]) -> Expectation:
    low, high = range_
    described = f"{words}: {low:g}" if low == high else f"{words}: {low:g} to {high:g}"
    # The largest of one value: unlike an expectation of each value, it fails where the value is missing.
    bounds = {"column": column, "min_value": low, "max_value": high}
    return expect(gxe.ExpectColumnMaxToBeBetween, check, described, **bounds)
