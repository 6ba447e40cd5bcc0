"""Coverage-guided fuzzing of the readers: `python tests/fuzz_idx.py -atheris_runs=300000 [CORPUS]`.

The first byte of an input chooses a file of the tiny dataset, and whether it is packed. The rest is its content.
"""

import gzip
import sys
import tempfile
from pathlib import Path

import atheris
import numpy as np

with atheris.instrument_imports(include=["pipeline.rows.idx", "pipeline.rows.inspect"]):
    from pipeline.rows import idx, inspect
from conftest import write_tiny
from damage import CLAIMS

from pipeline.base.dataset import Dataset
from pipeline.base.structs import convert

FOLDER = Path(tempfile.mkdtemp())
TINY = convert(write_tiny(FOLDER), Dataset, FOLDER)
CLEAN = {file.name: (FOLDER / file.name).read_bytes() for file in TINY.files}


def run(data: bytes) -> None:
    """Read one input: the same bytes come back, or an IdxError and a finding say why not."""
    kind, content = data[0] if data else 0, data[1:]
    file = TINY.files[kind % 4]
    source = path = FOLDER / file.name
    try:
        if kind & 4:
            source = FOLDER / "packed.gz"
            source.write_bytes(content if kind & 8 else gzip.compress(content, 1))
            idx.unpack(source, path)
            content = path.read_bytes()
        else:
            path.write_bytes(content)
        for array in (idx.read(path), idx.read(source), np.concatenate(list(idx.blocks(source, 50)))):
            if idx.encode(array) != content:
                raise AssertionError("the array differs from the bytes of the file")
    except idx.IdxError:
        pass
    found = inspect.raw_files(TINY, FOLDER).findings
    if bool(found) != (path.read_bytes() != CLEAN[file.name]):
        raise AssertionError(f"findings: {found}")
    path.write_bytes(CLEAN[file.name])


def main() -> None:
    """Start the fuzzing from the clean files and from headers that claim too much."""
    corpus = Path(tempfile.mkdtemp())
    for place, content in enumerate([*CLEAN.values(), *CLAIMS]):
        for kind in (place % 4, place % 4 + 4):
            (corpus / f"{place}-{kind}").write_bytes(bytes([kind]) + content)
    atheris.Setup([*sys.argv, str(corpus)], run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
