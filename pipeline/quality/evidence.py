"""What the gates look at: by split, a frame with one row an image, and facts about the split as a whole."""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline import audit, leakage, measures, references
from pipeline.datasets import Dataset, Split
from pipeline.datasets.thresholds import NEAR_DISTANCE, Thresholds
from pipeline.orientation import orientation
from pipeline.probe import FOLDS, probe
from pipeline.references import ClassSums
from pipeline.rows import Images, Rows
from pipeline.table import PROVENANCE, in_words

Fact = float | str | None


class Evidence(NamedTuple):
    """One split.

    rows: each row's id and label, the bytes of its image, its measures, and what it repeats; facts: of all of
    them; source: where the images are read from again.
    """

    rows: pd.DataFrame
    facts: dict[str, Fact]
    source: Rows

    def images(self, ids: Sequence[int], shape: tuple[int, int]) -> NDArray[np.uint8]:
        """The images of the rows with these ids, in this order: uint8[n, *shape]; blank where one is not whole."""
        places = np.flatnonzero(self.rows["id"].isin(ids))
        images = dict(zip(self.rows["id"].iloc[places], self.source.images(places), strict=True))
        size = shape[0] * shape[1]
        whole = [image if (image := images.get(row)) and len(image) == size else bytes(size) for row in ids]
        return np.frombuffer(b"".join(whole), np.uint8).reshape(-1, *shape)


class _Whole(NamedTuple):
    """What can be measured of a split: the m rows whose image is whole, and of those the k with a known label.

    places, labelled: int64[m] and int64[k], in the frame; digests: bytes[m]; labels: int64[k], places in the class
    names; sums: of the k, by class; images: of the m; pictures: of the k.
    """

    places: NDArray[np.int64]
    labelled: NDArray[np.int64]
    digests: leakage.Digests
    labels: NDArray[np.int64]
    sums: ClassSums
    images: Images
    pictures: Images


def gather(dataset: Dataset, tables: Mapping[Split, Rows], seed: int) -> dict[Split, Evidence]:
    """Measure both splits; `seed` deals the probe's folds.

    What cannot be measured because an image is missing or not whole stays null. Images are in memory a block at a
    time.
    """
    result: dict[Split, Evidence] = {}
    parts: dict[Split, _Whole] = {}
    for split in dataset.splits:
        frame, own = _survey(tables[split], dataset)
        parts[split] = own
        result[split] = Evidence(frame, {"schema": in_words(tables[split].schema)}, tables[split])
        if dataset.expect:
            _compare(result[split], own, dataset.expect, dataset.shape)
        if dataset.transposed and len(own.labels):
            result[split].facts["orientation"] = orientation(own.sums.means, dataset.class_names)
        _find_repeats(result[split], own)
    _find_leaks(result, parts, dataset.expect.near_distance if dataset.expect else NEAR_DISTANCE)
    _find_contradictions(result, parts, dataset, seed)
    _find_drift(result["test"], parts)
    if dataset.provenance:
        _find_writers(result)
    for split, own in parts.items():  # last: the columns would be in memory beside what the others need
        _measure(result[split].rows, own)
    return result


def _survey(source: Rows, dataset: Dataset) -> tuple[pd.DataFrame, _Whole]:
    """The frame of a split, without measures yet, and what can be measured."""
    frame = pa.concat_tables(source.blocks(["id", "label"])).to_pandas()
    lengths = [pc.binary_length(block["image"]).to_numpy() for block in source.blocks(["image"])]
    frame["image_bytes"] = np.concatenate(lengths).astype(np.float64)
    whole = (frame["image_bytes"] == dataset.shape[0] * dataset.shape[1]).to_numpy()
    given = pd.to_numeric(frame["label"], errors="coerce").fillna(-1).to_numpy()
    known = whole & (given >= dataset.labels[0]) & (given <= dataset.labels[-1])
    labels = given[known].astype(np.int64) - dataset.first_label
    images, pictures = (Images(source, kept, dataset.shape) for kept in (whole, known))
    digests = np.concatenate([leakage.digests(part) for part in images])
    sums = reduce(
        ClassSums.plus,
        (ClassSums.of(part, own, len(dataset.class_names)) for part, own in pictures.beside(labels)),
    )
    return frame, _Whole(np.flatnonzero(whole), np.flatnonzero(known), digests, labels, sums, images, pictures)


def _measure(frame: pd.DataFrame, own: _Whole) -> None:
    """Measure the images that are whole."""
    parts = [measures.measure(part) for part in own.images]
    for name in list(parts[0]):
        _put(frame, name, own.places, np.concatenate([part.pop(name) for part in parts]))


def _put(frame: pd.DataFrame, column: str, places: NDArray[np.int64], values: Any) -> None:
    """Set a column at some places; the others are null."""
    array = np.asarray(values)
    whole = np.full(len(frame), None) if array.dtype.kind == "O" else np.full(len(frame), np.nan)
    whole[places] = array
    frame[column] = whole


def _compare(evidence: Evidence, own: _Whole, both: Thresholds, shape: tuple[int, int]) -> None:
    """Hold a split's mean images against the references."""
    expected = references.decode(both.references, shape)
    likeness = references.liken(own.sums, expected, both.reference_tolerance)
    ends = evidence.source.images(references.ends(own.labelled))
    images = np.frombuffer(b"".join(filter(None, ends)), np.uint8).reshape(-1, *shape)
    distances = likeness.distances[~np.isnan(likeness.distances)]
    evidence.facts["transformation"] = likeness.transformation
    evidence.facts["labels"] = likeness.labels
    evidence.facts["label_offset"] = float(references.offset(images, references.ends(own.labels), expected))
    evidence.facts["reference_distance"] = round(float(distances.max()), 3) if len(distances) else None


def _find_repeats(evidence: Evidence, own: _Whole) -> None:
    """Name, for each image that stands in the split before, the id of its first row."""
    first = leakage.first_seen(own.digests)
    again = np.flatnonzero(first != np.arange(len(first)))
    ids = evidence.rows["id"].to_numpy()[own.places]
    _put(evidence.rows, "duplicate_of", own.places[again], _texts(f"row {row}" for row in ids[first[again]]))


def _find_leaks(result: Mapping[Split, Evidence], parts: Mapping[Split, _Whole], distance: float) -> None:
    """Name, for each image of test that stands in train too, or nearly so, the id of its row there."""
    own, other, rows = parts["test"], parts["train"], result["test"].rows
    ids = result["train"].rows["id"].to_numpy()[other.places]
    firsts = np.unique(leakage.first_seen(other.digests))
    same = leakage.shared(own.digests, other.digests, firsts)
    near = leakage.near(own.images, other.images, firsts, distance)
    new = ~np.isin(near.rows, same.rows)
    _put(rows, "same_as", own.places[same.rows], _texts(f"train {row}" for row in ids[same.others]))
    _put(rows, "near_to", own.places[near.rows[new]], _texts(f"train {row}" for row in ids[near.others[new]]))


def _texts(texts: Iterable[str]) -> NDArray[Any]:
    return np.array(list(texts), object)


def _find_writers(result: Mapping[Split, Evidence]) -> None:
    """Name, for each image whose writer stands in both halves, or in train too, the writer."""
    if any(not set(PROVENANCE) <= set(part.source.schema.names) for part in result.values()):
        return
    for rows, _, source in result.values():
        rows[PROVENANCE] = pa.concat_tables(source.blocks(PROVENANCE)).to_pandas()
        names = rows["writer"].map("writer {:.0f}".format, na_action="ignore").astype(object)
        rows["of_both_halves"] = names.where(rows.groupby("writer")["hsf"].transform("nunique") > 1, None)
    rows["writer_of_train"] = names.where(rows["writer"].isin(result["train"].rows["writer"].dropna()), None)


def _find_contradictions(
    result: Mapping[Split, Evidence], parts: Mapping[Split, _Whole], dataset: Dataset, seed: int
) -> None:
    """Let the probe judge both splits: error rates, and the labels that it contradicts with confidence."""
    train, classes, first = parts["train"], len(dataset.class_names), dataset.first_label
    few = len(train.labels) < 2 * FOLDS
    judged = None if few else probe(train.pictures, train.labels, parts["test"].pictures, classes, seed)
    limits = audit.thresholds(train.labels, judged.train, classes) if judged else np.full(classes, np.inf)
    for split, evidence in result.items():
        own = parts[split]
        probabilities: audit.Blocks = [np.empty((0, classes))] if judged is None else getattr(judged, split)
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
    """Hold the mean images of test against those of train."""
    means = [part.sums.means for part in parts.values()]
    apart = np.sqrt(np.square(means[0] - means[1]).mean(axis=(1, 2)))
    known = apart[~np.isnan(apart)]
    test.facts["drift"] = round(float(known.max()), 3) if len(known) else None
