"""Who wrote the tiny dataset's images: two files of extended labels, and the section of the record about them."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from conftest import NAMES
from numpy.typing import NDArray

from pipeline import idx

WRITERS = {"train": np.arange(100, 130), "test": np.arange(200, 212)}


def file_name(split: str) -> str:
    return f"who-{split}-idx2-int"


def extended(raw: Path, split: str) -> NDArray[np.int32]:
    """int32[n + 5, 8]: each writer's rows together, the first half of them of series 4; then 5 rows more."""
    labels, writers = idx.read(raw / f"{NAMES[split]}-labels-idx1-ubyte"), WRITERS[split]
    result = np.zeros((len(labels) + 5, 8), np.int32)
    result[: len(labels), 0] = labels
    result[: len(labels), 2] = np.repeat(writers, len(labels) // len(writers))
    result[:, 1] = np.where(result[:, 2] < writers[len(writers) // 2], 4, 0)
    return result


def write(raw: Path) -> dict[str, Any]:
    """Write both files beside the raw ones; return the section `provenance` of the record."""
    section: dict[str, Any] = {"licence": "Zlib", "citation": "W. Hand", "mirrors": [f"{raw}/{{name}}"]}
    for split, writers in WRITERS.items():
        array = extended(raw, split)
        content, half = idx.encode(array), (len(array) - 5) // 2
        (raw / file_name(split)).write_bytes(content)
        file = {"name": file_name(split), "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        section[split] = {"file": file, "writers": len(writers), "hsf": {0: half, 4: half}}
    return section
