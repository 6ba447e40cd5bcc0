"""How fast deformed copies are made: written as Parquet, and beside the elastic transform of albumentations.

    python -m benchmarks.generate [--rows 400000] [--runs 3] [--other PYTHON]

It needs data/parquet (`make repro`). The first figure is of the whole command `generate`. The others are of one
thread in memory. Ours turns, slants, scales, shifts and bends digits, and makes strokes thicker or thinner; the
other one only bends them, one image after the other, because each is to get its own field. PYTHON is an
interpreter with it, for it is no part of this project: `pip install albumentations==2.0.8`. The runs are in turn;
the figures are medians.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import pipeline
from benchmarks.scale import MEASURE, Cost
from benchmarks.stages import ENVIRONMENT, ROOT

IMAGES = 10_000
# What each runs: it takes digits uint8[n, 28, 28].
OURS = """
from pipeline.deformed import images
def change(digits):
    images.deform(digits, images.draw(0, range(len(digits)), (28, 28)))
"""
OTHER = """
import albumentations, cv2
cv2.setNumThreads(1)
transform = albumentations.ElasticTransform(alpha=30, sigma=4, p=1)
def change(digits):
    for digit in digits:
        transform(image=digit)
"""
TIMED = """
import sys, time
import numpy as np
digits = np.load(sys.argv[1])
change(digits[:100])
start = time.perf_counter()
change(digits)
print(time.perf_counter() - start)
"""


def seconds(python: str, program: str, digits: Path) -> float:
    """The seconds that a program takes for the digits in a file."""
    variables = ENVIRONMENT | {"OPENBLAS_NUM_THREADS": "1", "NO_ALBUMENTATIONS_UPDATE": "1"}
    command = [python, "-c", program + TIMED, str(digits)]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return float(done.stdout)


def command(rows: int) -> Cost:
    """The cost of `generate` for so many rows."""
    with tempfile.TemporaryDirectory() as folder:
        own = ("-m", "pipeline", "generate", "--rows", f"0:{rows}", "--generated", folder)
        call = (sys.executable, "-c", MEASURE, sys.executable, *own)
        done = subprocess.run(call, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    return Cost(*map(float, done.stdout.split()))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--other", metavar="PYTHON")
    args = parser.parse_args()
    costs: list[Cost] = []
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "digits.npy"
        np.save(file, pipeline.load("train")[0][:IMAGES])
        for _ in range(args.runs):
            costs.append(command(args.rows))
            found.setdefault("ours", []).append(seconds(sys.executable, OURS, file))
            if args.other:
                found.setdefault("albumentations", []).append(seconds(args.other, OTHER, file))
    cost = Cost(*map(statistics.median, zip(*costs, strict=True)))
    print(
        f"{args.rows:,} rows as Parquet: {cost.seconds:.1f} s, {args.rows / cost.seconds:,.0f} digits a second, ",
        end="",
    )
    print(f"{cost.busy / args.rows * 1e6:.0f} processor microseconds a digit, {cost.memory:.0f} MB")
    print("| in memory, one thread | microseconds a digit | times ours |\n|---|--:|--:|")
    for name, times in found.items():
        ratio = statistics.median(own / ours for own, ours in zip(times, found["ours"], strict=True))
        print(f"| {name} | {statistics.median(times) / IMAGES * 1e6:.0f} | {ratio:.1f} |")


if __name__ == "__main__":
    main()
