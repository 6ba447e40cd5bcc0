"""What `python -m pipeline check` costs, and how that grows with the number of rows.

    python -m benchmarks.check

It needs data/raw (`make repro`). 140,000 and 280,000 rows are the real ones and slightly rotated copies of them,
each size held to a record of its own from `profile`. Whole processes: median seconds of three, and peak memory.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.stages import RAW, median, peak_memory, process
from pipeline import datasets, idx

ANGLES = (0, 8, -8, 16)  # degrees, one for each copy


def grow(folder: Path, copies: int) -> None:
    """Write the real files with `copies` times their rows into `folder`."""
    for record in datasets.load("mnist").splits.values():
        images, labels = (np.asarray(idx.read(RAW / file.name)) for file in record.files)
        more = np.concatenate([rotated(images, angle) for angle in ANGLES[:copies]])
        (folder / record.images.name).write_bytes(idx.encode(more))
        (folder / record.labels.name).write_bytes(idx.encode(np.tile(labels, copies)))


def rotated(images: NDArray[np.uint8], angle: int) -> NDArray[np.uint8]:
    """Images uint8[n, side, side], turned by some degrees about their middle."""
    return images if angle == 0 else ndimage.rotate(images, angle, (1, 2), reshape=False, order=1)


def main() -> None:
    """Print a line a size."""
    command = (sys.executable, "-m", "pipeline")
    print(f"{'rows':>8}  {'seconds':>7}  {'MB':>5}")
    for copies in (1, 2, 4):
        with tempfile.TemporaryDirectory() as scratch:
            folder, record = Path(scratch) / "raw", str(Path(scratch) / "record.yaml")
            folder.mkdir()
            grow(folder, copies)
            process(*command, "profile", str(folder), "--output", record)()
            check = (*command, "check", str(folder), "--dataset", record)
            print(
                f"{70_000 * copies:>8,}  {median(process(*check), 3):>7.1f}  {peak_memory(*check):>5.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
