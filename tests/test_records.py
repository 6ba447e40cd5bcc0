"""The records of the datasets: each one loads and fits itself. Records agree with the facts that were measured."""

import math
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from conftest import ROOT, write_tiny

from pipeline.base import records
from pipeline.base.errors import ConfigError

NAMES = sorted(path.stem for path in (ROOT / "pipeline/datasets").glob("*.yaml"))


def write_record(folder: Path, **changes: object) -> Path:
    """The record of a dataset `tiny`: without fault, except for the changes."""
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(write_tiny(folder / "raw") | changes))
    return path


def test_mnist_is_among_the_records() -> None:
    assert "mnist" in records.names() == NAMES


FAMILY = {
    "emnist-balanced": (47, 112_800, 18_800),
    "emnist-byclass": (62, 697_932, 116_323),
    "emnist-bymerge": (47, 697_932, 116_323),
    "emnist-digits": (10, 240_000, 40_000),
    "emnist-letters": (26, 124_800, 20_800),
    "emnist-mnist": (10, 60_000, 10_000),
    "fashion-mnist": (10, 60_000, 10_000),
    "kmnist": (10, 60_000, 10_000),
    "mnist": (10, 60_000, 10_000),
}


@pytest.mark.parametrize("name", FAMILY)
def test_the_family_has_its_published_classes_and_counts(name: str) -> None:
    dataset = records.load(name)
    assert (len(dataset.class_names), dataset.train.rows, dataset.test.rows) == FAMILY[name]
    assert dataset.transposed == name.startswith("emnist")


def test_letters_keep_their_labels_and_both_cases() -> None:
    letters = records.load("emnist-letters")
    assert letters.labels == range(1, 27)
    assert (letters.class_names[0], letters.class_names[-1]) == ("Aa", "Zz")


@pytest.mark.parametrize("name", [name for name in FAMILY if name != "mnist"])
def test_each_of_the_family_agrees_with_the_published_facts(name: str) -> None:
    facts, record = published_facts(), records.load(name)
    family, _, split = name.partition("-")
    if family == "emnist":
        facts = facts["emnist"]
        assert record.archive is not None
        published = {"url": record.archive.url, "bytes": record.archive.bytes, "sha256": record.archive.sha256}
        assert published == facts["archive"]
        where = {raw: Path(member).name for raw, member in record.archive.members.items()}
        assert all(f"emnist-{split}-" in member for member in where.values())
    else:
        facts = facts[name]
        assert list(record.mirrors) == facts["mirrors"]
        where = {file.name: f"{file.name}.gz" for file in record.files}
        assert list(record.class_names) == facts["class_names"]
    for file in record.files:
        assert msgspec.to_builtins(file.packed) == facts["gz_sha256"][where[file.name]]


def published_facts() -> dict[str, Any]:
    source = ROOT.parent / "shared/facts/datasets.yaml"
    if not source.is_file():
        pytest.skip("the facts that the founders measured are not here; they are no part of the project")
    facts: dict[str, Any] = yaml.safe_load(source.read_text())
    return facts


@pytest.mark.parametrize("name", ["emnist-byclass", "emnist-bymerge"])
def test_the_parts_by_class_and_by_merge_know_the_counts_of_test(name: str) -> None:
    counts = published_facts()["family_measured"]["class_counts_test"][name]
    record = records.find(name)
    assert (list(record.test.class_counts or ()), record.train.class_counts) == (counts, None)


@pytest.mark.parametrize("name", NAMES)
def test_a_record_is_named_as_its_file(name: str) -> None:
    assert records.load(name).name == name


@pytest.mark.parametrize("name", NAMES)
def test_the_sizes_follow_from_the_rows_and_the_shape(name: str) -> None:
    dataset = records.load(name)
    for record in dataset.splits.values():
        assert record.images.bytes == 16 + record.rows * math.prod(dataset.shape)
        assert record.labels.bytes == 8 + record.rows


@pytest.mark.parametrize("name", NAMES)
def test_every_class_has_a_name_and_a_count_in_each_split(name: str) -> None:
    dataset = records.load(name)
    assert len(set(dataset.class_names)) == len(dataset.class_names)
    for record in dataset.splits.values():
        if record.class_counts is not None:
            assert len(record.class_counts) == len(dataset.class_names)
            assert min(record.class_counts) > 0


@pytest.mark.parametrize("name", NAMES)
def test_the_four_files_have_names_and_hashes_of_their_own(name: str) -> None:
    files = records.load(name).files
    assert len({file.name for file in files}) == 4
    assert len({file.proof for file in files}) == 4


@pytest.mark.parametrize("name", NAMES)
def test_every_source_holds_every_file(name: str) -> None:
    dataset = records.load(name)
    assert all("{name}" in mirror for mirror in dataset.mirrors)
    assert dataset.mirrors or dataset.package or dataset.archive
    for archive in (dataset.package, dataset.archive):
        assert archive is None or set(archive.members) == {file.name for file in dataset.files}


def test_mnist_has_60_000_and_10_000_rows_of_28_x_28() -> None:
    mnist = records.load("mnist")
    assert (mnist.train.rows, mnist.test.rows, mnist.shape) == (60_000, 10_000, (28, 28))
    assert mnist.class_names == tuple("0123456789")


@pytest.mark.parametrize("name", ["mnits", "", "../datasets/mnist", "MNIST"])
def test_an_unknown_name_says_which_there_are(name: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"{', '.join(NAMES)}, found {name!r}")):
        records.load(name)


def test_a_record_that_is_laid_in_the_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_record(tmp_path)
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    assert records.names() == ["tiny"]
    assert records.load("tiny").train.class_counts == (100, 100, 100)


IMAGES = {"name": "x", "bytes": 47_040_016, "sha256": "ab" * 32}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lisence": "MIT"}, "unknown field `lisence`"),
        ({"title": None}, r"Expected `str`, got `null` - at `\$.title`"),
        ({"shape": [28]}, r"Expected `array` of length >= 2 - at `\$.shape`"),
        ({"class_names": ["a", "", "c"]}, r"length >= 1 - at `\$.class_names\[1\]`"),
        ({"train": {"images": IMAGES | {"bytes": 0}}}, r"`int` >= 1 - at `\$.train.images.bytes`"),
        (
            {"train": {"images": IMAGES | {"packed": {"bytes": 0}}}},
            r"`int` >= 1 - at `\$.train.images.packed.bytes`",
        ),
        (
            {"provenance": {"mirrors": [], "train": {"hsf": {128: 300}}}},
            r"`int` <= 127 - at `.*\$.provenance.train.hsf`",
        ),
        ({"name": "other"}, "name: expected tiny, the name of the file, found other"),
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
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    with pytest.raises(ConfigError, match=f"^{path}: .*{message}"):
        records.load("tiny")


def test_mnist_agrees_with_the_facts_that_were_measured() -> None:
    facts = published_facts()["mnist"]
    record = yaml.safe_load((ROOT / "pipeline/datasets/mnist.yaml").read_text())
    files = [record[split][kind] for split in ("train", "test") for kind in ("images", "labels")]
    assert record["mirrors"] == facts["mirrors"]
    assert record["package"] == facts["package_index"]
    raw = {file["name"]: {"bytes": file["bytes"], "sha256": file["sha256"]} for file in files}
    assert raw == facts["raw_sha256"]
    assert {split: record[split]["class_counts"] for split in ("train", "test")} == facts["class_counts"]
