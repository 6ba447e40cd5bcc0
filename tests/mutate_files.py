"""Changes of the bytes in a folder of four IDX files, each as `spoil(folder)`."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
from mutation import Spoil

from pipeline.rows import idx

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
OTHER_IMAGES, OTHER_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
PAGE = b"<!DOCTYPE html><html><body>404 Not Found</body></html>\n"


def rewritten(name: str, change: Callable[[bytes], bytes]) -> Spoil:
    """The bytes of a file, changed."""

    def spoil(folder: Path) -> None:
        (folder / name).write_bytes(change((folder / name).read_bytes()))

    return spoil


def removed(name: str) -> Spoil:
    """A file deleted."""
    return lambda folder: (folder / name).unlink()


def as_array(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Spoil:
    """A file that is written again from its changed array, of any type and rank."""

    def spoil(folder: Path) -> None:
        array = change(idx.read(folder / name))
        (folder / name).write_bytes(idx.encode(array))

    return spoil


def little_endian(name: str, rank: int) -> Spoil:
    """The sizes in the header, with the least significant byte first."""

    def change(content: bytes) -> bytes:
        end = 4 + 4 * rank
        return content[:4] + np.frombuffer(content[4:end], ">u4").astype("<u4").tobytes() + content[end:]

    return rewritten(name, change)


def packed_and_cut(name: str, kept: float) -> Spoil:
    """The file gzipped, and cut: this share of the bytes is kept."""

    def spoil(folder: Path) -> None:
        whole = gzip.compress((folder / name).read_bytes(), 1)
        (folder / f"{name}.gz").write_bytes(whole[: int(len(whole) * kept)])
        (folder / name).unlink()

    return spoil


def packed(folder: Path) -> None:
    """All files gzipped."""
    for path in list(folder.iterdir()):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), 1))
        path.unlink()


def swapped(one: str, other: str) -> Spoil:
    """Two files under each other's names."""

    def spoil(folder: Path) -> None:
        first, second = folder / one, folder / other
        first.rename(folder / "moved")
        second.rename(first)
        (folder / "moved").rename(second)

    return spoil
