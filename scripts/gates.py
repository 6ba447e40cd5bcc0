"""What the gates catch: every mutation of tests/mutations.py run, as the table in docs/gates.md.

python -m scripts.gates

It needs data/raw (`make repro`), and about five minutes.
"""

import re
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from tqdm import tqdm

from pipeline import datasets, quality
from pipeline.quality import folder

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))
RAW, PAGE = ROOT / "data/raw", ROOT / "docs/gates.md"
SEEDS = 20
HEAD = """# What the gates catch

Written by `python -m scripts.gates`: each operator of `tests/mutations.py` changes the real MNIST files, and
`python -m pipeline check DIR --no-checksums` must fail with the check that names the cause. A strength is a
round one near the smallest that is caught; random ones near a threshold were tried with several seeds.

| Data | Strength | Caught by | Found | What it usually means |
|---|---|---|---|---|
"""
CLEAN_HEAD = """
These must raise no failure:

| Data | Strength | Expectations | Failed |
|---|---|---|---|
"""


def judged(mutation: Any) -> quality.Judgement:
    """What the gates say of the mutated files."""
    dataset = datasets.load("mnist")
    with tempfile.TemporaryDirectory() as name:
        mutation.write(dataset, RAW, Path(name))
        return folder.check(dataset, Path(name), exact=False, seed=0)


def row(*cells: object) -> str:
    """A line of a Markdown table."""
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"


def caught(number: int) -> str:
    """The line of an operator: the verdict that names its cause."""
    from mutations import OPERATORS

    mutation = OPERATORS[number]
    for v in judged(mutation).failed:
        if v.check == mutation.check and re.search(mutation.found, v.found):
            found = v.found if len(v.found) <= 60 else f"{v.found[:60]}..."
            return row(mutation.name, mutation.strength, f"{v.split}: {v.check}", found, v.usually)
    return row(mutation.name, mutation.strength, "**nothing**", "", "")


def clean(number: int) -> str:
    """The line of a clean case."""
    from mutations import CLEAN

    found = judged(CLEAN[number])
    return row(CLEAN[number].name, CLEAN[number].strength, len(found.verdicts), len(found.failed))


def seeded(seed: int) -> tuple[int, int]:
    """How many expectations there are of the files as they are, with another seed, and how many fail."""
    from mutation import tables

    dataset = datasets.load("mnist")
    found = quality.judge(dataset, tables(dataset, RAW), seed)
    return len(found.verdicts), len(found.failed)


def main() -> int:
    """Write the page; return 1 where something slipped through."""
    from mutations import CLEAN, OPERATORS

    with ProcessPoolExecutor(2) as pool:
        lines = list(tqdm(pool.map(caught, range(len(OPERATORS))), total=len(OPERATORS)))
        cleans = list(tqdm(pool.map(clean, range(len(CLEAN))), total=len(CLEAN)))
        counts = list(tqdm(pool.map(seeded, range(SEEDS)), total=SEEDS))
    checked, failed = (sum(column) for column in zip(*counts, strict=True))
    text = HEAD + "".join(lines) + CLEAN_HEAD + "".join(cleans)
    text += row("another seed of the probe", f"{SEEDS} seeds", checked, failed)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text)
    print(text, end="")
    return int("**nothing**" in text)


if __name__ == "__main__":
    sys.exit(main())
