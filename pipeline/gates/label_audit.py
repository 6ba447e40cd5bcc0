"""The label audit: all rows of both splits, ranked by how surely their label is contradicted."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.base import pictures, threads
from pipeline.base.dataset import Dataset, Split
from pipeline.base.errors import DataError, listed
from pipeline.features.images import grey
from pipeline.gates import suspects
from pipeline.gates.evidence.probe import BLOCK, probe
from pipeline.models import cross_fit

# The probe doubts a label if another class has so much more probability. Chosen by planting: of 0 (1.9% of MNIST's
# right labels), 0.5 and 0.9, it finds most planted labels of both kinds, also if 5% are wrong.
DOUBTED = 0.5

Images = NDArray[np.uint8]
Labels = NDArray[np.integer[Any]]


def audit(
    dataset: Dataset,
    model: Any,
    splits: Mapping[Split, tuple[Images, Labels]],
    seed: int,
    progress: Callable[[], object] = lambda: None,
) -> pd.DataFrame:
    """All rows, the most surely contradicted first: columns suspects.COLUMNS.

    splits: images uint8[n, *shape] and labels int[n] of each split, whose ids count from 0. model: not fitted. The
    folds mix both splits. The suggested label is what a model gives that was not fitted on the row. The score says
    how surely it contradicts the given label. progress: see cross_fit. Raises DataError for labels that the record
    does not know.
    """
    images, labels = (np.concatenate(parts) for parts in zip(*splits.values(), strict=True))
    if unknown := sorted(set(labels.tolist()) - set(dataset.labels)):
        expected = f"expected labels {dataset.labels[0]} to {dataset.labels[-1]}"
        raise DataError(f"{dataset.name}: {expected}, found {listed(unknown)}; run `python -m pipeline gate`")
    places = labels.astype(np.int64) - dataset.first_label
    doubts = doubted(images, places, len(dataset.class_names), seed)
    with threads.one_blas_thread():  # sums of floats must not depend on the number of threads
        found = cross_fit.contradictions(model, images, labels, doubts, seed, progress)
    rows = pd.DataFrame(
        {
            "id": np.concatenate([np.arange(len(part)) for _, part in splits.values()]),
            "split": np.repeat(list(splits), [len(part) for _, part in splits.values()]),
            "given": labels,
            "suggested": found.suggested,
            "score": np.round(found.scores, 4),
        }
    )
    return rows[suspects.COLUMNS].sort_values(["score", "split", "id"], ascending=[False, False, True])


def doubted(images: Images, labels: NDArray[np.int64], classes: int, seed: int) -> NDArray[np.bool_]:
    """The rows whose label the probe doubts: bool[n]. labels: int64[n] below `classes`."""
    blocks = [grey(images[start : start + BLOCK]) for start in range(0, len(images), BLOCK)]
    judged = probe(blocks, labels, [], classes, seed).train
    leads = [
        part.max(axis=1) - part[np.arange(len(part)), given]
        for part, given in zip(judged, np.split(labels, range(BLOCK, len(labels), BLOCK)), strict=True)
    ]
    return np.asarray(np.concatenate(leads) > DOUBTED)


def picture(rows: pd.DataFrame, splits: Mapping[Split, tuple[Images, Labels]], dataset: Dataset) -> bytes:
    """A PNG of the first rows of an audit. Each caption is split, row, given label and suggested label."""
    shown = rows.head(pictures.MOST)
    images = np.stack(
        [splits[split][0][number] for number, split in zip(shown["id"], shown["split"], strict=True)]
    )
    title = f"The {len(shown)} most surely contradicted of {len(rows):,} labels: row, given > suggested"
    return suspects.sheet(title, shown, images, dataset)
