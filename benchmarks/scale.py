"""What the stages `convert` and `gate` cost, and how that grows with the number of rows.

    python -m benchmarks.scale [ROWS ...]

It needs data/raw (`make repro`). The rows are MNIST's, each beyond the real ones turned, scaled, sheared and moved
a little, by an amount of its own; with 62 classes, as EMNIST's ByClass has, a class is a digit laid in one of up
to seven ways. Each size has a record of its own from `profile`, with all thresholds, and passes its gates. Whole
processes, median of three; MB/s are raw pixels over the processor's seconds, so of one core.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray

from benchmarks.stages import ENVIRONMENT, RAW, ROOT
from pipeline import datasets, idx
from pipeline.datasets import Split
from pipeline.estimators.images import moved
from pipeline.orientation import WAYS

# By number of rows: those of train, and the classes.
SIZES = {70_000: (60_000, 10), 280_000: (240_000, 10), 814_255: (697_932, 62)}
STAGES = [["convert", "--raw", "raw", "--parquet", "parquet"], ["gate", "--parquet", "parquet"]]
RUNS, BLOCK = 3, 10_000
# Runs a command and prints its seconds, its processors' seconds and its peak memory in MB.
MEASURE = """
import os, subprocess, sys, time
begin = time.perf_counter()
_, code, used = os.wait4(subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL).pid, 0)
print(time.perf_counter() - begin, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6)
sys.exit(os.waitstatus_to_exitcode(code))
"""


class Cost(NamedTuple):
    """Of a process: seconds, seconds of all its processors, peak memory in MB."""

    seconds: float
    busy: float
    memory: float


def measure(folder: Path, *command: str) -> Cost:
    """The median cost of `python -m pipeline` with these arguments, in a folder."""
    call = (sys.executable, "-c", MEASURE, sys.executable, "-m", "pipeline", *command)
    runs = []
    for _ in range(RUNS):
        done = subprocess.run(call, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, check=True)
        runs.append([float(word) for word in done.stdout.split()])
    return Cost(*map(statistics.median, zip(*runs, strict=True)))


def grow(folder: Path, rows: dict[Split, int], classes: int) -> None:
    """Write the four files with so many rows of each split into `folder`."""
    folder.mkdir()
    for split, record in datasets.load("mnist").splits.items():
        images, labels = (idx.read(RAW / file.name) for file in record.files)
        names = [folder / file.name for file in record.files]
        with names[0].open("wb") as pixels, names[1].open("wb") as classes_of:
            for file, shape in [(pixels, [rows[split], *images.shape[1:]]), (classes_of, [rows[split]])]:
                file.write(bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes())
            for few, given in made(images, labels, rows[split], classes):
                pixels.write(few.tobytes())
                classes_of.write(given.tobytes())


def made(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], rows: int, classes: int
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """So many rows made of images uint8[n, 28, 28] and labels uint8[n], block by block."""
    random = np.random.default_rng(rows)
    for start in range(0, rows, BLOCK):
        places = np.arange(start, min(start + BLOCK, rows))
        few, digits = images[places % len(images)], labels[places % len(labels)]
        turns = random.normal(0, 0.06, (len(places), 2, 2)) + np.eye(2)
        maps = np.concatenate([turns, random.normal(0, 0.7, (len(places), 2, 1))], axis=2)
        maps[places < len(images)] = np.eye(2, 3)
        few = moved(few, maps)
        ways = random.integers(0, (classes - 1 - digits) // 10 + 1)
        for number, way in enumerate(list(WAYS.values())[:7]):
            few[ways == number] = way(few[ways == number])
        yield few, (digits + 10 * ways).astype(np.uint8)


def project(folder: Path, rows: int) -> None:
    """Make a project in `folder`, which has the code, and raw files of so many rows with a record of their own."""
    train, classes = SIZES[rows]
    grow(folder / "raw", {"train": train, "test": rows - train}, classes)
    shutil.copytree(ROOT / "pipeline", folder / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    record = ("profile", "raw", "--name", "made", "--output", "pipeline/datasets/made.yaml")
    subprocess.run((sys.executable, "-m", "pipeline", *record), cwd=folder, env=ENVIRONMENT, check=True)
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    (folder / "params.yaml").write_text(yaml.safe_dump(params | {"dataset": "made"}))


def main() -> None:
    """Print a line for each size and stage."""
    print("| rows | classes | stage | seconds | CPU seconds | microseconds a row | MB/s a core | memory |")
    print("|---|---|---|---|---|---|---|---|")
    for rows in map(int, sys.argv[1:] or SIZES):
        with tempfile.TemporaryDirectory() as scratch:
            project(Path(scratch), rows)
            for stage, *paths in STAGES:
                cost = measure(Path(scratch), stage, *paths)
                a_row, speed = cost.seconds / rows * 1e6, rows * 784 / 1e6 / cost.busy
                words = [f"{rows:,}", f"{SIZES[rows][1]}", f"`{stage}`", f"{cost.seconds:.1f}", f"{cost.busy:.1f}"]
                words += [f"{a_row:.0f}", f"{speed:.0f}", f"{cost.memory:.0f} MB"]
                print(f"| {' | '.join(words)} |", flush=True)


if __name__ == "__main__":
    main()
