"""The IDX format: a magic number (two zero bytes, a type code, the rank), big-endian sizes, then the values.

Source: the page of the MNIST database, "The IDX file format".
"""

import gzip
import math
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError

DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
CODES = {np.dtype(name): code for code, name in DTYPES.items()}
MAX_RANK = 32
MOST_UNPACKED = 200  # times the packed length: images come to 5, a file of nothing but zeros to 1,000


class IdxError(DataError):
    """Bytes that are not IDX, or not all of it."""

    def __init__(self, path: Path, check: str, expected: str, found: str) -> None:
        super().__init__(f"{path}: {check}: expected {expected}, found {found}")
        self.path, self.check, self.expected, self.found = path, check, expected, found


class Header(NamedTuple):
    """What the first bytes say: the values' type (big-endian), the sizes, and where the values begin."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int

    @property
    def file_bytes(self) -> int:
        """The exact length of a file with this header."""
        return self.offset + math.prod(self.shape) * self.dtype.itemsize

    def __str__(self) -> str:
        return f"{' x '.join(f'{size:,}' for size in self.shape)} of {self.dtype.newbyteorder('=').name}"


def read_header(path: Path) -> Header:
    """The header of an IDX file; IdxError where there is none."""
    with path.open("rb") as file:
        start = file.read(4 + 4 * MAX_RANK)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in DTYPES:
        magic = "0x" + start[:4].hex() if start else "an empty file"
        raise IdxError(path, "magic", "0x0000, a type code (08 09 0b 0c 0d 0e) and the rank", magic)
    rank = start[3]
    if not 1 <= rank <= MAX_RANK:
        raise IdxError(path, "rank", f"1 to {MAX_RANK}", str(rank))
    offset = 4 + 4 * rank
    if len(start) < offset:
        raise IdxError(path, "header", f"{offset} bytes for rank {rank}", f"{len(start)} bytes")
    shape = tuple(int(size) for size in np.frombuffer(start, ">u4", rank, 4))
    return Header(np.dtype(DTYPES[start[2]]), shape, offset)


def read(path: Path) -> NDArray[Any]:
    """The array in an IDX file, of any type and rank, mapped and not copied; IdxError where it is not whole."""
    header = read_header(path)
    size = path.stat().st_size
    if size != header.file_bytes:
        raise IdxError(path, "length", f"{header.file_bytes:,} bytes ({header})", f"{size:,} bytes")
    try:
        with np.errstate(over="ignore"):  # NumPy multiplies the sizes, however large, before it comes to the 0
            return np.memmap(path, header.dtype, "r", header.offset, header.shape)
    except ValueError as error:  # sizes beside a 0 that no array can have
        raise IdxError(path, "sizes", "an array that NumPy can hold", f"{header}: {error}") from None


def unpack(packed: Path, path: Path) -> None:
    """Write the gzipped IDX file `packed` plain to `path`, no more of it than its header asks for and one byte.

    Raises IdxError where it is no whole gzip file, or one made to fill the disk.
    """
    limit = MOST_UNPACKED * packed.stat().st_size + (1 << 16)
    try:
        with gzip.open(packed) as source, path.open("wb") as target:
            target.write(source.read(4 + 4 * MAX_RANK))
            target.flush()
            left = read_header(path).file_bytes + 1 - target.tell()
            if left > limit:
                found = f"{packed.stat().st_size:,} bytes packed for {left:,}"
                raise IdxError(packed, "gzip", f"at most {MOST_UNPACKED} times the packed length", found)
            while left > 0 and (chunk := source.read(min(left, 1 << 20))):
                left -= target.write(chunk)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise IdxError(packed, "gzip", "whole gzip data", f"it cut or damaged: {error}") from None


def encode(array: NDArray[Any]) -> bytes:
    """The IDX file of an array."""
    big = np.asarray(array).astype(np.asarray(array).dtype.newbyteorder(">"), copy=False)
    if big.dtype not in CODES:
        raise ValueError(f"IDX has no type for {array.dtype}")
    sizes = np.array(big.shape, ">u4").tobytes()
    return bytes([0, 0, CODES[big.dtype], big.ndim]) + sizes + big.tobytes()
