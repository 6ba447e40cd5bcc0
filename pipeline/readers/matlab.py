"""MATLAB files as EMNIST publishes them: a struct `dataset` with train and test, each with images and labels."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.base.dataset import Dataset, Split
from pipeline.base.errors import ConfigError, DataError, UnavailableError, listed
from pipeline.readers.form import Block, Form, Shape, flat_shape, in_blocks, relative

HEADER, COMPRESSED, CHUNK = 128, 15, 1 << 20
# What scipy raises for a file that is damaged, or of another version.
FAULTS = (ValueError, TypeError, KeyError, NotImplementedError, zlib.error, struct.error, OSError)
MOST = 4 << 30  # bytes that a file may unpack to: scipy holds all of them


def read(root: Path, files: list[Path], dataset: Dataset) -> Form:
    """The two splits of a file. scipy reads the whole file into memory. Raises ConfigError for several files."""
    if len(files) > 1:
        names = listed(relative(root, path) for path in files)
        raise ConfigError(f"{root}: expected one .mat file, found {names}; name the file that is meant")
    [path] = files
    content = _load(path)
    splits: dict[Split, Iterator[Block]] = {}
    for split in dataset.splits:
        match content:
            case {"dataset": {**parts}} if isinstance(part := parts.get(split), dict):
                splits[split] = _blocks(path, split, part, flat_shape(dataset))
    if not splits:
        found = ", ".join(name for name in content if not name.startswith("__")) or "nothing"
        raise DataError(
            f"{path}: expected a struct `dataset` with train and test, as EMNIST has it, found {found}"
        )
    return Form("MATLAB", splits, upright=False)


def _blocks(path: Path, split: str, part: dict[str, Any], shape: Shape | None) -> Iterator[Block]:
    where = f"{path}: dataset.{split}"
    if not {"images", "labels"} <= part.keys():
        raise DataError(f"{where}: expected images and labels, found {', '.join(sorted(part)) or 'nothing'}")
    images, labels = (np.asarray(part[name]) for name in ("images", "labels"))
    yield from in_blocks(images, labels, shape, where)


def _load(path: Path) -> dict[str, Any]:
    import scipy.io
    from scipy.io.matlab import MatReadError

    _require_bounded(path)
    try:
        content: dict[str, Any] = scipy.io.loadmat(
            path, simplify_cells=True, verify_compressed_data_integrity=True
        )
    except (MatReadError, *FAULTS) as error:
        if getattr(error, "errno", None):
            raise
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: expected a MATLAB file of version 5, found: {reason}") from None
    return content


def _require_bounded(path: Path) -> None:
    """Raise UnavailableError if the compressed parts of a MATLAB file unpack to more than MOST bytes."""
    total = path.stat().st_size
    with path.open("rb") as file:
        order = ">" if file.read(HEADER)[-2:] == b"MI" else "<"
        while len(tag := file.read(8)) == 8:
            kind, size = struct.unpack(f"{order}II", tag)
            if kind != COMPRESSED:
                file.seek(size, 1)
                continue
            unpacker = zlib.decompressobj()
            left = size
            while left and (chunk := file.read(min(CHUNK, left))):
                left -= len(chunk)
                while chunk:
                    try:
                        total += len(unpacker.decompress(chunk, CHUNK))
                    except zlib.error as error:
                        raise DataError(f"{path}: expected a whole MATLAB file, found: {error}") from None
                    chunk = unpacker.unconsumed_tail
                    if total > MOST:
                        raise UnavailableError(
                            f"{path}: unpacks to more than {MOST >> 30} GiB; give the IDX files"
                        )
