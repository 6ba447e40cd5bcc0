"""The datasets' records: each loads, agrees with itself, and mnist.yaml with the facts that were measured."""

import math
import re
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, write_tiny

from pipeline import datasets
from pipeline.errors import ConfigError

NAMES = sorted(path.stem for path in (ROOT / "pipeline/datasets").glob("*.yaml"))


def write_record(folder: Path, **changes: object) -> Path:
    """A sound record of a dataset `tiny`, but for the changes."""
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(write_tiny(folder / "raw") | changes))
    return path


def test_mnist_is_among_the_records() -> None:
    assert "mnist" in datasets.names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_record_is_named_as_its_file(name: str) -> None:
    assert datasets.load(name).name == name


@pytest.mark.parametrize("name", NAMES)
def test_the_sizes_follow_from_the_rows_and_the_shape(name: str) -> None:
    dataset = datasets.load(name)
    for record in dataset.splits.values():
        assert record.images.bytes == 16 + record.rows * math.prod(dataset.shape)
        assert record.labels.bytes == 8 + record.rows


@pytest.mark.parametrize("name", NAMES)
def test_every_class_has_a_name_and_a_count_in_each_split(name: str) -> None:
    dataset = datasets.load(name)
    assert len(set(dataset.class_names)) == len(dataset.class_names)
    for record in dataset.splits.values():
        assert len(record.class_counts) == len(dataset.class_names)
        assert min(record.class_counts) > 0


@pytest.mark.parametrize("name", NAMES)
def test_the_four_files_have_names_and_hashes_of_their_own(name: str) -> None:
    files = datasets.load(name).files
    assert len({file.name for file in files}) == 4
    assert len({file.sha256 for file in files}) == 4


@pytest.mark.parametrize("name", NAMES)
def test_every_source_holds_every_file(name: str) -> None:
    dataset = datasets.load(name)
    assert all("{name}" in mirror for mirror in dataset.mirrors)
    assert dataset.mirrors or dataset.package
    if dataset.package:
        assert set(dataset.package.members) == {file.name for file in dataset.files}


def test_mnist_has_60_000_and_10_000_rows_of_28_x_28() -> None:
    mnist = datasets.load("mnist")
    assert (mnist.train.rows, mnist.test.rows, mnist.shape) == (60_000, 10_000, (28, 28))
    assert mnist.class_names == tuple("0123456789")


@pytest.mark.parametrize("name", ["mnits", "", "../datasets/mnist", "MNIST"])
def test_an_unknown_name_says_which_there_are(name: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"{', '.join(NAMES)}, found {name!r}")):
        datasets.load(name)


def test_a_record_that_is_laid_in_the_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_record(tmp_path)
    monkeypatch.setattr(datasets, "FOLDER", tmp_path)
    assert datasets.names() == ["tiny"]
    assert datasets.load("tiny").train.class_counts == (100, 100, 100)


IMAGES = {"name": "x", "bytes": 47_040_016, "sha256": "ab" * 32}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lisence": "MIT"}, "unknown field `lisence`"),
        ({"title": None}, r"Expected `str`, got `null` - at `\$.title`"),
        ({"shape": [28]}, r"Expected `array` of length 2, got 1 - at `\$.shape`"),
        ({"train": {"images": IMAGES | {"md5": ""}}}, r"unknown field `md5` - at `\$.train.images`"),
        ({"train": {"images": IMAGES | {"sha256": "ab"}}}, r"matching regex .* - at `\$.train.images.sha256`"),
        ({"train": {"images": IMAGES | {"sha256": "AB" * 32}}}, r"matching regex .* - at `\$.train.images.sha"),
        ({"train": {"images": IMAGES | {"sha256": "ab" * 33}}}, r"matching regex .* - at `\$.train.images.sha"),
    ],
)
def test_a_wrong_record_is_named_with_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], message: str
) -> None:
    path = write_record(tmp_path, **changes)
    monkeypatch.setattr(datasets, "FOLDER", tmp_path)
    with pytest.raises(ConfigError, match=f"^{path}: .*{message}"):
        datasets.load("tiny")


def test_mnist_agrees_with_the_facts_that_were_measured() -> None:
    source = ROOT.parent / "shared/facts/datasets.yaml"
    if not source.is_file():
        pytest.skip("the facts that the founders measured are not here; they are no part of the project")
    facts = yaml.safe_load(source.read_text())["mnist"]
    record = yaml.safe_load((ROOT / "pipeline/datasets/mnist.yaml").read_text())
    files = [record[split][kind] for split in ("train", "test") for kind in ("images", "labels")]
    assert record["mirrors"] == facts["mirrors"]
    assert record["package"] == facts["package_index"]
    raw = {file["name"]: {"bytes": file["bytes"], "sha256": file["sha256"]} for file in files}
    assert raw == facts["raw_sha256"]
    assert {split: record[split]["class_counts"] for split in ("train", "test")} == facts["class_counts"]
