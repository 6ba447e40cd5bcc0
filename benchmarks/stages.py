"""The time, memory and size of single stages and commands on this machine.

    python -m benchmarks.stages

It needs data/raw and data/parquet (`make repro`). Each figure is the median of five runs, after one run that does
not count. Processes are timed from outside. Memory is the peak that the operating system gives for the process.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import pipeline
from pipeline.base import records
from pipeline.base.outputs import Outputs
from pipeline.estimators.gradients import GradientHistograms
from pipeline.rows import convert, idx, parquet

ROOT = Path(__file__).parent.parent
RAW = ROOT / "data/raw"
ENVIRONMENT = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
COPIES = """
stages:
  one: {cmd: cp a b, deps: [a], outs: [b]}
  two: {cmd: cp b c, deps: [b], outs: [c]}
  three: {cmd: cp c d, deps: [c], outs: [d]}
"""


def median(action: Callable[[], object], runs: int = 5) -> float:
    """The median seconds of an action."""
    action()
    seconds = []
    for _ in range(runs):
        begin = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


def process(*command: str, folder: Path = ROOT) -> Callable[[], object]:
    """An action that runs a whole process."""
    return lambda: subprocess.run(command, cwd=folder, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)


def write_parquet(folder: Path) -> None:
    """Do the work of the stage `convert` in this process."""
    dataset = records.load("mnist")
    with Outputs() as out:
        for split in dataset.splits:
            parquet.write(convert.rows(dataset, split, RAW), folder / f"{split}.parquet", out)


def first_load(before: str) -> float:
    """The seconds of the first `pipeline.load` in a process that has imported only `before`, or nothing."""
    code = "import time; begin = time.perf_counter(); import pipeline; pipeline.load('train')"
    code = f"{before and f'import {before}; '}{code}; print(time.perf_counter() - begin)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


def peak_memory(*command: str) -> float:
    """The peak memory of a process in MB, from a new parent that has no other child."""
    code = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)"
    code += "; print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    done = subprocess.run(
        [sys.executable, "-c", code, *command],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout) * 1024 / 1e6


def main() -> None:
    """Print one line for each figure."""
    stage = (sys.executable, "-m", "pipeline")
    with tempfile.TemporaryDirectory() as scratch:
        folder, copies = Path(scratch) / "parquet", Path(scratch) / "copies"
        print(f"inspect, whole process: {median(process(*stage, 'inspect')):.2f} s")
        print(f"convert, in process: {median(lambda: write_parquet(folder)):.2f} s")
        memory = peak_memory(*stage, "convert", "--parquet", str(folder))
        print(f"convert, peak memory of the process: {memory:.0f} MB")
        print(f"load of train: {median(lambda: pipeline.load('train', ROOT / 'data/parquet'), 15):.3f} s")
        for before in ("", "numpy"):
            seconds = statistics.median(first_load(before) for _ in range(15))
            print(f"first load of train in a process, with all imports except {before or 'none'}: {seconds:.3f} s")
        print(f"Parquet: {sum(path.stat().st_size for path in folder.iterdir()) / 1e6:.2f} MB both files")
        images = np.concatenate([idx.read(RAW / f"{name}-images-idx3-ubyte") for name in ("train", "t10k")])
        pixels = images.reshape(len(images), -1)
        seconds = median(lambda: GradientHistograms().fit_transform(pixels), 3)
        print(f"gradient features of {len(pixels):,} images: {seconds:.2f} s")
        copies.mkdir()
        (copies / "dvc.yaml").write_text(COPIES)
        (copies / "a").write_text("a")
        shutil.copytree(ROOT / ".dvc", copies / ".dvc", ignore=shutil.ignore_patterns("cache", "tmp"))
        subprocess.run(["git", "init", "--quiet"], cwd=copies, check=True)
        theirs = median(process("dvc", "repro", folder=copies))
        ours = median(process("dvc", "repro"))
    print(f"dvc repro with nothing to do: {ours:.2f} s, {ours / theirs:.2f} times three copies' ({theirs:.2f} s)")
    for command, other in [(["verify", "--lock"], ["status"]), (["compare", "HEAD"], ["metrics", "diff"])]:
        ours, theirs = median(process(*stage, *command)), median(process("dvc", *other))
        ratio = f"{ours / theirs:.2f} times `dvc {' '.join(other)}` ({theirs:.2f} s)"
        print(f"{' '.join(command)}: {ours:.2f} s, {ratio}")


if __name__ == "__main__":
    main()
