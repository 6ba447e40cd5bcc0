"""The gates let nothing slip through: each mutation of the MNIST files fails with a verdict that names why."""

import re
from pathlib import Path

import pytest
from conftest import ROOT
from mutation import Mutation, tables
from mutations import CLEAN, OPERATORS

from pipeline import datasets, quality
from pipeline.datasets import Dataset
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
NO_OPERATOR = {
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
    ]


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return datasets.load("mnist")


def failed(mutation: Mutation, dataset: Dataset, mnist: Path, to: Path) -> list[Verdict]:
    mutation.write(dataset, mnist, to)
    return folder.check(dataset, to, exact=False, seed=0).failed


@pytest.mark.parametrize("mutation", cases(OPERATORS))
def test_mutation_is_named(mutation: Mutation, dataset: Dataset, mnist: Path, tmp_path: Path) -> None:
    found = [(verdict.check, verdict.found) for verdict in failed(mutation, dataset, mnist, tmp_path)]
    assert any(check == mutation.check and re.search(mutation.found, text) for check, text in found), found


@pytest.mark.parametrize("mutation", cases(CLEAN))
def test_clean_data_pass(mutation: Mutation, dataset: Dataset, mnist: Path, tmp_path: Path) -> None:
    assert failed(mutation, dataset, mnist, tmp_path) == []


@pytest.mark.slow
def test_clean_data_pass_whatever_the_seed(dataset: Dataset, mnist: Path) -> None:
    clean = tables(dataset, mnist)
    assert [(seed, v) for seed in range(20) for v in quality.judge(dataset, clean, seed).failed] == []


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
    assert len({(mutation.name, mutation.strength) for mutation in OPERATORS}) == len(OPERATORS) >= 45
    parts = [mutation.check.removeprefix("structure.").split(".") for mutation in OPERATORS]
    hit = {part[1] if part[0] == "images" else part[0] for part in parts}
    assert (MEANINGS.keys() | SIDES.keys() | MEASURES.keys()) - hit == NO_OPERATOR.keys()
