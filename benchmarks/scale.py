"""The cost of the stages `convert` and `gate`, and how it grows with the number of rows.

    python -m benchmarks.scale [ROWS ...]

It needs data/raw (`make repro`). The first rows are MNIST's own. Each later row is one of these, turned, scaled,
sheared and moved a little, by its own amount. EMNIST's ByClass has 62 classes; here each of them is a digit that
lies in one of up to seven ways. Each size has its own record from `profile`, with all thresholds, and passes its
gates. The figures are of whole processes, median of three. MB/s are raw pixels by processor seconds: of one core.
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
from pipeline.base import records
from pipeline.base.dataset import Split
from pipeline.features.images import moved
from pipeline.gates.evidence.changes import ways
from pipeline.rows import idx

# Number of rows -> number of rows of train, number of classes.
SIZES = {70_000: (60_000, 10), 280_000: (240_000, 10), 814_255: (697_932, 62)}
STAGES = [["convert", "--raw", "raw", "--parquet", "parquet"], ["gate", "--parquet", "parquet"]]
RUNS, BLOCK = 3, 10_000
# Runs a command; prints its seconds, its processor seconds and its peak memory in MB.
MEASURE = """
import os, subprocess, sys, time
begin = time.perf_counter()
_, code, used = os.wait4(subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL).pid, 0)
print(time.perf_counter() - begin, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6)
sys.exit(os.waitstatus_to_exitcode(code))
"""


class Cost(NamedTuple):
    """The cost of a process: seconds, processor seconds, peak memory in MB."""

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
    """Write the four files into `folder`. rows: the number of rows of each split."""
    folder.mkdir()
    for split, record in records.load("mnist").splits.items():
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
    """Blocks of images and labels, `rows` rows in all, made of images uint8[n, 28, 28] and labels uint8[n]."""
    random = np.random.default_rng(rows)
    for start in range(0, rows, BLOCK):
        places = np.arange(start, min(start + BLOCK, rows))
        few, digits = images[places % len(images)], labels[places % len(labels)]
        turns = random.normal(0, 0.06, (len(places), 2, 2)) + np.eye(2)
        maps = np.concatenate([turns, random.normal(0, 0.7, (len(places), 2, 1))], axis=2)
        maps[places < len(images)] = np.eye(2, 3)
        few = moved(few, maps)
        turn = random.integers(0, (classes - 1 - digits) // 10 + 1)
        for number, way in enumerate(list(ways((28, 28)).values())[:7]):
            few[turn == number] = way(few[turn == number])
        yield few, (digits + 10 * turn).astype(np.uint8)


def project(folder: Path, rows: int) -> None:
    """Make a project in `folder`: the code, raw files of `rows` rows, and their record."""
    train, classes = SIZES[rows]
    grow(folder / "raw", {"train": train, "test": rows - train}, classes)
    shutil.copytree(ROOT / "pipeline", folder / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    record = ("profile", "raw", "--name", "made", "--output", "pipeline/datasets/made.yaml")
    subprocess.run((sys.executable, "-m", "pipeline", *record), cwd=folder, env=ENVIRONMENT, check=True)
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    (folder / "params.yaml").write_text(yaml.safe_dump(params | {"dataset": "made"}))


def main() -> None:
    """Print one line for each size and stage."""
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
