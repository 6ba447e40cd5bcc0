"""The Great Expectations suites: what is expected of a split's rows, and of the split as a whole.

The `meta` of each expectation holds the name of the check. If the check has a threshold, the name is the path of
that threshold.
"""

from collections.abc import Sequence
from typing import Any

import great_expectations.expectations as gxe
import msgspec
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.metadata_types import FailureSeverity

from pipeline.base.dataset import Dataset, Split
from pipeline.base.errors import ConfigError, listed
from pipeline.base.thresholds import NEAR_DISTANCE, ImageMeasures, SplitThresholds
from pipeline.gates.any_count import all_but, few_outside, of_classes
from pipeline.gates.evidence.changes import AS_IS
from pipeline.gates.evidence.references import OWN
from pipeline.gates.meanings import MEASURES
from pipeline.gates.value_counts import ExpectColumnValueCountsToEqual
from pipeline.rows import arrow
from pipeline.rows.arrow import COLUMNS, in_words


def expect(kind: Any, check: str, description: str, /, **arguments: Any) -> Expectation:
    """An expectation of a kind, with the name of its check and a description that holds the numbers."""
    result: Expectation = kind(description=description, meta={"check": check}, **arguments)
    return result


def of_split(dataset: Dataset, split: Split) -> tuple[list[Expectation], list[Expectation]]:
    """What is expected of the frame with one row an image, and of that with the facts about the split.

    Raises ConfigError if the record lets a check only warn that there is not.
    """
    rows, facts = of_rows(dataset, split), of_facts(dataset, split)
    record = dataset.splits[split].expect
    lowered = set(record.only_warn) if record else set()
    if unknown := lowered - {check_of(expectation) for expectation in rows + facts}:
        raise ConfigError(f"{split}.expect.only_warn: expected checks of {split}, found {listed(sorted(unknown))}")
    for expectation in rows + facts:
        if check_of(expectation) in lowered:
            expectation.severity = FailureSeverity.WARNING
    return rows, facts


def check_of(expectation: Expectation) -> str:
    """The name of the check that the expectation belongs to."""
    return str((expectation.meta or {})["check"])


def of_rows(dataset: Dataset, split: Split) -> list[Expectation]:
    """What is expected of the frame that has one row for each image."""
    record = dataset.splits[split]
    pixels, few = dataset.image_bytes, few_outside(dataset, record)
    return [
        expect(gxe.ExpectTableRowCountToEqual, "rows", f"{record.rows:,} rows", value=record.rows),
        *(
            expect(gxe.ExpectColumnValuesToNotBeNull, "nulls", f"{name} is never null", column=column)
            for name, column in zip(COLUMNS, ["id", "image_bytes", "label"], strict=True)
        ),
        *_of_ids(record.rows),
        *_of_labels(dataset.labels, of_classes(dataset, record)),
        *_of_images(record.expect.images if record.expect else None, pixels, few, record.rows),
        *_of_repeats(dataset, split),
        *_of_writers(dataset, split),
        *_of_suspects(record.expect, record.rows),
    ]


def _of_ids(rows: int) -> list[Expectation]:
    """Ids count from 0 without a gap. With the right number of rows, unique and increasing ids prove it."""
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


def _of_labels(labels: range, counts: Sequence[tuple[int, int]] | None) -> list[Expectation]:
    """Labels are in the range of the record, and each is in as many rows as the record says."""
    type_, inside = gxe.ExpectColumnValuesToBeOfType, gxe.ExpectColumnValuesToBeInSet
    words = f"labels are {labels[0]} to {labels[-1]}"
    result = [
        expect(type_, "label type", "label is uint8", column="label", type_="uint8"),
        expect(inside, "label range", words, column="label", value_set=list(labels)),
    ]
    if counts is not None:
        each = [f"{least}" if least == most else f"{least} to {most}" for least, most in counts]
        arguments = {"counts": dict(zip(labels, [least for least, _ in counts], strict=True))}
        if any(least != most for least, most in counts):
            arguments["most"] = dict(zip(labels, [most for _, most in counts], strict=True))
        words = f"rows of each label: {listed(each, len(labels))}"
        result.append(expect(ExpectColumnValueCountsToEqual, "class_counts", words, column="label", **arguments))
    return result


def _of_images(thresholds: ImageMeasures | None, pixels: int, few: int, rows: int) -> list[Expectation]:
    """Images are whole, not blank, not of one grey level, and their measures are in the ranges of the record.

    few: how many of the `rows` images may be outside the range of each measure. They are a warning.
    """
    each, mean = gxe.ExpectColumnValuesToBeBetween, gxe.ExpectColumnMeanToBeBetween
    whole = {"column": "image_bytes", "min_value": pixels, "max_value": pixels}
    result = [
        expect(each, "image length", f"images of {pixels:,} bytes", **whole),
        expect(each, "blank", "no blank image", column="ink", min_value=1),
        expect(each, "constant", "no image of one grey level", column="pixel_std", min_value=0, strict_min=True),
    ]
    measures = msgspec.structs.asdict(thresholds) if thresholds else {}
    for name, words in MEASURES.items() if measures else ():
        measure = measures[name]
        for kind, part, range_, who in [
            (each, "each", measure.each, "of each"),
            (mean, "mean", measure.mean, "mean"),
        ]:
            described = f"{words}, {who}: {range_[0]:g} to {range_[1]:g}"
            bounds = {"column": name, "min_value": range_[0], "max_value": range_[1]}
            check = f"images.{name}.{part}"
            if few and kind is each:
                result.append(expect(kind, check, described, **bounds, severity="warning"))
                described, bounds = f"{described}; all but {few:,}", bounds | {"mostly": all_but(few, rows)}
            result.append(expect(kind, check, described, **bounds))
    return result


def _no_more(check: str, column: str, what: str, most: int | None, rows: int) -> list[Expectation]:
    """At most `most` rows have a value in the column. If some may, or nobody counted them, each is a warning."""
    kind = gxe.ExpectColumnValuesToBeNull
    each = expect(kind, check, f"{what}: none", column=column, severity="critical" if most == 0 else "warning")
    if not most:
        return [each]
    words = f"{what}: at most {most:,} of {rows:,} rows"
    return [each, expect(kind, check, words, column=column, mostly=all_but(most, rows))]


def _of_repeats(dataset: Dataset, split: Split) -> list[Expectation]:
    """No image, or one nearly the same, stands twice, and none of test stands in train."""
    record, both = dataset.splits[split], dataset.expect
    most, near = (record.expect.duplicates, record.expect.near_duplicates) if record.expect else (None, None)
    distance = both.near_distance if both else NEAR_DISTANCE
    nearly = f"up to {distance:g} grey levels (RMS) away, also moved by a pixel"
    result = [
        *_no_more("duplicates", "duplicate_of", "images seen before", most, record.rows),
        *_no_more("near_duplicates", "near_duplicate_of", f"images seen before, {nearly}", near, record.rows),
    ]
    if split == "test":
        shared, near = (both.shared, both.near) if both else (None, None)
        result += [
            *_no_more("shared", "same_as", "images of train", shared, record.rows),
            *_no_more("near", "near_to", f"images of train, {nearly}", near, record.rows),
        ]
    return result


def _of_writers(dataset: Dataset, split: Split) -> list[Expectation]:
    """The writer of each image is known, and writers and rows of each series are as many as the record says."""
    if dataset.provenance is None:
        return []
    record, rows = dataset.provenance.splits[split], dataset.splits[split].rows
    number = {"column": "writer", "min_value": record.writers, "max_value": record.writers}
    words = ", ".join(f"{n:,} of hsf {series}" for series, n in record.hsf.items())
    result = [
        *(
            expect(gxe.ExpectColumnValuesToNotBeNull, "nulls", f"{name} is never null", column=name)
            for name in arrow.PROVENANCE
        ),
        expect(ExpectColumnValueCountsToEqual, "halves", f"rows: {words}", column="hsf", counts=record.hsf),
        expect(gxe.ExpectColumnUniqueValueCountToBeBetween, "writers", f"{record.writers:,} writers", **number),
        *_no_more("writer_of_both", "of_both_halves", "images by a writer of two series", 0, rows),
    ]
    if split == "test":
        result += _no_more("shared_writer", "writer_of_train", "images by a writer of train", 0, rows)
    return result


def _of_suspects(thresholds: SplitThresholds | None, rows: int) -> list[Expectation]:
    """Labels that the probe contradicts: any is a warning, too many are a failure."""
    what = "labels contradicted with confidence"
    result = _no_more("suspect", "score", what, None, rows)
    if thresholds:
        result += _no_more("suspects", "contradicted", what, thresholds.suspects, rows)[-1:]
    return result


def of_facts(dataset: Dataset, split: Split) -> list[Expectation]:
    """What is expected of the frame with a single row: the facts about the split as a whole."""
    inside, schema = gxe.ExpectColumnValuesToBeInSet, in_words(arrow.schema(dataset))
    result = [expect(inside, "schema", f"schema {schema}", column="schema", value_set=[schema])]
    if dataset.transposed:
        words = "images upright, compared with drawn characters"
        result.append(expect(inside, "orientation", words, column="orientation", value_set=[AS_IS]))
    if dataset.expect and (record := dataset.splits[split].expect):
        result += _of_measured(dataset, split, record)
        if split == "test":
            words = "largest distance of a class's mean image from train's, in grey levels"
            result.append(_fact("drift", "drift", words, dataset.expect.drift))
    return result


def _of_measured(dataset: Dataset, split: Split, record: SplitThresholds) -> list[Expectation]:
    """Mean images and the errors of the probe are as they were measured for the record."""
    inside = gxe.ExpectColumnValuesToBeInSet
    labels = {"column": "labels", "value_set": [OWN]}
    counts = of_classes(dataset, dataset.splits[split]) or [(1, 1)] * len(dataset.class_names)
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
            for label, name, range_, (least, _) in by_class
            if least
        ),
    ]


def _fact(check: str, column: str, words: str, range_: tuple[float, float]) -> Expectation:
    low, high = range_
    described = f"{words}: {low:g}" if low == high else f"{words}: {low:g} to {high:g}"
    # The maximum of one value is that value. An expectation of each value would pass if the value were missing.
    bounds = {"column": column, "min_value": low, "max_value": high}
    return expect(gxe.ExpectColumnMaxToBeBetween, check, described, **bounds)
