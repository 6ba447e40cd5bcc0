"""The writers of the tiny dataset: two files of extended labels, their section of the record, and the stages."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from conftest import NAMES, write_tiny
from numpy.typing import NDArray

from pipeline.__main__ import main
from pipeline.base import records
from pipeline.rows import idx

WRITERS = {"train": np.arange(100, 130), "test": np.arange(200, 212)}


def file_name(split: str) -> str:
    return f"who-{split}-idx2-int"


def extended(raw: Path, split: str) -> NDArray[np.int32]:
    """int32[n + 5, 8]: the rows of a writer together, half of the writers in series 4, then 5 more rows."""
    labels, writers = idx.read(raw / f"{NAMES[split]}-labels-idx1-ubyte"), WRITERS[split]
    result = np.zeros((len(labels) + 5, 8), np.int32)
    result[: len(labels), 0] = labels
    result[: len(labels), 2] = np.repeat(writers, len(labels) // len(writers))
    result[:, 1] = np.where(result[:, 2] < writers[len(writers) // 2], 4, 0)
    return result


def write(raw: Path) -> dict[str, Any]:
    """Write both files beside the raw files; return the section `provenance` of the record."""
    section: dict[str, Any] = {"licence": "Zlib", "citation": "W. Hand", "mirrors": [f"{raw}/{{name}}"]}
    for split, writers in WRITERS.items():
        array = extended(raw, split)
        content, half = idx.encode(array), (len(array) - 5) // 2
        (raw / file_name(split)).write_bytes(content)
        file = {"name": file_name(split), "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        section[split] = {"file": file, "writers": len(writers), "hsf": {0: half, 4: half}}
    return section


def record(raw: Path) -> dict[str, Any]:
    """Write all six files; return the record as plain values, for YAML."""
    plain: dict[str, Any] = json.loads(json.dumps(write_tiny(raw)))
    return plain | {"provenance": write(raw)}


def stages(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """A function that runs a stage on the tiny dataset in `folder`, which becomes the current folder."""
    (folder / "tiny.yaml").write_text(yaml.safe_dump(record(folder / "mirror")))
    monkeypatch.setattr(records, "FOLDER", folder)
    monkeypatch.chdir(folder)

    def run(stage: str, provenance: bool = True, by: str | None = None) -> int:
        train = {"method": "logistic_regression", "validation": {"rows": 60, "seed": 0, "by": by}}
        content = {"dataset": "tiny", "provenance": provenance, "gate": {}, "train": train}
        Path("params.yaml").write_text(yaml.safe_dump(content))
        return main([stage, *(["--source", "mirror"] if stage == "download" else [])])

    return run
