"""The gates let nothing slip through: each mutation of the MNIST files fails with a verdict that names why.

Those whose strength is no number of rows are shown on a sample of MNIST's rows, held to the record's own
thresholds; undamaged, it keeps all that are shown on it. docs/gates.md, by scripts/gates.py, shows every mutation
on all of MNIST.
"""

import re
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from msgspec.structs import replace
from mutation import Mutation, read, tables, write
from mutations import CLEAN, OPERATORS

from pipeline import datasets, quality
from pipeline.datasets import Dataset, Split
from pipeline.quality import folder
from pipeline.quality.meanings import MEANINGS, MEASURES, SIDES
from pipeline.quality.verdicts import Verdict

QUICK = {
    ("transposed", "all"),
    ("labels rolled", "by 1, test"),
    ("labels exchanged in pairs", "20 of 3 and 5"),
    ("test images in train, shifted, with noise", "50"),
    ("gz cut short", "by 1%"),
    ("the files as they are", ""),
}
# Shown on all of MNIST: what counts rows, what needs all of them, and what only all of them come to.
WHOLE = {"structure", "rows", "shared", "near", "suspects", "probe_error", "class_errors", "reference_distance"}
WHOLE_TOO = {
    ("a label lost in the middle", "1 row"),
    ("rotated", "by 3 degrees"),
    ("thresholded", "6,000 images"),
}
# More of what is caught here where there is less of it: scripts/gates.py alone runs these.
STRONGER = {
    ("labels flipped", "1% of both"),
    ("one image repeated", "20 times"),
    ("rows dropped", "100 rows"),
    ("test images in train", "50"),
    *(("rotated", f"by {degrees} degrees") for degrees in ("90", "-90", "180", "15")),
    ("shifted", "by 2 pixels"),
}
SAMPLE: dict[Split, int] = {"train": 10_000, "test": 2_500}
Files = tuple[Dataset, Path]  # a record, and the folder with its files
NO_OPERATOR = {
    **dict.fromkeys(
        ["halves", "writers", "writer_of_both", "shared_writer"],
        "of provenance, which check leaves out: test_provenance_gates.py",
    ),
    "thresholds": "says what the record lacks: test_quality.py",
    "orientation": "of data that convert turns: test_quality.py",
    "SHA-256": "is for the record's own bytes: test_contract.py",
    "gates": "only warns that the rest was not run: test_check.py",
    "schema": "only Parquet can break it: test_quality.py",
    "nulls": "only Parquet can break it: test_quality.py",
    "label type": "only Parquet can break it: test_quality.py",
    "image length": "only Parquet can break it: test_quality.py",
    "ids": "never fails alone for IDX files, which have none: test_quality.py",
    "suspect": "only warns",
}


def cases(mutations: list[Mutation]) -> list[object]:
    """One case a mutation; those that are not quick run with `-m slow`."""
    return [
        pytest.param(
            m, id=f"{m.name}, {m.strength}", marks=[] if (m.name, m.strength) in QUICK else pytest.mark.slow
        )
        for m in mutations
        if (m.name, m.strength) not in STRONGER
    ]


@pytest.fixture(scope="session")
def whole(mnist: Path) -> Files:
    return datasets.load("mnist"), mnist


@pytest.fixture(scope="session")
def sample(whole: Files, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Random rows of MNIST in their order; of the record, only the counts are others."""
    dataset, folder = whole[0], tmp_path_factory.mktemp("sample")
    data, random = read(*whole), np.random.default_rng(0)
    for split, (images, labels) in data.items():
        rows = np.sort(random.choice(len(labels), SAMPLE[split], replace=False))
        data[split] = images[rows], labels[rows]
        counts = tuple(np.bincount(labels[rows], minlength=10).tolist())
        record = dataset.splits[split]
        file = replace(record.labels, bytes=8 + len(rows))  # which says how many rows there are
        dataset = replace(dataset, **{split: replace(record, class_counts=counts, labels=file)})
    write(dataset, data, folder)
    return dataset, folder


def failed(mutation: Mutation, files: Files, to: Path) -> list[Verdict]:
    dataset, raw = files
    mutation.write(dataset, raw, to)
    return folder.check(dataset, to, exact=False, seed=0).failed


@pytest.mark.parametrize("mutation", cases(OPERATORS))
def test_mutation_is_named(mutation: Mutation, whole: Files, sample: Files, tmp_path: Path) -> None:
    in_all = mutation.check.split(".")[0] in WHOLE or (mutation.name, mutation.strength) in WHOLE_TOO
    verdicts = failed(mutation, whole if in_all else sample, tmp_path)
    found = [(verdict.check, verdict.found) for verdict in verdicts]
    assert any(check == mutation.check and re.search(mutation.found, text) for check, text in found), found


@pytest.mark.slow
def test_the_sample_as_it_is_fails_no_check_that_is_shown_on_it(sample: Files, tmp_path: Path) -> None:
    assert {verdict.check.split(".")[0] for verdict in failed(CLEAN[0], sample, tmp_path)} <= WHOLE


@pytest.mark.parametrize("mutation", cases(CLEAN))
def test_clean_data_pass(mutation: Mutation, whole: Files, tmp_path: Path) -> None:
    assert failed(mutation, whole, tmp_path) == []


@pytest.mark.slow
def test_clean_data_pass_whatever_the_seed(whole: Files) -> None:
    dataset, clean = whole[0], tables(*whole)
    assert [(seed, v) for seed in (1, 2, 3) for v in quality.judge(dataset, clean, seed).failed] == []


def test_the_page_shows_each_operator_caught_and_each_clean_case_passed() -> None:
    page = (ROOT / "docs/gates.md").read_text()
    caught, passed = page.split("These must raise no failure")
    shown = [tuple(line.split(" | ")[:2]) for line in caught.splitlines() if line.startswith("| ")][1:]
    assert shown == [(f"| {m.name}", m.strength) for m in OPERATORS]
    assert "**nothing**" not in caught
    assert f"with {len(OPERATORS)} kinds of damage" in (ROOT / "README.md").read_text()
    lines = [line for line in passed.splitlines() if line.startswith("| ")][1:]
    assert len(lines) == len(CLEAN) + 1
    assert all(line.endswith(" | 0 |") for line in lines)


def test_every_check_has_an_operator() -> None:
    assert {(mutation.name, mutation.strength) for mutation in OPERATORS} >= STRONGER | WHOLE_TOO
    assert len({(mutation.name, mutation.strength) for mutation in OPERATORS}) == len(OPERATORS) >= 45
    parts = [mutation.check.removeprefix("structure.").split(".") for mutation in OPERATORS]
    hit = {part[1] if part[0] == "images" else part[0] for part in parts}
    assert (MEANINGS.keys() | SIDES.keys() | MEASURES.keys()) - hit == NO_OPERATOR.keys()
