"""Damages that may happen to a file of a dataset, by name."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipeline.rows import idx

Damage = Callable[[Path, Generator], None]
HUGE = 2**32 - 1


def header(code: int, *sizes: int) -> bytes:
    """The first bytes of an IDX file that claims these sizes."""
    return bytes([0, 0, code, len(sizes)]) + b"".join(size.to_bytes(4, "big") for size in sizes)


def _flipped(first: int, last: int | None) -> Damage:
    def flip(path: Path, random: Generator) -> None:
        content = bytearray(path.read_bytes())
        for place in random.integers(first, min(last or len(content), len(content)), 3):
            content[place] ^= 1 << int(random.integers(8))
        path.write_bytes(content)

    return flip


def _cut(path: Path, random: Generator) -> None:
    path.write_bytes(path.read_bytes()[: random.integers(path.stat().st_size)])


def _extended(path: Path, random: Generator) -> None:
    path.write_bytes(path.read_bytes() + random.bytes(int(random.integers(1, 2000))))


def _exchanged(path: Path, random: Generator) -> None:
    others = [file for file in sorted(path.parent.iterdir()) if file.is_file()]
    other = others[random.integers(len(others))]
    content = other.read_bytes()
    other.write_bytes(path.read_bytes())
    path.write_bytes(content)


def _array(change: Callable[[NDArray[Any], Generator], NDArray[Any]]) -> Damage:
    def damage(path: Path, random: Generator) -> None:
        try:
            array = np.array(idx.read(path))
        except idx.IdxError:  # an earlier damage
            return
        path.write_bytes(idx.encode(change(array, random)))

    return damage


def _content(*contents: bytes) -> Damage:
    def damage(path: Path, random: Generator) -> None:
        path.write_bytes(contents[random.integers(len(contents))])

    return damage


def _packed(content: Callable[[bytes, Generator], bytes]) -> Damage:
    def damage(path: Path, random: Generator) -> None:
        packed = content(path.read_bytes(), random)
        path.unlink()
        path.with_name(f"{path.name}.gz").write_bytes(packed)

    return damage


def _replaced(make: Callable[[Path], None]) -> Damage:
    def damage(path: Path, _: Generator) -> None:
        path.unlink()
        make(path)

    return damage


# More bytes than the header claims: 640 MB of zeros in 600 kB.
BOMB = gzip.compress(header(8, 300, 28, 28)) + gzip.compress(bytes(1 << 24)) * 40
CLAIMS = [
    header(8, *[HUGE] * 4),
    header(8, *[HUGE] * 32),
    header(8, 0, *[HUGE] * 31),
    header(8, *[HUGE] * 31, 0),
    header(14, HUGE, 2**31, 0),
    header(8, HUGE, 28, 0),
    header(8, HUGE, 0),
    header(8, HUGE, 28, 28),
    header(8, 300, 0, 0),
]
DAMAGES: dict[str, Damage] = {
    "bits flipped in the header": _flipped(0, 16),
    "bits flipped in the body": _flipped(4, None),
    "cut": _cut,
    "extended": _extended,
    "exchanged": _exchanged,
    "empty": _content(b""),
    "a web page": _content(b"<!doctype html><title>Not Found</title>"),
    "a huge claim": _content(*CLAIMS),
    "no rows": _array(lambda array, _: array[:0]),
    "one row": _array(lambda array, _: array[:1]),
    "rows lost": _array(lambda array, random: array[: random.integers(len(array) + 1)]),
    "rows again and again": _array(lambda array, _: np.concatenate([array] * 3)),
    "all 0": _array(lambda array, _: array * 0),
    "all 255": _array(lambda array, _: np.full(array.shape, 255, np.uint8)),
    "all as the first": _array(lambda array, _: np.repeat(array[:1], len(array), axis=0)),
    "out of range": _array(lambda array, random: (array + random.integers(1, 255)).astype(np.uint8)),
    "noise": _array(lambda array, random: random.integers(0, 256, array.shape).astype(np.uint8)),
    "another type": _array(lambda array, random: array.astype(random.choice(["i1", "i2", "i4", "f4", "f8"]))),
    "another rank": _array(lambda array, random: array.reshape([(-1,), (1, -1), (-1, 1, 1)][random.integers(3)])),
    "other sizes": _array(lambda array, _: array[..., : array.shape[-1] // 2]),
    "transposed": _array(lambda array, _: array.T),
    "packed": _packed(lambda content, _: gzip.compress(content)),
    "packed and cut": _packed(lambda content, random: gzip.compress(content)[: random.integers(40)]),
    "packed and damaged": _packed(lambda content, random: gzip.compress(content)[:-8] + random.bytes(8)),
    "packed with a tail": _packed(lambda content, random: gzip.compress(content) + random.bytes(9)),
    "packed by name only": _packed(lambda _, random: random.bytes(99)),
    "packed bomb": _packed(lambda *_: BOMB),
    "packed claim": _packed(lambda _, random: gzip.compress(CLAIMS[random.integers(len(CLAIMS))])),
    "lost": _replaced(lambda path: None),
    "a folder": _replaced(Path.mkdir),
    "a link to nothing": _replaced(lambda path: path.symlink_to("nothing")),
    "a link to itself": _replaced(lambda path: path.symlink_to(path)),
}


def inflict(name: str, path: Path, seed: int) -> None:
    """Do the damage of this name to the file, if an earlier damage left a file there."""
    if path.is_file() and path.stat().st_size:
        DAMAGES[name](path, np.random.default_rng(seed))
