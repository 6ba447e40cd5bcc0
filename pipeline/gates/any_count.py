"""Records for any number of rows: what they expect of the number of rows that is there.

A record with `any_count` describes the files that were measured. New files of the same source may have more rows
or fewer. Chance then moves each number, the more the fewer rows there are. So each range is made wider for the
chance in both numbers of rows.
"""

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist

import msgspec

from pipeline.base.dataset import Dataset, Split, SplitRecord, header_bytes
from pipeline.base.thresholds import ImageMeasures, Measure, Range, SplitThresholds, Thresholds

ERRORS = 4  # standard errors
WRONG = 0.001  # the share of good splits whose class counts are refused

replace = msgspec.structs.replace


def fitted(dataset: Dataset, rows: Mapping[Split, int]) -> Dataset:
    """The record for splits of so many rows; the same record if it is for one number of rows only."""
    if not dataset.any_count:
        return dataset
    few = {split: _fewer(dataset.splits[split], count) for split, count in rows.items()}
    measured = {split: record.rows for split, record in dataset.splits.items()}
    fewer = measured["train"] / max(rows["train"], 1)
    train, test = (
        _split(dataset, record, rows[split], fewer, _distance(dataset, few[split]))
        for split, record in dataset.splits.items()
    )
    expect = dataset.expect and _both(dataset, dataset.expect, rows, few)
    return replace(dataset, expect=expect, train=train, test=test)


def of_classes(dataset: Dataset, record: SplitRecord) -> list[tuple[int, int]] | None:
    """How many rows each class has: at least, at most. None if that is not known."""
    if record.class_counts is None:
        return None
    if dataset.any_count:
        return class_ranges(record.class_counts, record.rows)
    return [(count, count) for count in record.class_counts]


def few_outside(dataset: Dataset, record: SplitRecord) -> int:
    """How many images may be outside the range of a measure."""
    measured = sum(record.class_counts or ()) or record.rows
    return beyond(measured, record.rows) if dataset.any_count else 0


def all_but(most: int, rows: int) -> float:
    """The share of `rows` rows if at most `most` are left out.

    Great Expectations compares shares of rows. Half a row more keeps that comparison clear of rounding.
    """
    return max(1 - (most + 0.5) / max(rows, 1), 0.0)


def class_ranges(counts: Sequence[int], rows: int) -> list[tuple[int, int]]:
    """How many of `rows` rows may be of each class, if `counts` rows of each class were measured.

    A number is in the range if the score test for two shares does not tell it from the measured one (K.
    Krishnamoorthy and J. Peng, "Improved closed-form prediction intervals for binomial and Poisson
    distributions", Journal of Statistical Planning and Inference 141, 2011), at a level that Bonferroni's rule
    divides among the classes.
    """
    measured = sum(counts)
    both, share = measured + rows, measured / (measured + rows)
    z = NormalDist().inv_cdf(1 - WRONG / (2 * len(counts)))
    chance = z**2 * measured * rows / both**3
    ranges = []
    for count in counts:
        # The ends solve (count - share * t)**2 = chance * t * (both - t), where t is of both numbers of rows.
        a, half = share**2 + chance, share * count + chance * both / 2
        root = math.sqrt(max(half**2 - a * count**2, 0))
        low, high = ((half + sign * root) / a - count for sign in (-1, 1))
        ranges.append((max(math.ceil(low), 0), min(math.floor(high), rows)))
    return ranges


def beyond(measured: int, rows: int) -> int:
    """How many of `rows` images chance may put outside the range of one measure of the measured images.

    One in as many images as were measured is larger than all of those; three standard errors more.
    """
    return math.ceil(rows / measured + 3 * math.sqrt(rows / measured))


def _fewer(record: SplitRecord, rows: int) -> float:
    """So many rows, lowered by the share that the smallest class may lack: two standard errors of its rows."""
    smallest = min((count for count in record.class_counts or () if count), default=record.rows)
    expected = max(smallest * rows / record.rows, 1)
    return max(rows, 1) * max(1 - 2 / math.sqrt(expected), 1 / expected)


def _noise(first: float, second: float) -> float:
    """The chance in the difference of two means, of so many rows each; 1 for one row and a known mean."""
    return math.sqrt(1 / first + 1 / second)


def _drift(both: Thresholds) -> float:
    """The drift that was measured: `profile` adds a quarter and 1."""
    return max(both.drift[1] - 1, 0) / 1.25


def _distance(dataset: Dataset, rows: float) -> float:
    """The distance that chance puts between the references and the mean images of so many rows."""
    if dataset.expect is None:
        return 0
    train, test = (record.rows for record in dataset.splits.values())
    return _drift(dataset.expect) * _noise(rows, train) / _noise(train, test)


def _both(dataset: Dataset, both: Thresholds, rows: Mapping[Split, int], few: Mapping[Split, float]) -> Thresholds:
    """What both splits are held to. few: the rows, lowered as in `_fewer`."""
    train, test = (record.rows for record in dataset.splits.values())
    grown = max(_noise(few["train"], few["test"]) / _noise(train, test), 1)
    apart = max(_distance(dataset, count) for count in few.values())
    pairs = rows["train"] / train * rows["test"] / test
    return replace(
        both,
        shared=_count(both.shared, pairs),
        near=_count(both.near, pairs),
        drift=(both.drift[0], max(both.drift[1], _round(1.25 * _drift(both) * grown + 1))),
        reference_tolerance=min(max(both.reference_tolerance, _round(1.5 * apart + 1)), 255.0),
    )


def _split(dataset: Dataset, record: SplitRecord, rows: int, fewer: float, apart: float) -> SplitRecord:
    """The record of a split for so many rows.

    fewer: how many times as many rows train had when it was measured; apart: as `_distance`.
    """
    size = header_bytes(1 + len(dataset.shape)) + rows * dataset.image_bytes
    images, labels = replace(record.images, bytes=size), replace(record.labels, bytes=header_bytes(1) + rows)
    expect = record.expect and _thresholds(record, record.expect, max(rows, 1), fewer, apart)
    return replace(record, images=images, labels=labels, expect=expect)


def _thresholds(
    record: SplitRecord, expect: SplitThresholds, rows: int, fewer: float, apart: float
) -> SplitThresholds:
    more = rows / record.rows
    counts = record.class_counts or [record.rows] * len(expect.class_errors)
    measures = msgspec.structs.asdict(expect.images)
    return replace(
        expect,
        images=ImageMeasures(**{name: _measure(part, record.rows, rows) for name, part in measures.items()}),
        duplicates=_count(expect.duplicates, more**2),
        near_duplicates=expect.near_duplicates and _count(expect.near_duplicates, more**2),
        suspects=max(_count(expect.suspects, more * max(fewer, 1)), 8),
        reference_distance=(0.0, max(expect.reference_distance[1], _round(1.25 * apart + 1))),
        probe_error=_rate(expect.probe_error, rows, fewer),
        class_errors=tuple(
            _rate(range_, count * more, fewer) for range_, count in zip(expect.class_errors, counts, strict=True)
        ),
    )


def _measure(measure: Measure, measured: int, rows: int) -> Measure:
    """The mean may be off by the chance in both means, but no mean leaves the range of each image."""
    wide = ERRORS * (measure.spread or 0.0) * _noise(measured, rows)
    low, high = measure.mean[0] - wide, measure.mean[1] + wide
    return replace(measure, mean=(_round(max(low, measure.each[0])), _round(min(high, measure.each[1]))))


def _count(most: int, times: float) -> int:
    """The most of so many times as many chances; none stays none."""
    return math.ceil(most * times + ERRORS * math.sqrt(most * times))


def _rate(range_: Range, rows: float, fewer: float) -> Range:
    """The range of an error rate for so many rows. An error falls no faster than one over the rows of train."""
    low, high = range_[0] * min(fewer, 1), min(range_[1] * max(fewer, 1), 1)
    least, most = _chance(low, rows), _chance(high, rows)
    return _round(max(low - least, 0)), _round(min(high + most, 1))


def _chance(rate: float, rows: float) -> float:
    smoothed = (rate * rows + 1) / (rows + 2)
    return ERRORS * math.sqrt(smoothed * (1 - smoothed) / (rows + 2))


def _round(value: float) -> float:
    return float(f"{value:.4g}")
