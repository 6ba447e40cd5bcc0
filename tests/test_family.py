"""Each dataset of the family through the stages: drawn images, but the published names, packaging and counts."""

import gzip
import hashlib
import json
import string
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from conftest import ROOT, edit
from hands import HANDS, written
from loopback import Server, answer, only_by_its_name, ranged
from numpy.typing import NDArray
from published import OTHERS, zipped

from pipeline.__main__ import main
from pipeline.base import records
from pipeline.base.dataset import Dataset
from pipeline.gates.evidence.changes import AS_IS
from pipeline.gates.evidence.orientation import glyph, orientation
from pipeline.gates.evidence.references import ClassSums
from pipeline.rows import idx

FAMILY = [name for name in records.names() if name != "mnist"]


def characters(dataset: Dataset) -> NDArray[np.uint8]:
    """The first character of each class's name, upright: uint8[classes, 28, 28]."""
    names = [name[0] for name in dataset.class_names]
    drawn = written(names, HANDS[0]) if HANDS else np.stack([glyph(name, (28, 28)) for name in names])
    return drawn.astype(np.uint8)


@pytest.fixture(scope="module")
def digits(mnist: Path) -> NDArray[np.uint8]:
    """The mean test image of each digit of MNIST, uint8[10, 28, 28]. Ten digits of one font get no verdict."""
    images, labels = (idx.read(mnist / f"t10k-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
    return ClassSums.of(images, labels.astype(np.int64), 10).means.astype(np.uint8)


def arrays(dataset: Dataset, split: str, drawn: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Upright images and their labels. An image is the drawn one of its class; three corners hold its row."""
    record = dataset.splits[split]  # type: ignore[index]
    counts = record.class_counts or np.bincount(np.arange(record.rows) % len(dataset.class_names))
    labels = np.random.default_rng(0).permutation(np.repeat(np.array(dataset.labels, np.uint8), counts))
    images = drawn[labels - dataset.first_label]
    images[:, [0, 0, 27], [0, 27, 0]] = np.arange(len(labels), dtype=">u4")[:, None].view(np.uint8)[:, 1:]
    return images, labels


def publish(name: str, server: Server, drawn: NDArray[np.uint8]) -> dict[str, Any]:
    """Serve the files of a dataset as its publisher does. Returns the record with their hashes and address."""
    dataset = records.load(name)
    record: dict[str, Any] = yaml.safe_load((records.FOLDER / f"{name}.yaml").read_text())
    record.pop("expect", None)
    packed = {}
    for split in dataset.splits:
        record[split].pop("expect", None)
        images, labels = arrays(dataset, split, drawn)
        stored = images.transpose(0, 2, 1) if dataset.transposed else images
        for kind, array in (("images", stored), ("labels", labels)):
            file = record[split][kind]
            file.pop("sha256", None)
            packed[file["name"]] = body = gzip.compress(idx.encode(np.ascontiguousarray(array)), 1)
            file["packed"] = {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    if dataset.archive:
        others = {f"gzip/emnist-{other}-train-images-idx3-ubyte.gz": OTHERS for other in ("another", "one-more")}
        body = zipped(others | {dataset.archive.members[raw]: content for raw, content in packed.items()})
        server.answers["/cs_links/EMNIST/gzip.zip"] = [only_by_its_name(ranged(body, []))]
        digest = hashlib.sha256(body).hexdigest()
        record["archive"] |= {
            "url": f"{server.url}/cs_links/EMNIST/gzip.zip",
            "bytes": len(body),
            "sha256": digest,
        }
    else:
        record["mirrors"] = [f"{server.url}/{{name}}.gz"]
        server.answers |= {f"/{raw}.gz": [answer(content)] for raw, content in packed.items()}
    return record


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in. The records in it are the only ones."""
    (tmp_path / "params.yaml").write_text((records.FOLDER.parent.parent / "params.yaml").read_text())
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PIPELINE_SOURCE", raising=False)
    return tmp_path


def few_letters(folder: Path) -> dict[str, Any]:
    """Write 12 + 3 of each letter as EMNIST's raw files. Returns their record."""
    record: dict[str, Any] = yaml.safe_load((ROOT / "pipeline/datasets/emnist-letters.yaml").read_text())
    drawn = characters(records.read(ROOT / "pipeline/datasets/emnist-letters.yaml"))
    for split, each in (("train", 12), ("test", 3)):
        labels = np.tile(np.arange(1, 27, dtype=np.uint8), each)
        noise = np.random.default_rng(each).integers(0, 16, (len(labels), 28, 28), np.uint8)
        images = np.minimum(drawn[labels - 1], 239) + noise
        for kind, array in (("images", images.transpose(0, 2, 1)), ("labels", labels)):
            body = idx.encode(np.ascontiguousarray(array))
            file = {"name": record[split][kind]["name"], "bytes": len(body)}
            record[split][kind] = file | {"sha256": hashlib.sha256(body).hexdigest()}
            (folder / file["name"]).write_bytes(body)
        record[split]["class_counts"] = [each] * 26
    return record


def test_letters_keep_their_labels_1_to_26_to_the_card(folder: Path) -> None:
    (folder / "data/raw").mkdir(parents=True)
    (folder / "letters.yaml").write_text(yaml.safe_dump(few_letters(folder / "data/raw") | {"name": "letters"}))
    train = {"method": "logistic_regression", "validation": {"rows": 52, "seed": 0, "by": None}}
    edit(folder / "params.yaml", dataset="letters", train=train)
    for stage in ("inspect", "convert", "gate", "method", "train", "evaluate", "card"):
        assert main([stage]) == 0, stage
    recalls = pd.read_csv("metrics/recall.csv")
    assert list(recalls["class"]) == [f"{letter}{letter.lower()}" for letter in string.ascii_uppercase]
    assert set(recalls["recall"]) == {1.0}
    predictions = pd.read_csv("metrics/predictions.csv")
    assert list(predictions["predicted"]) == list(range(1, 27)) * 3
    card = Path("data/model/README.md").read_text()
    assert "\n| Zz | 1.0" in card
    assert "gives labels 1 to 26:" in card


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILY)
def test_published_files_become_upright_rows_with_their_labels(
    name: str, folder: Path, server: Server, digits: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as real:
        real.setattr(records, "FOLDER", ROOT / "pipeline/datasets")
        dataset = records.load(name)
        drawn = digits if dataset.class_names == tuple(string.digits) else characters(dataset)
        record = publish(name, server, drawn)
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(record))
    edit(folder / "params.yaml", dataset=name)
    for stage in ("download", "inspect", "convert"):
        assert main([stage]) == 0, stage
    for split in dataset.splits:
        images, labels = arrays(dataset, split, drawn)
        file = pq.ParquetFile(folder / f"data/parquet/{split}.parquet")
        assert file.metadata.num_rows == len(labels)
        assert json.loads(file.schema_arrow.metadata[b"class_names"]) == list(dataset.class_names)
        assert file.schema_arrow.metadata.get(b"transposed", b"false") == str(dataset.transposed).lower().encode()
        start, sums = 0, []
        for batch in file.iter_batches(10_000):
            part = slice(start, start := start + len(batch))
            np.testing.assert_array_equal(batch["label"], labels[part])
            found = np.frombuffer(b"".join(batch["image"].to_pylist()), np.uint8).reshape(-1, 28, 28)
            np.testing.assert_array_equal(found, images[part])
            given = labels[part].astype(np.int64) - dataset.first_label
            sums.append(ClassSums.of(found, given, len(dataset.class_names)))
        if dataset.transposed:
            assert orientation(reduce(ClassSums.plus, sums).means, dataset.class_names) == AS_IS
            raw = idx.read(folder / "data/raw" / dataset.splits[split].images.name)[:10_000]
            means = ClassSums.of(
                raw, labels[:10_000].astype(np.int64) - dataset.first_label, len(sums[0].rows)
            ).means
            assert orientation(means, dataset.class_names) == "transposed"
    if name == "emnist-letters":
        assert main(["gate"]) == 0
        found = json.loads((folder / "metrics/quality.json").read_text())
        assert (found["train"]["rows"], found["train"]["failed"], found["test"]["failed"]) == (124_800, 0, 0)
