"""The rows whose label is contradicted: the most certain first, in the table and in the picture."""

import io

import numpy as np
import pandas as pd
import pyarrow as pa
from judged import judged, labels, put, tiny
from PIL import Image

from pipeline.base.dataset import Split
from pipeline.gates import suspects
from pipeline.gates.evidence.gather import Evidence
from pipeline.rows.blocks import Rows


def test_the_most_certain_come_first_then_train_then_the_first_row() -> None:
    frame = pd.DataFrame(
        {"id": [8, 2, 5], "label": [0, 1, 2], "suggested": [1.0, 2.0, 0.0], "score": [0.5, 0.5, 0.9]}
    )
    none = Rows.of(pa.table({"image": pa.array([], pa.binary())}))
    evidence: dict[Split, Evidence] = {"test": Evidence(frame, {}, none), "train": Evidence(frame, {}, none)}
    listed = suspects.ranked(evidence)
    assert list(zip(listed["split"], listed["id"], strict=True)) == [
        ("train", 5),
        ("test", 5),
        ("train", 2),
        ("train", 8),
        ("test", 2),
        ("test", 8),
    ]


def test_the_picture_shows_the_rows_of_the_table() -> None:
    evidence = judged(labels(put([5, 70], 0))).evidence
    listed = suspects.ranked(evidence)
    found = dict(zip(listed["id"], zip(listed["given"], listed["suggested"], strict=True), strict=True))
    assert found == {5: (0, 2), 70: (0, 1)}
    sheet = np.asarray(Image.open(io.BytesIO(suspects.picture(listed, evidence, tiny()))))
    other = np.asarray(Image.open(io.BytesIO(suspects.picture(listed[:0], evidence, tiny()))))
    assert sheet.ndim == 2
    assert (sheet[28:84] != other[28:84]).any()
