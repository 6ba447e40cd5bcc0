"""What the gates catch: runs every mutation of tests/mutations.py and writes docs/gates.md.

python -m scripts.gates

It needs data/raw (`make repro`), and several minutes.
"""

import re
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from pipeline.base import records
from pipeline.base.outputs import write_text
from pipeline.describe.markdown import table
from pipeline.gates import folder, profile
from pipeline.gates.judge import Judgement, judge

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))
RAW, PAGE = ROOT / "data/raw", ROOT / "docs/gates.md"
SEEDS, HALVES = 8, 20
LONGEST = 60  # characters of a value on the page
HEAD = """# What the gates catch

`python -m scripts.gates` writes this page. Each operator of `tests/mutations.py` changes the real MNIST files, and
`python -m pipeline check DIR --no-checksums` must then fail, with a check that names the cause. A strength is a
round value near the smallest one that is caught. Random changes near a threshold were tried with several seeds.

| Data | Strength | Caught by | Found | What it usually means |
|---|---|---|---|---|
"""
CLEAN_HEAD = """
These must not fail:

| Data | Strength | Expectations | Failed |
|---|---|---|---|
"""
OTHERS = "\n## Beside other checkers\n"  # what follows is written by hand, from benchmarks/checkers.py
OF_SEEDS = "another seed of the probe", "seeds"
OF_HALVES = "a random half, held to the record of the other half", "halves"
MISSED_HEAD = """
These are not caught:

| Data | Strength | A strength that is |
|---|---|---|
"""


def judged(mutation: Any, raw: Path = RAW) -> Judgement:
    """What the gates say of the mutated files. raw: the folder with the real files."""
    dataset = records.load("mnist")
    with tempfile.TemporaryDirectory() as name:
        mutation.write(dataset, raw, Path(name))
        return folder.check(dataset, Path(name), exact=False, seed=0)


def caught(mutation: Any, raw: Path = RAW) -> str:
    """The line of an operator: the first verdict that names its cause, or **nothing**."""
    for verdict in judged(mutation, raw).failed:
        if verdict.check == mutation.check and re.search(mutation.found, verdict.found):
            found = verdict.found if len(verdict.found) <= LONGEST else f"{verdict.found[:LONGEST]}..."
            check = f"`{verdict.split}: {verdict.check}`"
            return table([(mutation.name, mutation.strength, check, found, verdict.usually)])
    return f"{table([(mutation.name, mutation.strength)])} **nothing** | | |"


def clean(mutation: Any, raw: Path = RAW) -> str:
    """The line of a clean case: how many expectations there are, and how many fail."""
    found = judged(mutation, raw)
    return table([(mutation.name, mutation.strength, len(found.verdicts), len(found.failed))])


def missed(mutation: Any, instead: str, raw: Path = RAW) -> str:
    """The line of a mutation that passes. It says **caught** if one does not pass any more."""
    failed = [verdict.check for verdict in judged(mutation, raw).failed]
    return table([(mutation.name, mutation.strength, instead)]) + (f" **caught** by {failed}" if failed else "")


def seeded(seed: int, raw: Path = RAW) -> tuple[int, int]:
    """The number of expectations of the files as they are, with a seed of the probe, and how many fail."""
    from mutation import tables

    dataset = records.load("mnist")
    found = judge(dataset, tables(dataset, raw), seed)
    return len(found.verdicts), len(found.failed)


def half(seed: int, raw: Path = RAW) -> tuple[int, int]:
    """How many expectations `profile --any-count` has of a random half of both splits; how many the rest fails."""
    from mutation import read, write

    dataset, random = records.load("mnist"), np.random.default_rng(seed)
    data = read(dataset, raw)
    orders = {split: random.permutation(len(labels)) for split, (_, labels) in data.items()}
    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(scratch) / name for name in ("measured", "checked")]
        for k, place in enumerate(folders):
            place.mkdir()
            chosen = {
                split: (images[orders[split][k::2]], labels[orders[split][k::2]])
                for split, (images, labels) in data.items()
            }
            write(dataset, chosen, place)
        record = profile.of_folder(folders[0], None, "half", 0, any_count=True)
        found = folder.check(record, folders[1], exact=True, seed=0)
    return len(found.verdicts), len(found.failed)


def together(name: str, what: str, counts: list[tuple[int, int]]) -> str:
    """The line of several runs together. what: one of them is, as "seeds"."""
    checked, failed = (sum(column) for column in zip(*counts, strict=True))
    return table([(name, f"{len(counts)} {what}", checked, failed)])


def _caught(number: int) -> str:
    """`caught` for the operator of this number: another process cannot be given the operator itself."""
    from mutations import OPERATORS

    return caught(OPERATORS[number])


def _clean(number: int) -> str:
    from mutations import CLEAN

    return clean(CLEAN[number])


def _missed(number: int) -> str:
    from mutations import MISSED

    return missed(*MISSED[number])


def main() -> int:
    """Write the page. Returns 1 if an operator is caught by nothing, or if one is caught that was not."""
    from mutations import CLEAN, MISSED, OPERATORS

    with ProcessPoolExecutor(2) as pool:
        lines = list(tqdm(pool.map(_caught, range(len(OPERATORS))), total=len(OPERATORS)))
        cleans = list(tqdm(pool.map(_clean, range(len(CLEAN))), total=len(CLEAN)))
        cleans.append(together(*OF_SEEDS, list(tqdm(pool.map(seeded, range(SEEDS)), total=SEEDS))))
        cleans.append(together(*OF_HALVES, list(tqdm(pool.map(half, range(HALVES)), total=HALVES))))
        others = list(tqdm(pool.map(_missed, range(len(MISSED))), total=len(MISSED)))
    tables = [(HEAD, lines), (CLEAN_HEAD, cleans), (MISSED_HEAD, others)]
    text = "".join(head + "\n".join(rows) + "\n" for head, rows in tables)
    write_text(PAGE, text + "".join(PAGE.read_text().partition(OTHERS)[1:]))
    print(text, end="")
    return 1 if "**nothing**" in text or "**caught**" in text else 0


if __name__ == "__main__":
    sys.exit(main())
