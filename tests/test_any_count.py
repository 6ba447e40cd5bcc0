"""Records for any number of rows: new files of the same source pass, and what is wrong with them still fails."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import NAMES
from msgspec.structs import replace
from mutations import OPERATORS
from numpy.typing import NDArray

from pipeline.__main__ import main
from pipeline.base import records
from pipeline.base.dataset import Dataset
from pipeline.gates import explained, folder, profile
from pipeline.gates.any_count import class_ranges, fitted
from pipeline.gates.judge import Judgement
from pipeline.rows import idx

Arrays = tuple[NDArray[np.uint8], NDArray[np.uint8]]
Deal = Callable[[Path, int, int], Path]
MEASURED = 2000


@pytest.fixture(scope="module")
def digits(mnist: Path) -> Arrays:
    """All images and labels of MNIST. Its own splits are not dealt by chance: their writers differ."""
    kinds = ("images-idx3", "labels-idx1")
    images, labels = (
        np.concatenate([idx.read(mnist / f"{s}-{kind}-ubyte") for s in NAMES.values()]) for kind in kinds
    )
    return images, labels


def put(where: Path, split: str, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
    where.mkdir(exist_ok=True)
    for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
        (where / f"{split}-{kind}-ubyte").write_bytes(idx.encode(array))


@pytest.fixture(scope="module")
def deal(digits: Arrays) -> Deal:
    """`deal(folder, rows, seed)`: so many random digits in train, a fifth as many in test, at least 100."""
    images, labels = digits

    def dealt(where: Path, rows: int, seed: int) -> Path:
        test = max(rows // 5, 100)
        chosen = np.random.default_rng(seed).permutation(len(labels))[: rows + test]
        for split, part in (("train", chosen[:rows]), ("t10k", chosen[rows:])):
            put(where, split, images[part], labels[part])
        return where

    return dealt


@pytest.fixture(scope="module")
def record(deal: Deal, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """What `profile --any-count` writes of 2,000 digits and 400, read again."""
    raw = tmp_path_factory.mktemp("measured")
    text = explained.as_yaml(profile.of_folder(deal(raw, MEASURED, 100), None, "digits", 0, any_count=True))
    (raw / "digits.yaml").write_text(text)
    return records.read(raw / "digits.yaml")


def failed(judged: Judgement, split: str = "") -> set[str]:
    return {verdict.check for verdict in judged.failed if split in ("", verdict.split)}


@pytest.mark.parametrize(("rows", "seed"), [(2600, 0), (500, 1), (10_000, 0)])
def test_new_files_of_the_same_source_pass(
    rows: int, seed: int, record: Dataset, deal: Deal, tmp_path: Path
) -> None:
    assert failed(folder.check(record, deal(tmp_path, rows, seed), True, 0)) == set()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 4))
@pytest.mark.parametrize("rows", [500, 2000, 2600, 10_000])
def test_they_pass_however_they_are_dealt(
    rows: int, seed: int, record: Dataset, deal: Deal, tmp_path: Path
) -> None:
    assert failed(folder.check(record, deal(tmp_path, rows, seed), True, 0)) == set()


def change(where: Path, chosen: Callable[[NDArray[np.uint8]], NDArray[np.int64]]) -> Path:
    """Keep the chosen rows of train, in a random order."""
    images, labels = (idx.read(where / f"train-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
    rows = np.random.default_rng(0).permutation(chosen(labels))
    put(where, "train", images[rows].copy(), labels[rows].copy())
    return where


@pytest.mark.parametrize("rows", [500, pytest.param(2600, marks=pytest.mark.slow)])
def test_a_class_that_is_missing_fails(rows: int, record: Dataset, deal: Deal, tmp_path: Path) -> None:
    changed = change(deal(tmp_path, rows, 0), lambda labels: np.flatnonzero(labels != 4))
    assert "class_counts" in failed(folder.check(record, changed, True, 0), "train")


@pytest.mark.parametrize("rows", [500, pytest.param(2600, marks=pytest.mark.slow)])
def test_a_class_that_is_doubled_fails(
    rows: int, record: Dataset, deal: Deal, digits: Arrays, tmp_path: Path
) -> None:
    deal(tmp_path, rows, 0)
    images, labels = (idx.read(tmp_path / f"train-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
    more = np.flatnonzero(digits[1] == 4)[-int((labels == 4).sum()) :]  # other images, so no image stands twice
    order = np.random.default_rng(0).permutation(len(labels) + len(more))
    put(
        tmp_path,
        "train",
        np.concatenate([images, digits[0][more]])[order],
        np.concatenate([labels, digits[1][more]])[order],
    )
    judged = folder.check(record, tmp_path, True, 0)
    assert "class_counts" in failed(judged, "train")
    (found,) = (v.found for v in judged.failed if (v.split, v.check) == ("train", "class_counts"))
    assert found.startswith("4: ")
    assert " to " in found


SAMPLE = [
    ("transposed", "all"),
    ("inverted", "all"),
    ("labels rolled", "by 1, test"),
    ("scaled to 0 to 1", "all"),
    ("labels shuffled", "all"),
    ("test images in train", "1"),
]


@pytest.mark.parametrize(
    ("name", "strength"),
    [SAMPLE[0], *(pytest.param(*case, marks=pytest.mark.slow) for case in SAMPLE[1:])],
)
def test_damage_that_is_not_about_counts_is_still_caught(
    name: str, strength: str, record: Dataset, deal: Deal, tmp_path: Path
) -> None:
    (mutation,) = (m for m in OPERATORS if (m.name, m.strength) == (name, strength))
    raw, changed = deal(tmp_path / "raw", 2600, 0), tmp_path / "changed"
    changed.mkdir()
    mutation.write(record, raw, changed)
    assert mutation.check in failed(folder.check(record, changed, True, 0))


def test_one_odd_image_is_a_warning_and_many_fail(record: Dataset, deal: Deal, tmp_path: Path) -> None:
    raw = deal(tmp_path, 2600, 0)
    images, labels = (idx.read(raw / f"train-{kind}-ubyte").copy() for kind in ("images-idx3", "labels-idx1"))
    for count, fails in ((1, False), (20, True)):
        images[:count, 2:24:3, 2:24:3] = 255  # specks
        put(raw, "train", images, labels)
        verdicts = [v for v in folder.check(record, raw, True, 0).verdicts if v.check == "images.specks.each"]
        assert any(not v.success and v.severity == "warning" for v in verdicts)
        assert any(v.fails for v in verdicts) == fails


def test_the_command_says_in_the_record_what_it_holds_for(
    deal: Deal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal(tmp_path / "raw", 500, 3)
    monkeypatch.chdir(tmp_path)
    assert main(["profile", "raw", "--any-count", "--output", "mine.yaml"]) == 0
    text = Path("mine.yaml").read_text()
    assert "any_count: true" in text
    assert "prediction interval" in text
    deal(tmp_path / "new", 700, 4)
    assert main(["check", "new", "--dataset", "mine.yaml"]) == 0
    assert main(["profile", "raw", "--output", "fixed.yaml"]) == 0
    assert "any_count" not in (fixed := Path("fixed.yaml").read_text())
    assert "spread" not in fixed
    assert main(["check", "new", "--dataset", "fixed.yaml"]) == 1


def test_as_many_rows_as_were_measured_get_no_tighter_range(record: Dataset) -> None:
    rows = {split: part.rows for split, part in record.splits.items()}
    same = fitted(record, rows)
    for split, part in record.splits.items():
        before, after = part.expect, same.splits[split].expect
        assert before
        assert after
        for name in ("reference_distance", "probe_error"):
            (low, high), (least, most) = getattr(before, name), getattr(after, name)
            assert least <= low <= high <= most
        assert (after.duplicates, after.suspects >= before.suspects) == (0, True)


def test_more_rows_may_have_more_repeats_unless_there_were_none(record: Dataset) -> None:
    assert record.train.expect
    some = replace(record.train.expect, duplicates=4, near_duplicates=4)
    rows = {split: 10 * part.rows for split, part in record.splits.items()}
    more, none = (
        fitted(replace(record, train=replace(record.train, expect=expect)), rows).train.expect
        for expect in (some, record.train.expect)
    )
    assert more
    assert none
    assert more.near_duplicates == more.duplicates > 400
    assert none.near_duplicates == none.duplicates == 0


def test_the_range_of_a_class_is_where_the_score_test_does_not_differ() -> None:
    counts, rows = [200, 1000, 800], 600
    z = 3.588  # two-sided at 0.001 / 3
    for count, (low, high) in zip(counts, class_ranges(counts, rows), strict=True):

        def score(new: int, count: int = count) -> float:
            pooled = (count + new) / 2600
            return abs(count / 2000 - new / 600) / math.sqrt(pooled * (1 - pooled) * (1 / 2000 + 1 / 600))

        assert max(score(low), score(high)) <= z < min(score(low - 1), score(high + 1))


def test_honest_counts_are_in_the_ranges() -> None:
    random, shares = np.random.default_rng(0), np.array([0.02, 0.08, 0.1, 0.3, 0.5])
    refused = 0
    for _ in range(2000):
        ranges = class_ranges(random.multinomial(2000, shares).tolist(), 700)
        new = random.multinomial(700, shares)
        refused += any(not low <= count <= high for count, (low, high) in zip(new, ranges, strict=True))
    assert refused <= 10  # 2 are expected
