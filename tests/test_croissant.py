"""croissant.json is valid and true, and mlcroissant reads the rows with it."""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import mlcroissant
import numpy as np
import pytest
from described import SIZES, arrays, describe

from pipeline.base import records
from pipeline.describe import contents, croissant
from pipeline.rows import arrow

NAMES = ["あ", "no", '"|\\: {x}\u2028']
RECOMMENDED = {  # no record holds a date or a version
    f'[Metadata(tiny)] Property "https://schema.org/{name}" is recommended, but does not exist.'
    for name in ("datePublished", "version")
}


def opened(folder: Path) -> Any:
    """The description, after mlcroissant has validated it."""
    found = mlcroissant.Dataset(str(folder / "croissant.json"))
    assert found.metadata.ctx.issues.errors == set()
    assert found.metadata.ctx.issues.warnings == RECOMMENDED
    return found


@pytest.mark.parametrize("changes", [{}, {"first_label": 1, "transposed": True, "class_names": NAMES}])
def test_mlcroissant_reads_the_rows(tmp_path: Path, changes: dict[str, Any]) -> None:
    opened_ = opened(describe(tmp_path, **changes))
    images, labels = arrays("test", changes.get("first_label", 0))
    rows = list(opened_.records("test"))
    assert [row["test/id"] for row in rows] == list(range(60))
    assert b"".join(row["test/image"] for row in rows) == images.tobytes()
    np.testing.assert_array_equal([row["test/label"] for row in rows], labels)


def test_counts_classes_and_shape_stand_in_it(tmp_path: Path) -> None:
    found = opened(describe(tmp_path, first_label=1, class_names=NAMES))
    splits = {row["splits/split"]: row["splits/rows"] for row in found.records("splits")}
    assert splits == SIZES
    classes = {row["classes/label"]: row["classes/name"] for row in found.records("classes")}
    assert classes == dict(enumerate(NAMES, 1))
    image = next(node for node in found.metadata.nodes() if node.id == "train/image")
    assert "28 x 28 bytes" in str(image.description)


def test_a_file_of_other_bytes_is_refused(tmp_path: Path) -> None:
    folder = describe(tmp_path)
    content = json.loads((folder / "croissant.json").read_text())
    hashes = {part["name"]: part["sha256"] for part in content["distribution"]}
    sizes = {part["name"]: part["contentSize"] for part in content["distribution"]}
    for split in SIZES:
        body = (folder / f"{split}.parquet").read_bytes()
        assert hashes[f"{split}.parquet"] == hashlib.sha256(body).hexdigest()
        assert sizes[f"{split}.parquet"] == f"{len(body)} B"
    (folder / "test.parquet").write_bytes((folder / "train.parquet").read_bytes())
    with pytest.raises(mlcroissant.GenerationError, match="Download"):
        next(iter(mlcroissant.Dataset(str(folder / "croissant.json")).records("test")))


def test_columns_are_described_that_the_schema_has(tmp_path: Path) -> None:
    fields = {node.id: node for node in opened(describe(tmp_path, provenance=True)).metadata.nodes()}
    assert [
        (fields[f"train/{name}"].data_type, fields[f"train/{name}"].description) for name in ("writer", "hsf")
    ] == [
        (np.int16, contents.MEANINGS["writer"]),
        (np.int8, contents.MEANINGS["hsf"]),
    ]
    assert "train/writer" not in {node.id for node in opened(describe(tmp_path)).metadata.nodes()}


@pytest.mark.parametrize("name", records.names())
def test_every_dataset_can_be_described(name: str, caplog: pytest.LogCaptureFixture) -> None:
    dataset = records.load(name)
    found = {split: contents.Contents(record.rows, {}, 1, "0" * 64) for split, record in dataset.splits.items()}
    content = croissant.describe(dataset, arrow.schema(dataset), found)
    with caplog.at_level(logging.WARNING):
        metadata = mlcroissant.Dataset(json.loads(json.dumps(content))).metadata
    assert metadata.ctx.issues.errors == set()
    assert "not standard" not in caplog.text
    assert (metadata.name, metadata.cite_as) == (name, dataset.citation)
    assert metadata.license == [
        f"https://spdx.org/licenses/{dataset.licence_id}.html" if dataset.licence_id else dataset.licence
    ]
