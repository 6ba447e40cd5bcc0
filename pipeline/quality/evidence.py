"""What the gates look at: by split, a frame with one row an image, and facts about the split as a whole."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeGuard

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from pipeline import audit, leakage, measures, references
from pipeline.datasets import Dataset, Split
from pipeline.datasets.thresholds import NEAR_DISTANCE, Thresholds
from pipeline.orientation import orientation
from pipeline.probe import FOLDS, probe
from pipeline.table import COLUMNS, PROVENANCE, in_words

Fact = float | str | None


class Evidence(NamedTuple):
    """One split. rows: the table's columns, each image's measures, and what it repeats; facts: of all of it."""

    rows: pd.DataFrame
    facts: dict[str, Fact]

    def images(self, ids: Sequence[int], shape: tuple[int, int]) -> NDArray[np.uint8]:
        """The images of the rows with these ids, in this order: uint8[n, *shape]; blank where one is not whole."""
        images = dict(zip(self.rows["id"], self.rows["image"], strict=True))
        pixels = shape[0] * shape[1]
        whole = [image if _is_whole(image := images.get(row), pixels) else bytes(pixels) for row in ids]
        return np.frombuffer(b"".join(whole), np.uint8).reshape(-1, *shape)


class _Pixels:
    """The rows of a split that can be measured: their places in the frame, images, and valid labels."""

    def __init__(self, frame: pd.DataFrame, dataset: Dataset) -> None:
        pixels = dataset.shape[0] * dataset.shape[1]
        images = {place: image for place, image in enumerate(frame["image"]) if _is_whole(image, pixels)}
        self.places = np.fromiter(images, np.int64, len(images))
        self.images = np.frombuffer(b"".join(images.values()), np.uint8).reshape(-1, *dataset.shape)
        labels = pd.to_numeric(frame["label"].iloc[self.places], errors="coerce").fillna(-1).to_numpy()
        self.first = leakage.first_seen(self.images)
        valid = (labels >= dataset.labels[0]) & (labels <= dataset.labels[-1])
        self.labelled = np.flatnonzero(valid)  # places in `images`
        self.labels = labels[valid].astype(np.int64) - dataset.first_label  # places in the class names
        self.pictures = self.images if valid.all() else self.images[valid]  # those of `labels`


def gather(dataset: Dataset, tables: Mapping[Split, pa.Table], seed: int) -> dict[Split, Evidence]:
    """Measure both splits; `seed` deals the probe's folds.

    What cannot be measured because an image is missing or not whole stays null.
    """
    classes = len(dataset.class_names)
    result: dict[Split, Evidence] = {}
    pixels: dict[Split, _Pixels] = {}
    for split in dataset.splits:
        frame = tables[split].select(COLUMNS).to_pandas()
        pixels[split] = own = _Pixels(frame, dataset)
        frame["image_bytes"] = frame["image"].str.len().astype(np.float64)
        for name, values in measures.measure(own.images).items():
            _put(frame, name, own.places, values)
        result[split] = Evidence(frame, {"schema": in_words(tables[split].schema)})
        if dataset.expect:
            _compare(result[split], own, dataset.expect, dataset.shape)
        if dataset.transposed and len(own.labels):
            means = references.class_means(own.pictures, own.labels, classes)
            result[split].facts["orientation"] = orientation(means, dataset.class_names)
        _find_repeats(result[split], own)
    _find_leaks(result, pixels, dataset.expect.near_distance if dataset.expect else NEAR_DISTANCE)
    _find_contradictions(result, pixels, dataset, seed)
    _find_drift(result["test"], pixels, classes)
    if dataset.provenance:
        _find_writers(result, tables)
    return result


def _is_whole(image: Any, pixels: int) -> TypeGuard[bytes]:
    return isinstance(image, bytes) and len(image) == pixels


def _put(frame: pd.DataFrame, column: str, places: NDArray[np.int64], values: Any) -> None:
    """Set a column at some places; the others are null."""
    array = np.asarray(values)
    whole = np.full(len(frame), None) if array.dtype.kind == "O" else np.full(len(frame), np.nan)
    whole[places] = array
    frame[column] = whole


def _compare(evidence: Evidence, own: _Pixels, both: Thresholds, shape: tuple[int, int]) -> None:
    """Hold a split's mean images against the references."""
    expected = references.decode(both.references, shape)
    likeness = references.liken(own.pictures, own.labels, expected, both.reference_tolerance)
    distances = likeness.distances[~np.isnan(likeness.distances)]
    evidence.facts["transformation"] = likeness.transformation
    evidence.facts["labels"] = likeness.labels
    evidence.facts["label_offset"] = float(references.offset(own.pictures, own.labels, expected))
    evidence.facts["reference_distance"] = round(float(distances.max()), 3) if len(distances) else None


def _find_repeats(evidence: Evidence, own: _Pixels) -> None:
    """Name, for each image that stands in the split before, the id of its first row."""
    again = np.flatnonzero(own.first != np.arange(len(own.first)))
    ids = evidence.rows["id"].to_numpy()[own.places]
    _put(evidence.rows, "duplicate_of", own.places[again], _texts(f"row {row}" for row in ids[own.first[again]]))


def _find_leaks(result: Mapping[Split, Evidence], pixels: Mapping[Split, _Pixels], distance: float) -> None:
    """Name, for each image of test that stands in train too, or nearly so, the id of its row there."""
    own, other, rows = pixels["test"], pixels["train"], result["test"].rows
    ids = result["train"].rows["id"].to_numpy()[other.places]
    firsts = np.unique(other.first)
    same = leakage.shared(own.images, other.images, firsts)
    near = leakage.near(own.images, other.images, firsts, distance)
    new = ~np.isin(near.rows, same.rows)
    _put(rows, "same_as", own.places[same.rows], _texts(f"train {row}" for row in ids[same.others]))
    _put(rows, "near_to", own.places[near.rows[new]], _texts(f"train {row}" for row in ids[near.others[new]]))


def _texts(texts: Iterable[str]) -> NDArray[Any]:
    return np.array(list(texts), object)


def _find_writers(result: Mapping[Split, Evidence], tables: Mapping[Split, pa.Table]) -> None:
    """Name, for each image whose writer stands in both halves, or in train too, the writer."""
    if any(not set(PROVENANCE) <= set(part.schema.names) for part in tables.values()):
        return
    for split, (rows, _) in result.items():
        rows[PROVENANCE] = tables[split].select(PROVENANCE).to_pandas()
        names = rows["writer"].map("writer {:.0f}".format, na_action="ignore").astype(object)
        rows["of_both_halves"] = names.where(rows.groupby("writer")["hsf"].transform("nunique") > 1, None)
    rows["writer_of_train"] = names.where(rows["writer"].isin(result["train"].rows["writer"].dropna()), None)


def _find_contradictions(
    result: Mapping[Split, Evidence], pixels: Mapping[Split, _Pixels], dataset: Dataset, seed: int
) -> None:
    """Let the probe judge both splits: error rates, and the labels that it contradicts with confidence."""
    train, classes, first = pixels["train"], len(dataset.class_names), dataset.first_label
    few = len(train.labels) < 2 * FOLDS
    judged = None if few else probe(train.pictures, train.labels, pixels["test"].pictures, classes, seed)
    limits = audit.thresholds(train.labels, judged.train) if judged else np.full(classes, np.inf)
    for split, evidence in result.items():
        own = pixels[split]
        unknown = np.empty((0, classes))
        probabilities: NDArray[np.float64] = unknown if judged is None else getattr(judged, split)
        labels = own.labels[: len(probabilities)]
        wrong = probabilities.argmax(axis=1) != labels
        evidence.facts["probe_error"] = _share(wrong)
        for label in range(classes):
            evidence.facts[f"probe_error_{label + first}"] = _share(wrong[labels == label])
        found = audit.suspects(labels, probabilities, limits)
        places = own.places[own.labelled[found.rows]]
        suggested = found.suggested + first
        _put(evidence.rows, "suggested", places, suggested)
        _put(evidence.rows, "score", places, found.scores)
        pairs = zip(labels[found.rows] + first, suggested, strict=True)
        _put(
            evidence.rows, "contradicted", places, _texts(f"{given}, more like {other}" for given, other in pairs)
        )


def _share(wrong: NDArray[np.bool_]) -> float | None:
    return round(float(wrong.mean()), 6) if len(wrong) else None


def _find_drift(test: Evidence, pixels: Mapping[Split, _Pixels], classes: int) -> None:
    """Hold the mean images of test against those of train."""
    means = [references.class_means(part.pictures, part.labels, classes) for part in pixels.values()]
    apart = np.sqrt(np.square(means[0] - means[1]).mean(axis=(1, 2)))
    known = apart[~np.isnan(apart)]
    test.facts["drift"] = round(float(known.max()), 3) if len(known) else None
