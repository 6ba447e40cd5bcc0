"""The evidence of each split: a frame with one row for each image, and facts about the split as a whole."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.base.dataset import Dataset, Split
from pipeline.base.thresholds import NEAR_DISTANCE, Thresholds
from pipeline.features.images import grey
from pipeline.gates.evidence import audit, leakage, measures, references
from pipeline.gates.evidence.orientation import orientation
from pipeline.gates.evidence.probe import FOLDS, probe
from pipeline.gates.evidence.references import ClassSums
from pipeline.rows.arrow import PROVENANCE, in_words
from pipeline.rows.blocks import Images, Rows

Fact = float | str | None


class Grey(Images):
    """The images of rows in grey, uint8[m, rows, columns] for each block: channels become their mean."""

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        return map(grey, super().__iter__())


class Evidence(NamedTuple):
    """The evidence of one split.

    rows: for each row its id, its label, the number of bytes of its image, its measures, and the row that it
    repeats; facts: about all rows together; source: the images can be read from it again.
    """

    rows: pd.DataFrame
    facts: dict[str, Fact]
    source: Rows

    def images(self, ids: Sequence[int], shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """The images of the rows with these ids, in this order: uint8[n, *shape]; blank if it is not whole."""
        places = np.flatnonzero(self.rows["id"].isin(ids))
        images = dict(zip(self.rows["id"].iloc[places], self.source.images(places), strict=True))
        size = math.prod(shape)
        whole = [image if (image := images.get(row)) and len(image) == size else bytes(size) for row in ids]
        return np.frombuffer(b"".join(whole), np.uint8).reshape(-1, *shape)


class _Whole(NamedTuple):
    """The part of a split that can be measured: the m rows whose image is whole; k of them have a known label.

    places, labelled: the places of the m rows and of the k rows in the frame, int64[m] and int64[k]; digests: of
    all bytes of the m images, bytes[m]; labels: of the k rows, as places in the class names, int64[k]; sums: of
    the k images, by class; images, pictures: the m images and the k images, in grey; searched: the m images.
    """

    places: NDArray[np.int64]
    labelled: NDArray[np.int64]
    digests: leakage.Digests
    labels: NDArray[np.int64]
    sums: ClassSums
    images: Grey
    pictures: Grey
    searched: leakage.Searched


def gather(dataset: Dataset, tables: Mapping[Split, Rows], seed: int) -> dict[Split, Evidence]:
    """The evidence of both splits. seed: deals the folds of the probe.

    A value is null if it cannot be measured, because an image is missing or not whole. Images with channels are
    measured in grey. So a change that keeps the mean of the channels is not seen: red exchanged with blue.

    Images are read a block at a time. Four things grow with the number of rows: the features of train for the
    probe (200 bytes a row); the spectra of both splits for the leakage search (80 bytes a row); the images of test
    that may stand in train, which it holds together; and the scores of the probe, which are in a temporary file
    (404 MB for the largest part of EMNIST).
    """
    result: dict[Split, Evidence] = {}
    parts: dict[Split, _Whole] = {}
    distance = dataset.expect.near_distance if dataset.expect else NEAR_DISTANCE
    for split in dataset.splits:
        frame, own = _survey(tables[split], dataset)
        parts[split] = own
        result[split] = Evidence(frame, {"schema": in_words(tables[split].schema)}, tables[split])
        if dataset.expect:
            _compare(result[split], own, dataset.expect, dataset)
        if dataset.transposed and len(own.labels):
            result[split].facts["orientation"] = orientation(own.sums.means, dataset.class_names)
        _find_repeats(result[split], own, distance)
    _find_leaks(result, parts, distance)
    _find_contradictions(result, parts, dataset, seed)
    _find_drift(result["test"], parts)
    if dataset.provenance:
        _find_writers(result)
    for split, own in parts.items():  # last, because the other steps need the memory that these columns take
        _measure(result[split].rows, own)
    return result


def _survey(source: Rows, dataset: Dataset) -> tuple[pd.DataFrame, _Whole]:
    """The frame of a split, still without measures, and the part of the split that can be measured."""
    frame = pa.concat_tables(source.blocks(["id", "label"])).to_pandas()
    lengths = [pc.binary_length(block["image"]).to_numpy() for block in source.blocks(["image"])]
    frame["image_bytes"] = np.concatenate(lengths).astype(np.float64)
    whole = (frame["image_bytes"] == dataset.image_bytes).to_numpy()
    given = pd.to_numeric(frame["label"], errors="coerce").fillna(-1).to_numpy()
    known = whole & (given >= dataset.labels[0]) & (given <= dataset.labels[-1])
    labels = given[known].astype(np.int64) - dataset.first_label
    images, pictures = (Grey(source, kept, dataset.shape) for kept in (whole, known))
    digests = np.concatenate([leakage.digests(part) for part in Images(source, whole, dataset.shape)])
    sums = reduce(
        ClassSums.plus,
        (ClassSums.of(part, own, len(dataset.class_names)) for part, own in pictures.beside(labels)),
    )
    places, labelled, searched = np.flatnonzero(whole), np.flatnonzero(known), leakage.Searched.of(images, digests)
    return frame, _Whole(places, labelled, digests, labels, sums, images, pictures, searched)


def _measure(frame: pd.DataFrame, own: _Whole) -> None:
    """Measure the images that are whole."""
    parts = [measures.measure(part) for part in own.images]
    for name in list(parts[0]):
        _put(frame, name, own.places, np.concatenate([part.pop(name) for part in parts]))


def _put(frame: pd.DataFrame, column: str, places: NDArray[np.int64], values: Any) -> None:
    """Set a column at some places. It is null at all others."""
    array = np.asarray(values)
    whole = np.full(len(frame), None) if array.dtype.kind == "O" else np.full(len(frame), np.nan)
    whole[places] = array
    frame[column] = whole


def _compare(evidence: Evidence, own: _Whole, both: Thresholds, dataset: Dataset) -> None:
    """Compare the mean images of a split with the references."""
    expected = references.decode(both.references, (dataset.shape[0], dataset.shape[1]))
    likeness = references.liken(own.sums, expected, both.reference_tolerance, dataset.transposed)
    ends = [image for image in evidence.source.images(references.ends(own.labelled)) if image is not None]
    images = grey(np.frombuffer(b"".join(ends), np.uint8).reshape(-1, *dataset.shape))
    distances = likeness.distances[~np.isnan(likeness.distances)]
    evidence.facts["transformation"] = likeness.transformation
    evidence.facts["labels"] = likeness.labels
    offset = references.offset(images, references.ends(own.labels), expected)
    evidence.facts["label_offset"] = None if offset is None else float(offset)
    evidence.facts["reference_distance"] = round(float(distances.max()), 3) if len(distances) else None


def _find_repeats(evidence: Evidence, own: _Whole, distance: float) -> None:
    """For each image that stands earlier in the split, too, or nearly the same: name the id of its row there."""
    ids, first = evidence.rows["id"].to_numpy()[own.places], leakage.first_seen(own.digests)
    again = np.flatnonzero(first != np.arange(len(first)))
    near = leakage.nearly_repeated(own.searched, distance)
    pairs = ("duplicate_of", again, first[again]), ("near_duplicate_of", near.rows, near.others)
    for column, rows, others in pairs:
        _put(evidence.rows, column, own.places[rows], _texts(f"row {row}" for row in ids[others]))


def _find_leaks(result: Mapping[Split, Evidence], parts: Mapping[Split, _Whole], distance: float) -> None:
    """For each image of test that stands in train, or nearly the same: name the id of its row there."""
    own, other, rows = parts["test"], parts["train"], result["test"].rows
    ids = result["train"].rows["id"].to_numpy()[other.places]
    same = leakage.shared(own.digests, other.digests, other.searched.firsts)
    near = leakage.near(own.searched, other.searched, distance)
    new = ~np.isin(near.rows, same.rows)
    _put(rows, "same_as", own.places[same.rows], _texts(f"train {row}" for row in ids[same.others]))
    _put(rows, "near_to", own.places[near.rows[new]], _texts(f"train {row}" for row in ids[near.others[new]]))


def _texts(texts: Iterable[str]) -> NDArray[Any]:
    return np.array(list(texts), object)


def _find_writers(result: Mapping[Split, Evidence]) -> None:
    """For each image whose writer stands in two series of forms, or in train, too: name the writer."""
    if any(not set(PROVENANCE) <= set(part.source.schema.names) for part in result.values()):
        return
    for rows, _, source in result.values():
        rows[PROVENANCE] = pa.concat_tables(source.blocks(PROVENANCE)).to_pandas()
        series = rows.groupby("writer")["hsf"].transform("nunique")
        rows["of_both_halves"] = _names(rows["writer"]).where(series > 1, None)
    train, test = result["train"].rows, result["test"].rows
    test["writer_of_train"] = _names(test["writer"]).where(test["writer"].isin(train["writer"].dropna()), None)


def _names(writers: pd.Series) -> pd.Series:
    return writers.map("writer {:.0f}".format, na_action="ignore").astype(object)


def _find_contradictions(
    result: Mapping[Split, Evidence], parts: Mapping[Split, _Whole], dataset: Dataset, seed: int
) -> None:
    """Let the probe judge both splits: its error rates, and the labels that it contradicts with confidence."""
    train, classes, first = parts["train"], len(dataset.class_names), dataset.first_label
    few = len(train.labels) < 2 * FOLDS
    judged = None if few else probe(train.pictures, train.labels, parts["test"].pictures, classes, seed)
    limits = audit.thresholds(train.labels, judged.train, classes) if judged else np.full(classes, np.inf)
    none: audit.Blocks = [np.empty((0, classes))]
    for split, evidence in result.items():
        own = parts[split]
        probabilities = none
        if judged:
            probabilities = judged.train if split == "train" else judged.test
        labels = own.labels if judged else own.labels[:0]
        wrong = np.concatenate([part.argmax(axis=1) for part in probabilities]) != labels
        evidence.facts["probe_error"] = _share(wrong)
        for label in range(classes):
            evidence.facts[f"probe_error_{label + first}"] = _share(wrong[labels == label])
        found = audit.suspects(labels, probabilities, limits)
        places = own.labelled[found.rows]
        suggested = found.suggested + first
        _put(evidence.rows, "suggested", places, suggested)
        _put(evidence.rows, "score", places, found.scores)
        pairs = zip(labels[found.rows] + first, suggested, strict=True)
        _put(
            evidence.rows, "contradicted", places, _texts(f"{given}, more like {other}" for given, other in pairs)
        )


def _share(wrong: NDArray[np.bool_]) -> float | None:
    return round(float(wrong.mean()), 6) if len(wrong) else None


def _find_drift(test: Evidence, parts: Mapping[Split, _Whole]) -> None:
    """Compare the mean images of test with the mean images of train."""
    difference = parts["train"].sums.means - parts["test"].sums.means
    apart = np.sqrt(np.square(difference).mean(axis=(1, 2)))
    known = apart[~np.isnan(apart)]
    test.facts["drift"] = round(float(known.max()), 3) if len(known) else None
