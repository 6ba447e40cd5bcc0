"""The cost of `check` for bad data beside good data, and for this commit beside an earlier one.

    python -m benchmarks.bad_data [--rows 70000] [--runs 3] [--before REVISION]

It needs data/raw (`make repro`). Every process is run in turn with the others; the figures are
medians, those of the ratios to good data in the same turn.
With `--before`, good data are also checked by the code of that revision. More rows than 70,000 are those of
`benchmarks.scale`, with their own record.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.scale import MEASURE, SIZES, Cost, grow
from benchmarks.stages import ENVIRONMENT, ROOT
from pipeline.base import records
from pipeline.base.dataset import Dataset
from pipeline.rows import idx

Pixels = NDArray[np.uint8]
Change = Callable[[Pixels, np.random.Generator], Pixels]
AS_THEY_ARE: Change = lambda values, _: values  # noqa: E731  (a constant, like those below)
# What happens to a block of images, and to all labels of a split.
CASES: dict[str, tuple[Change, Change]] = {
    "good": (AS_THEY_ARE, AS_THEY_ARE),
    "inverted": (lambda images, _: 255 - images, AS_THEY_ARE),
    "labels shuffled": (AS_THEY_ARE, lambda labels, random: random.permutation(labels)),
    "noise instead of images": (
        lambda images, random: random.integers(0, 256, images.shape, np.uint8),
        AS_THEY_ARE,
    ),
}
BLOCK = 10_000


def write(dataset: Dataset, source: Path, folder: Path, case: str) -> None:
    """Write the four files of `source` into `folder`, changed as the case says."""
    folder.mkdir()
    random = np.random.default_rng(0)
    of_images, of_labels = CASES[case]
    for record in dataset.splits.values():
        for file, change, rows in (record.images, of_images, BLOCK), (record.labels, of_labels, record.rows):
            array = idx.read(source / file.name)
            with (folder / file.name).open("wb") as out:
                out.write((source / file.name).read_bytes()[: 4 + 4 * array.ndim])
                for start in range(0, len(array), rows):
                    out.write(change(array[start : start + rows], random).tobytes())


def measure(code: Path, data: Path, record: str) -> Cost:
    """The cost of `check` of a folder, run from the folder `code`."""
    command = (sys.executable, "-m", "pipeline", "check", str(data), "--dataset", record, "--no-checksums")
    call = (sys.executable, "-c", MEASURE, *command)
    done = subprocess.run(call, cwd=code, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) or not done.stdout:
        raise SystemExit(done.stderr)
    return Cost(*map(float, done.stdout.split()))


def main() -> None:
    """Print a line for each case: seconds, processor seconds and memory, and their ratios to good data."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, choices=SIZES, default=70_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--before", metavar="REVISION")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        report(args, Path(scratch))


def report(args: argparse.Namespace, scratch: Path) -> None:
    """Print the table."""
    source, record = ROOT / "data/raw", "mnist"
    if args.rows != 70_000:
        train, classes = SIZES[args.rows]
        source, record = scratch / "raw", str(scratch / "made.yaml")
        grow(source, {"train": train, "test": args.rows - train}, classes)
        profile = ("profile", str(source), "--name", "made", "--output", record)
        subprocess.run((sys.executable, "-m", "pipeline", *profile), cwd=ROOT, env=ENVIRONMENT, check=True)
    dataset = records.find(record)
    runs: dict[str, tuple[Path, Path]] = {}
    for case in CASES:
        write(dataset, source, scratch / case, case)
        runs[case] = ROOT, scratch / case
    if args.before:
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(scratch / "code")], check=True)
        subprocess.run(["git", "checkout", "--quiet", args.before], cwd=scratch / "code", check=True)
        runs["good, before"] = scratch / "code", scratch / "good"
    found: dict[str, list[Cost]] = {name: [] for name in runs}
    for _ in range(args.runs):
        for name, (code, data) in runs.items():
            found[name].append(measure(code, data, record))
    print("| data | seconds | CPU seconds | microseconds a row | MB | times good seconds | times good MB |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    medians = {name: Cost(*map(statistics.median, zip(*costs, strict=True))) for name, costs in found.items()}
    for name, cost in medians.items():
        turns = list(zip(found[name], found["good"], strict=True))
        times = statistics.median(own.seconds / good.seconds for own, good in turns)
        memory = statistics.median(own.memory / good.memory for own, good in turns)
        words = [f"{cost.seconds:.1f}", f"{cost.busy:.1f}", f"{cost.seconds / args.rows * 1e6:.0f}"]
        words += [f"{cost.memory:.0f}", f"{times:.2f}", f"{memory:.2f}"]
        print(f"| {' | '.join([name, *words])} |", flush=True)


if __name__ == "__main__":
    main()
