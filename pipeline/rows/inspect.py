"""Check raw files against the record of the dataset: all findings at once, with the rows."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.base.dataset import Dataset, RawFile, SplitRecord, Writers
from pipeline.base.errors import Finding, listed
from pipeline.base.outputs import sha256
from pipeline.rows import idx, provenance

Array = NDArray[np.uint8]
MISSING = "file"  # the check of a finding for a file that does not exist


class Inspection(NamedTuple):
    """The content of the raw files in numbers, and what is wrong with the files."""

    report: dict[str, Any]
    findings: list[Finding]


class Raw(NamedTuple):
    """The arrays of the two files of a split, None for a file that cannot be read, and what is wrong with them."""

    images: Array | None
    labels: Array | None
    findings: list[Finding]


def raw_files(dataset: Dataset, folder: Path) -> Inspection:
    """Check the raw files in `folder` against the record of `dataset`."""
    report: dict[str, Any] = {}
    findings: list[Finding] = []
    for split, record in dataset.splits.items():
        images, labels, wrong = read(dataset, record, folder)
        findings += wrong
        if labels is not None and labels.ndim == 1:
            findings += label_findings(dataset, record, labels)
        if dataset.provenance:
            findings += writer_findings(dataset.provenance.splits[split], labels, folder)
        report[split] = summary(images, labels)
    return Inspection(report, findings)


def read(dataset: Dataset, record: SplitRecord, folder: Path, exact: bool = True) -> Raw:
    """Read the two files of a split in `folder` and check their structure.

    exact: whether the bytes and the number of rows must be those of the record; if not, only the types and the
    shape of an image are checked.
    """
    images, wrong_images = _array(folder, record.images, (record.rows, *dataset.raw_shape), exact)
    labels, wrong_labels = _array(folder, record.labels, (record.rows,), exact)
    findings = wrong_images + wrong_labels
    if images is not None and labels is not None and len(images) != len(labels):
        pair = f"{record.images.name} and {record.labels.name}"
        counts = f"{len(images):,} images and {len(labels):,} labels"
        findings.append(Finding(pair, "rows", "as many labels as images", counts))
    return Raw(images, labels, findings)


def _array(
    folder: Path, file: RawFile, shape: tuple[int, ...], exact: bool, kind: str = "u1"
) -> tuple[Array | None, list[Finding]]:
    """The array of a file, None if it cannot be read, and what is wrong with the file."""
    path = folder / file.name
    if not path.is_file():
        return None, [Finding(file.name, MISSING, f"a file in {folder}", "none")]
    findings = []
    if exact and file.sha256 and (digest := sha256(path)) != file.sha256:
        findings.append(Finding(file.name, "SHA-256", file.sha256, digest))
    try:
        array = idx.read(path)
    except idx.IdxError as error:
        return None, [*findings, Finding(file.name, error.check, error.expected, error.found)]
    rows = shape[0] if exact else len(array)
    expected = idx.Header(np.dtype(kind), (rows, *shape[1:]))
    found = idx.Header(array.dtype, array.shape)
    if found != expected:
        findings.append(Finding(file.name, "shape", str(expected), str(found)))
    return (array if array.dtype == expected.dtype else None), findings


def writer_findings(writers: Writers, labels: Array | None, folder: Path) -> list[Finding]:
    """What is wrong with the file that says who wrote the images. labels: uint8[n] of these images."""
    extended, findings = _array(folder, writers.file, (writers.rows, provenance.WIDTH), True, provenance.DTYPE)
    whole = extended is not None and not any(finding.check == "shape" for finding in findings)
    if extended is not None and whole and labels is not None and labels.ndim == 1 and len(labels) <= len(extended):
        differing = provenance.differing(extended, labels)
        if len(differing):
            found = f"{len(differing):,} other classes, in rows {listed(differing, provenance.MOST)}"
            findings.append(Finding(writers.file.name, "classes", "the labels, row for row", found))
    return findings


def label_findings(dataset: Dataset, record: SplitRecord, labels: Array) -> list[Finding]:
    """Findings for labels, uint8[n], outside the range of the record, and for classes with another count."""
    name, first, last = record.labels.name, dataset.labels[0], dataset.labels[-1]
    findings = []
    outside = np.flatnonzero((labels < first) | (labels > last))
    if len(outside):
        values = f"{listed(labels[outside])} in rows {listed(outside)}"
        findings.append(Finding(name, "label range", f"{first} to {last}", values))
    counts = np.bincount(labels, minlength=last + 1)
    for label, expected in zip(dataset.labels, record.class_counts or (), strict=False):
        if counts[label] != expected:
            findings.append(Finding(name, f"rows of class {label}", f"{expected:,}", f"{counts[label]:,}"))
    return findings


def summary(images: Array | None, labels: Array | None) -> dict[str, Any]:
    """The content of a split as numbers only, so that `dvc metrics diff` shows what changed."""
    found: dict[str, Any] = {}
    if images is not None:
        found["images"] = len(images)
        found["pixels"] = int(np.prod(images.shape[1:]))
    if labels is not None:
        found["labels"] = len(labels)
    if labels is not None and labels.ndim == 1:
        found["class_counts"] = {str(label): int(n) for label, n in enumerate(np.bincount(labels)) if n}
    return found
