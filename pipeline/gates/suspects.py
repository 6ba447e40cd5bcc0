"""The rows whose label the probe contradicts, as a table and as a picture."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.base import pictures
from pipeline.base.dataset import Dataset, Split
from pipeline.gates.evidence.gather import Evidence

COLUMNS = ["id", "split", "given", "suggested", "score"]


def ranked(evidence: Mapping[Split, Evidence]) -> pd.DataFrame:
    """The rows of both splits, the most certain first: columns COLUMNS, labels as numbers, scores up to 1."""
    parts = []
    for split, part in evidence.items():
        rows = part.rows[part.rows["suggested"].notna()].rename(columns={"label": "given"})
        parts.append(rows.assign(split=split)[COLUMNS].astype({"id": int, "given": int, "suggested": int}))
    return pd.concat(parts).sort_values(["score", "split", "id"], ascending=[False, False, True])


def picture(rows: pd.DataFrame, evidence: Mapping[Split, Evidence], dataset: Dataset) -> bytes:
    """A PNG of the first of the `ranked` rows. Each caption is split, row, given label and suggested label."""
    shown = rows.head(pictures.MOST)
    images = np.empty((len(shown), *dataset.shape), np.uint8)
    for split, part in evidence.items():
        own = (shown["split"] == split).to_numpy()
        images[own] = part.images(shown["id"][own].tolist(), dataset.shape)
    title = f"{len(rows):,} labels contradicted{pictures.shown(len(rows))}: row, given > suggested"
    return sheet(title, shown, images, dataset)


def sheet(title: str, rows: pd.DataFrame, images: NDArray[np.uint8], dataset: Dataset) -> bytes:
    """A PNG of images uint8[n, ...]. Each caption is split, row, given and suggested label.

    rows: of the n images, columns COLUMNS.
    """
    names = dict(zip(dataset.labels, dataset.class_names, strict=True))
    captions = [
        f"{split} {number}\n{names[given]} > {names[suggested]}"
        for number, split, given, suggested, _ in rows.itertuples(index=False, name=None)
    ]
    return pictures.contact_sheet(title, images, captions)
