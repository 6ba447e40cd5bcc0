"""Draw docs/deformed.png: rows of train, each beside deformed copies of it.

    python -m scripts.deformed_picture

It needs data/parquet (`make repro`).
"""

from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.deformed import images
from pipeline.rows import arrow, parquet

ROWS, COPIES = 12, 15


def main() -> None:
    """Write the picture."""
    digits, _ = arrow.to_arrays(parquet.read(Path("data/parquet/train.parquet")))
    lines = []
    for row in range(ROWS):
        words = [
            images.draw(0, range(n, n + 1), (28, 28)) for n in range(row, row + COPIES * len(digits), len(digits))
        ]
        copies = images.deform(np.repeat(digits[row : row + 1], COPIES, axis=0), np.concatenate(words))
        lines.append(np.concatenate([digits[row], *copies], axis=1))
    Image.fromarray(255 - np.concatenate(lines)).save("docs/deformed.png", optimize=True)


if __name__ == "__main__":
    main()
