"""The dataset card: Hugging Face `datasets` loads the folder with it, offline, and it holds every fact."""

import hashlib
import json
import logging
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from described import SIZES, arrays, describe

from pipeline.base import records
from pipeline.describe import contents, dataset_card
from pipeline.rows import arrow

os.environ["HF_HUB_OFFLINE"] = "1"  # before the tests import the package, which reads it
NAMES = ["あ", "no", '"|\\: {x}\u2028']


def head(card: str) -> Any:
    """The card's YAML, as the Hub reads it."""
    return yaml.safe_load(card.split("---\n")[1])


def prose(card: str) -> str:
    return card.split("---\n", 2)[2]


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ["left", "middle", "right"]),
        ({"first_label": 2, "class_names": NAMES, "provenance": True}, ["no class 0", "no class 1", *NAMES]),
    ],
)
def test_hugging_face_loads_the_folder(
    tmp_path: Path, changes: dict[str, Any], names: list[str], monkeypatch: Any, caplog: Any
) -> None:
    from datasets import ClassLabel, Value, load_dataset

    monkeypatch.setattr(logging.getLogger("datasets"), "propagate", True)
    folder = describe(tmp_path, **changes)
    loaded = load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert [record.message for record in caplog.records if record.name.startswith("datasets")] == []
    assert {split: len(rows) for split, rows in loaded.items()} == SIZES
    counted = [
        {"name": info.name, "num_bytes": info.num_bytes, "num_examples": info.num_examples}
        for info in (rows.info.splits[split] for split, rows in loaded.items())
    ]
    assert head((folder / "README.md").read_text())["dataset_info"]["splits"] == counted
    for split, rows in loaded.items():
        images, labels = arrays(split, changes.get("first_label", 0))
        assert b"".join(rows["image"]) == images.tobytes()
        assert list(rows["label"]) == labels.tolist()
        assert list(rows["id"]) == list(range(len(labels)))
        more = {"writer": Value("int16"), "hsf": Value("int8")} if "provenance" in changes else {}
        assert rows.features == more | {
            "id": Value("int32"),
            "image": Value("binary"),
            "label": ClassLabel(names=names),
        }
        assert [rows.features["label"].int2str(label) for label in labels.tolist()[:3]] == names[-3:]


def test_rows_that_are_not_the_card_s_are_refused(tmp_path: Path) -> None:
    from datasets import load_dataset
    from datasets.utils.info_utils import NonMatchingSplitsSizesError

    folder = describe(tmp_path)
    (folder / "test.parquet").write_bytes((folder / "train.parquet").read_bytes())
    with pytest.raises(NonMatchingSplitsSizesError):
        load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))


def test_the_head_says_what_the_hub_asks_for(tmp_path: Path) -> None:
    found = head((describe(tmp_path, licence_id="CC-BY-SA-3.0", title="No: 1_0") / "README.md").read_text())
    assert {key: found[key] for key in ("pretty_name", "license", "task_categories", "size_categories")} == {
        "pretty_name": "No: 1_0",
        "license": "cc-by-sa-3.0",
        "task_categories": ["image-classification"],
        "size_categories": ["n<1K"],
    }
    assert found["configs"] == [
        {
            "config_name": "default",
            "data_files": [{"split": split, "path": f"{split}.parquet"} for split in SIZES],
        }
    ]


@pytest.mark.parametrize(
    ("name", "licence", "size"),
    [
        ("mnist", "cc-by-sa-3.0", "10K<n<100K"),
        ("fashion-mnist", "mit", "10K<n<100K"),
        ("emnist-letters", "unknown", "100K<n<1M"),
        ("emnist-byclass", "unknown", "100K<n<1M"),
    ],
)
def test_licence_and_size_are_of_the_hub_s_own_lists(name: str, licence: str, size: str) -> None:
    dataset = records.load(name)
    found = {split: contents.Contents(record.rows, {}, 1, "0" * 64) for split, record in dataset.splits.items()}
    card = dataset_card.write(dataset, arrow.schema(dataset), found)
    assert (head(card)["license"], head(card)["size_categories"]) == (licence, [size])
    assert (
        len(head(card)["dataset_info"]["features"][2]["dtype"]["class_label"]["names"]) == dataset.labels[-1] + 1
    )
    for fact in (dataset.title, dataset.licence, dataset.citation, *(file.proof[1] for file in dataset.files)):
        assert fact in prose(card)
    assert ("rows and columns exchanged" in prose(card)) == dataset.transposed
    assert ("Labels are as published, from 1 on." in prose(card)) == (name == "emnist-letters")


def test_every_fact_stands_in_the_text(tmp_path: Path) -> None:
    folder = describe(tmp_path, provenance=True, class_names=NAMES)
    card = prose((folder / "README.md").read_text())
    for split, rows in SIZES.items():
        body = (folder / f"{split}.parquet").read_bytes()
        assert f"| `{split}.parquet` | {rows} | {len(body):,} | `{hashlib.sha256(body).hexdigest()}` |" in card
    assert re.findall(r"^\| (\d) \| (.*) \| (\d+) \| (\d+) \|$", card, re.MULTILINE) == [
        ("0", "あ", "100", "20"),
        ("1", "no", "100", "20"),
        ("2", '"&#124;&#92;: {x}', "100", "20"),
    ]
    for name, kind in [("id", "int32"), ("image", "fixed_size_binary[784]"), ("writer", "int16"), ("hsf", "int8")]:
        assert f"| `{name}` | `{kind}` | {contents.MEANINGS[name]} |" in card


def test_with_writers_the_card_names_their_files_source_licence_and_citation(tmp_path: Path) -> None:
    folder = describe(tmp_path, provenance=True, licence_id="MIT")
    card = (folder / "README.md").read_text()
    raw = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / "raw").iterdir()}
    assert dict(re.findall(r"^\| `(.*)` \| `(\w{64})` \|$", prose(card), re.MULTILINE)) == raw
    assert len(raw) == 6
    for said in (
        "Of who wrote the images: Zlib",
        "For who wrote the images: W. Hand",
        f"- `{tmp_path}/raw/{{name}}`",
    ):
        assert f"\n{said}\n" in card
    assert head(card)["license"] == ["mit", "other"]
    found = json.loads((folder / "croissant.json").read_text())
    assert found["license"] == ["https://spdx.org/licenses/MIT.html", "Zlib"]
    assert found["citeAs"].splitlines()[1:] == ["W. Hand"]
    assert f"Who wrote the images: {tmp_path}/raw/{{name}}. Licence: Zlib." in found["description"]


def test_its_code_reads_the_images(tmp_path: Path) -> None:
    folder = describe(tmp_path)
    (code,) = re.findall(r"^```python\n(.*?)^```", (folder / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    found: dict[str, Any] = {}
    exec(code.replace("path/to/this/folder", str(folder)), found)
    np.testing.assert_array_equal(found["images"], arrays("train")[0])
