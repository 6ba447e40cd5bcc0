"""The record of a dataset, made from known good files: what the gates measure of them, each number with a margin.

Every margin leaves room for a faithful copy, in which each grey level may differ by one, and for another seed of
the probe. `explained` writes the margin of each threshold into a comment of the record. A check that the files
fail all the same only warns.
"""

import tempfile
from collections.abc import Mapping
from functools import reduce
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from pipeline.base import records
from pipeline.base.dataset import Dataset, RawFile, Split, SplitRecord
from pipeline.base.errors import DataError
from pipeline.base.outputs import sha256
from pipeline.base.spellings import find
from pipeline.base.thresholds import NEAR_DISTANCE, ImageMeasures, Measure, Range, SplitThresholds, Thresholds
from pipeline.features.images import grey
from pipeline.gates import unused
from pipeline.gates.any_count import ERRORS, fitted
from pipeline.gates.evidence import references
from pipeline.gates.evidence.gather import Evidence, gather
from pipeline.gates.evidence.measures import INK
from pipeline.gates.evidence.probe import FOLDS
from pipeline.gates.evidence.references import ClassSums
from pipeline.gates.folder import arrays, given
from pipeline.gates.grey_range import largest_grey, to_255
from pipeline.rows import arrow, convert
from pipeline.rows.blocks import Rows
from pipeline.rows.inspect import Array

ANY: Range = (-1e9, 1e9)
LEAST: dict[Split, int] = {"train": 2 * FOLDS, "test": 1}  # images that a split must have
# By measure: the margin for each image, the margin for the mean, and the values that are possible.
MARGINS: dict[str, tuple[float, float, Range]] = {
    "pixel_mean": (2, 1, (0, 255)),
    "pixel_std": (2, 1, (0, 128)),
    "pixel_max": (2, 1, (0, 255)),
    "ink": (5, 2, (1, 1e9)),
    "bright": (0.02, 0.02, (0, 1)),
    "greys": (0.05, 0.05, (0, 1)),
    "sharpness": (0.05, 0.02, (0, 1e9)),
    "box": (0.5, 0.05, (1, 1e9)),
    "centre_y": (0.1, 0.05, (-1e9, 1e9)),
    "centre_x": (0.1, 0.05, (-1e9, 1e9)),
    "specks": (1, 0.01, (0, 1e9)),
}


def of_folder(folder: Path, base: str | None, name: str, seed: int, any_count: bool = False) -> Dataset:
    """The record of the files in a folder, of images uint8[n, rows, columns] or uint8[n, rows, columns, channels].

    base: a record whose names, sources and file names are kept; name: the name of the dataset if there is no base;
    any_count: whether new files may have another number of rows.
    Raises DataError if a file is missing or is not IDX of uint8, if images and labels do not match, or if there is
    too little to measure; UnavailableError for a folder with none of the files.
    """
    dataset = records.find(base) if base else _unnamed(name, folder)
    replace = msgspec.structs.replace
    with tempfile.TemporaryDirectory() as scratch:
        found = given(dataset, folder, Path(scratch))
        raw = arrays(dataset, found, folder, Path(scratch))
        _require_measurable(folder, raw)
        if not dataset.class_names and found.class_names:
            dataset = replace(dataset, class_names=found.class_names)
        named = _named(dataset, folder, np.unique(np.concatenate([labels for _, labels in raw.values()])))
        splits = {
            split: replace(
                record,
                images=_file(Path(scratch) / record.images.name),
                labels=_file(Path(scratch) / record.labels.name),
                class_counts=_counts(raw[split][1], named.labels),
            )
            for split, record in dataset.splits.items()
        }
        rows, columns, *channels = raw["train"][0].shape[1:]
        shape = (columns, rows, *channels) if dataset.transposed else (rows, columns, *channels)
        whole = replace(named, shape=shape, provenance=None, any_count=any_count, **splits)
        tables = {split: convert.rows(whole, split, Path(scratch)) for split in splits}
        known = dataset.provenance if whole.files == dataset.files else None
        return replace(profile(whole, tables, seed), provenance=known)


def _named(dataset: Dataset, folder: Path, labels: Array) -> Dataset:
    """The dataset. If it has no class names, the labels become the names. DataError for a label without a name."""
    if not dataset.class_names:
        first, last = int(labels[0]), int(labels[-1])
        names = tuple(map(str, range(first, last + 1)))
        return msgspec.structs.replace(dataset, class_names=names, first_label=first)
    if not set(labels.tolist()) <= set(dataset.labels):
        raise DataError(
            f"{folder}: expected labels {dataset.labels[0]} to {dataset.labels[-1]}, "
            f"found {labels[0]} to {labels[-1]}"
        )
    return dataset


def _counts(given: Array, labels: range) -> tuple[int, ...]:
    """How many of the given labels are each of `labels`."""
    return tuple(int(n) for n in np.bincount(given, minlength=labels.stop)[labels.start :])


def _require_measurable(folder: Path, raw: Mapping[Split, tuple[Array, Array]]) -> None:
    """Raise DataError for images of no size or of two sizes, too few images, and images without any ink.

    Images whose grey levels do not go to 255 have no ink.
    """
    shapes = {images.shape[1:] for images, _ in raw.values()}
    if len(shapes) > 1 or 0 in next(iter(shapes)):
        found = " and ".join(" x ".join(map(str, shape)) for shape in sorted(shapes))
        raise DataError(f"{folder}: expected images of one size with at least one pixel, found {found}")
    for split, (images, _) in raw.items():
        if largest := largest_grey(images):
            found = f"pixels from 0 to {largest}; {to_255(largest)}"
            raise DataError(f"{folder}: {split}: expected pixels from 0 to 255, found {found}")
        if len(images) < LEAST[split] or not any((grey(image[None]) > INK).any() for image in images):
            raise DataError(
                f"{folder}: {split}: expected {LEAST[split]} images or more, some with ink, found {len(images)}"
            )


def _file(path: Path) -> RawFile:
    return RawFile(path.name, path.stat().st_size, sha256(path))


def _unnamed(name: str, folder: Path) -> Dataset:
    """A record with the usual names of the files, and with what a person must fill in.

    The number in a file's name is its rank: images with channels may stand in files of idx4.
    """
    ranks = [rank for rank in (3, 4) if find(folder, f"train-images-idx{rank}-ubyte")]
    kinds = (f"images-idx{ranks[0] if ranks else 3}", "labels-idx1")
    files = [[RawFile(f"{split}-{kind}-ubyte", 0, "0" * 64) for kind in kinds] for split in ("train", "t10k")]
    train, test = (SplitRecord(images, labels) for images, labels in files)
    return Dataset(
        name=name, title=name, licence="unknown", citation="unknown", shape=(0, 0), class_names=(),
        train=train, test=test,
    )  # fmt: skip


def class_sums(dataset: Dataset, rows: Rows) -> ClassSums:
    """The sums of the images of a split by class, in grey."""
    parts = (
        ClassSums.of(grey(images), labels.astype(np.int64) - dataset.first_label, len(dataset.class_names))
        for images, labels in map(arrow.to_arrays, rows.blocks())
    )
    return reduce(ClassSums.plus, parts)


def opened(dataset: Dataset, sums: Mapping[Split, ClassSums]) -> Dataset:
    """The dataset with the references that train's sums give, and with thresholds that any data keep."""
    means = tuple(references.encode(sums["train"].means))
    expected = references.decode(means, (dataset.shape[0], dataset.shape[1]))
    apart = [np.nanmax(references.liken(part, expected, 0).distances) for part in sums.values()]
    measures = ImageMeasures(**{name: Measure(ANY, ANY) for name in MARGINS})
    either = SplitThresholds(measures, 0, 0, ANY, ANY, (ANY,) * len(means))
    both = Thresholds(0, 0, NEAR_DISTANCE, ANY, _round(1.5 * round(float(max(apart)), 3) + 1), means)
    replace = msgspec.structs.replace
    train, test = (replace(record, expect=either) for record in dataset.splits.values())
    return replace(dataset, expect=both, train=train, test=test)


def profile(dataset: Dataset, tables: Mapping[Split, Rows], seed: int) -> Dataset:
    """The dataset with thresholds that are measured of its own rows, and the checks that these rows fail."""
    whole = opened(dataset, {split: class_sums(dataset, rows) for split, rows in tables.items()})
    assert whole.expect
    evidence = gather(whole, tables, seed)
    replace = msgspec.structs.replace
    splits = {
        split: replace(record, expect=_of_split(evidence[split], dataset.labels, dataset.any_count))
        for split, record in whole.splits.items()
    }
    test = evidence["test"]
    both = replace(
        whole.expect,
        shared=int(test.rows["same_as"].notna().sum()),
        near=int(test.rows["near_to"].notna().sum()),
        drift=_up_to(test.facts["drift"]),
    )
    return _tried(replace(whole, expect=both, **splits), evidence)


def _tried(dataset: Dataset, evidence: Mapping[Split, Evidence]) -> Dataset:
    """The dataset, whose checks only warn if its own files, of which the evidence is, fail them."""
    unused.leave_out()
    from pipeline.gates import validation

    own = fitted(dataset, {split: record.rows for split, record in dataset.splits.items()})
    verdicts = [verdict for results in validation.validate(own, evidence) for verdict in results.verdicts]
    replace = msgspec.structs.replace
    splits = {}
    for split, record in dataset.splits.items():
        failed = {v.check: v.found for v in verdicts if v.split == split and v.fails}
        splits[split] = replace(record, expect=record.expect and replace(record.expect, only_warn=failed))
    return replace(dataset, **splits)


def _of_split(evidence: Evidence, labels: range, any_count: bool) -> SplitThresholds:
    rows, facts = evidence.rows, evidence.facts
    counts = rows["label"].value_counts()
    suspects = int(rows["suggested"].notna().sum())
    return SplitThresholds(
        images=ImageMeasures(
            **{name: _measure(rows[name], *margins, any_count) for name, margins in MARGINS.items()}
        ),
        duplicates=int(rows["duplicate_of"].notna().sum()),
        near_duplicates=int(rows["near_duplicate_of"].notna().sum()),
        suspects=suspects + max(8, int(1.5 * np.sqrt(suspects))),
        reference_distance=_up_to(facts["reference_distance"]),
        probe_error=_rate(facts["probe_error"], len(rows)),
        class_errors=tuple(_rate(facts[f"probe_error_{k}"], int(counts.get(k, 0))) for k in labels),
    )


def _measure(values: pd.Series, each: float, mean: float, possible: Range, any_count: bool) -> Measure:
    low, high, middle = float(values.min()), float(values.max()), float(values.mean())
    wide = max(each, (high - low) / 10)
    spread = _round(float(values.std(ddof=0))) if any_count else None
    return Measure(
        _clipped(low - wide, high + wide, possible), _clipped(middle - mean, middle + mean, possible), spread
    )


def _clipped(low: float, high: float, possible: Range) -> Range:
    return _round(max(low, possible[0])), _round(min(high, possible[1]))


def _up_to(measured: Any) -> Range:
    return 0.0, _round(1.25 * float(measured or 0) + 1)


def _rate(measured: Any, rows: int) -> Range:
    """The range of an error rate. Two more rows are assumed, one of them wrong: so no rows have a range, too."""
    rate = float(measured or 0)
    smoothed = (rate * rows + 1) / (rows + 2)
    margin = ERRORS * float(np.sqrt(smoothed * (1 - smoothed) / (rows + 2)))
    return _clipped(rate - margin, rate + margin, (0, 1))


def _round(value: float) -> float:
    """A number rounded to four significant digits."""
    return float(f"{value:.4g}")
