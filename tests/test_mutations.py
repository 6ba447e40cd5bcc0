"""The gates let nothing slip through: docs/gates.md holds what they say of each mutation of the MNIST files.

The quick tests compare the names, the checks and the meanings on the page, and run a few mutations. The slow tests
run every mutation and compare its whole row.
"""

import importlib
import re
from pathlib import Path

import pytest
from conftest import ROOT
from markdown_it import MarkdownIt
from mutation import Mutation
from mutations import CLEAN, MISSED, OPERATORS

from pipeline.gates.meanings import MEANINGS, MEASURES, SIDES, usually

gates = importlib.import_module("scripts.gates")
PAGE = (ROOT / "docs/gates.md").read_text().partition(gates.OTHERS)[0]
LINES = [line for line in PAGE.splitlines() if line.startswith("| ")]
# After a head of its own, one line for each operator; after another head, one for each clean case and the seeds;
# after a third one, one for each mutation that is not caught.
CAUGHT, REST = LINES[1 : len(OPERATORS) + 1], LINES[len(OPERATORS) + 2 :]
PASSED, LEFT = REST[: len(CLEAN) + 2], REST[len(CLEAN) + 3 :]
QUICK = {
    ("test images in train, shifted, with noise", "50"),
    ("gz cut short", "by 1%"),
    ("a missing file", "1 file"),
    ("the files as they are", ""),
}
NO_OPERATOR = {
    **dict.fromkeys(
        ["halves", "writers", "writer_of_both", "shared_writer"],
        "of provenance, which check leaves out: test_provenance_gates.py",
    ),
    "split": "of one split alone: test_report.py",
    **dict.fromkeys(["against", "against_near"], "of two folders: test_against.py"),
    "grey range": "is beside `transformation`, which names the cause: test_folder.py",
    "thresholds": "says what the record lacks: test_judge.py",
    "orientation": "of data that convert turns: test_suites.py",
    "packed SHA-256": "is for a packed file, and mutations are plain: test_folder.py",
    "size": "is for a file far too large to judge: test_folder.py",
    "proof": "only warns that the record has no hash of the plain file: test_folder.py",
    "SHA-256": "is for the record's own bytes: test_inspect.py",
    "gates": "only warns that the rest was not run: test_check.py",
    "schema": "only Parquet can break it: test_suites.py",
    "nulls": "only Parquet can break it: test_suites.py",
    "label type": "only Parquet can break it: test_suites.py",
    "image length": "only Parquet can break it: test_suites.py",
    "ids": "never fails alone for IDX files, which have none: test_suites.py",
    "suspect": "only warns",
}


def cases(mutations: list[Mutation], lines: list[str]) -> list[object]:
    """Each mutation with its line; a mutation that is not in QUICK runs with `-m slow`."""
    return [
        pytest.param(
            m, line, id=f"{m.name}, {m.strength}", marks=[] if (m.name, m.strength) in QUICK else pytest.mark.slow
        )
        for m, line in zip(mutations, lines, strict=True)
    ]


@pytest.mark.parametrize(("mutation", "line"), cases(OPERATORS, CAUGHT))
def test_a_row_of_the_page_is_what_its_mutation_gives(mutation: Mutation, line: str, mnist: Path) -> None:
    assert gates.caught(mutation, mnist) == line


@pytest.mark.parametrize(("mutation", "line"), cases(CLEAN, PASSED[:-2]))
def test_a_clean_case_passes_as_the_page_says(mutation: Mutation, line: str, mnist: Path) -> None:
    assert gates.clean(mutation, mnist) == line


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mutation", "smallest", "line"),
    [
        pytest.param(m, smallest, line, id=f"{m.name}, {m.strength}")
        for (m, smallest), line in zip(MISSED, LEFT, strict=True)
    ],
)
def test_what_is_not_caught_is_what_the_page_says(
    mutation: Mutation, smallest: str, line: str, mnist: Path
) -> None:
    assert gates.missed(mutation, smallest, mnist) == line


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_files_pass_with_every_seed_as_the_page_says(mnist: Path) -> None:
    counts = [gates.seeded(seed, mnist) for seed in range(gates.SEEDS)]
    assert gates.together(*gates.OF_SEEDS, counts) == PASSED[-2]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_random_halves_pass_as_the_page_says(mnist: Path) -> None:
    counts = [gates.half(seed, mnist) for seed in range(2)]  # all of them would take minutes
    assert gates.together(*gates.OF_HALVES, counts * (gates.HALVES // 2)) == PASSED[-1]


def cells(line: str) -> list[str]:
    """The cells of a line as a reader sees them."""
    page = MarkdownIt().enable("table").render(f"| | | | | |\n|---|---|---|---|---|\n{line}\n")
    return [re.sub("<.*?>", "", cell) for cell in re.findall(r"<td>(.*?)</td>", page)]


def test_the_page_holds_each_operator_its_check_and_what_a_failure_usually_means_now() -> None:
    left = gates.MISSED_HEAD + "\n".join(LEFT)
    written = "\n".join([*CAUGHT, gates.CLEAN_HEAD + "\n".join(PASSED), left, ""])
    assert gates.HEAD + written == PAGE
    for mutation, line in zip(OPERATORS, CAUGHT, strict=True):
        name, strength, caught, found, meaning = cells(line)
        assert (name, strength) == (mutation.name, mutation.strength)
        assert caught.rpartition(": ")[2] == mutation.check
        assert re.search(mutation.found, found)
        check = mutation.check.removeprefix("structure.")
        assert meaning in {usually(check, below) for below in (None, True, False)}


def test_the_page_holds_each_clean_case_and_none_fails() -> None:
    assert [tuple(cells(line)[:2]) for line in PASSED[:-2]] == [(m.name, m.strength) for m in CLEAN]
    assert all(line.endswith(" | 0 |") for line in PASSED)
    assert f"{gates.SEEDS} seeds" in PASSED[-2]
    assert f"{gates.HALVES} halves" in PASSED[-1]


def test_other_pages_count_the_operators() -> None:
    for page in ("README.md", "docs/check.md"):
        assert f"{len(OPERATORS)} kinds of damage" in (ROOT / page).read_text()


def test_every_check_has_an_operator() -> None:
    assert len({(mutation.name, mutation.strength) for mutation in OPERATORS}) == len(OPERATORS) >= 45
    parts = [mutation.check.removeprefix("structure.").split(".") for mutation in OPERATORS]
    hit = {part[1] if part[0] == "images" else part[0] for part in parts}
    assert (MEANINGS.keys() | SIDES.keys() | MEASURES.keys()) - hit == NO_OPERATOR.keys()
