"""The IDX format: a magic number (two zero bytes, a type code, the rank), big-endian sizes, then the values.

Source: the page of the MNIST database, "The IDX file format". A file whose name ends in .gz is a gzipped IDX file.
"""

import contextlib
import gzip
import io
import math
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.base.errors import DataError

DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
CODES = {np.dtype(name): code for code, name in DTYPES.items()}
MAX_RANK = 64  # NumPy's arrays have no more dimensions
CHUNK = 1 << 20


class IdxError(DataError):
    """Bytes that are not an IDX file, or not a whole one."""

    def __init__(self, path: Path, check: str, expected: str, found: str) -> None:
        super().__init__(f"{path}: {check}: expected {expected}, found {found}")
        self.path, self.check, self.expected, self.found = path, check, expected, found


class Header(NamedTuple):
    """The header of an IDX file: the type of its values, and the sizes."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def encoded(self) -> bytes:
        """The header as bytes. Raises ValueError if IDX has no such type or rank."""
        code = CODES.get(self.dtype.newbyteorder(">"))
        if code is None:
            raise ValueError(f"IDX has no type for {self.dtype}")
        if not 1 <= len(self.shape) <= MAX_RANK:
            raise ValueError(f"IDX has ranks of 1 to {MAX_RANK}, found {len(self.shape)}")
        return bytes([0, 0, code, len(self.shape)]) + np.array(self.shape, ">u4").tobytes()

    @property
    def offset(self) -> int:
        """The place of the first value, in bytes from the start of the file."""
        return 4 + 4 * len(self.shape)

    @property
    def file_bytes(self) -> int:
        """The exact length of a file with this header."""
        return self.offset + math.prod(self.shape) * self.dtype.itemsize

    def __str__(self) -> str:
        return f"{' x '.join(f'{size:,}' for size in self.shape)} of {self.dtype.newbyteorder('=').name}"


def read_header(path: Path) -> Header:
    """The header of an IDX file, its type big-endian. Raises IdxError if there is no header."""
    with _opened(path, _packed(path)) as (_, header):
        return header


def read(path: Path) -> NDArray[Any]:
    """The array in an IDX file, of any type and rank, big-endian. Raises IdxError if the file is not whole.

    A plain file is mapped, not copied. The values of a gzipped file are in memory.
    """
    if _packed(path):
        [array] = blocks(path, 1 << 32)  # more rows than any file has
        return array
    header = read_header(path)
    _require_length(path, header)
    with _sizes(path, header):
        return np.memmap(path, header.dtype, "r", header.offset, header.shape)


def blocks(path: Path, rows: int) -> Iterator[NDArray[Any]]:
    """The array in an IDX file, big-endian, in blocks of at most `rows` rows. A block is read when it is needed.

    The concatenation of the blocks is the array that `read` gives. An array without values is one block. Raises
    IdxError if the file is not whole: before the first block of a plain file, at the end of a gzipped file.
    """
    with _opened(path, _packed(path)) as (file, header):
        if not _packed(path):
            _require_length(path, header)
        size, *inner = header.shape
        step = rows if math.prod(header.shape) else size or 1
        for start in range(0, size or 1, step):
            yield _take(file, path, header, (min(step, size - start), *inner))
        if file.read(1):
            raise _wrong_length(path, header, "more")


def unpack(packed: Path, path: Path, most: int | None = None) -> None:
    """Unpack the gzipped IDX file `packed` to `path`: at most one byte more than its header says.

    most: how many bytes the plain file may have. Raises IdxError if the header says more, or if `packed` is not a
    whole gzip file.
    """
    with _opened(packed, True) as (source, header), path.open("wb") as target:
        if most is not None and header.file_bytes > most:
            raise IdxError(packed, "size", f"at most {most:,} bytes", f"{header.file_bytes:,} bytes ({header})")
        left = header.file_bytes + 1 - target.write(header.encoded)
        while left > 0 and (chunk := source.read(min(left, CHUNK))):
            left -= target.write(chunk)


def write(path: Path, header: Header, blocks: Iterable[NDArray[Any]], gzipped: bool = False) -> None:
    """Write blocks of rows, in order, as the IDX file with this header. Equal rows give equal bytes, gzipped too.

    Raises ValueError if IDX has no such array, or if the blocks are not the rows that the header describes.
    """
    with path.open("wb") as plain:
        packer = gzip.GzipFile("", "wb", 6, plain, mtime=0) if gzipped else contextlib.nullcontext(plain)
        with packer as file:
            _write(file, header, blocks)


class Growing:
    """An IDX file that is written in blocks of rows, if their number is known only at the end.

    Each block must have the type and the inner sizes of the first block. A file without a block is empty.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header: Header | None = None
        self._file = path.open("wb")

    def __enter__(self) -> "Growing":
        return self

    def append(self, block: NDArray[Any]) -> None:
        """Write the next rows. Raises IdxError for rows of another type or size."""
        found = Header(block.dtype, block.shape)
        if self.header is None:
            self.header = Header(block.dtype, (0, *block.shape[1:]))
            self._file.write(self.header.encoded)
        if (found.dtype, found.shape[1:]) != (self.header.dtype, self.header.shape[1:]):
            raise IdxError(self.path, "sizes", f"rows as in {self.header}", f"{found}")
        self._file.write(np.ascontiguousarray(block, block.dtype.newbyteorder(">")).data)
        self.header = Header(block.dtype, (self.header.shape[0] + len(block), *block.shape[1:]))

    def __exit__(self, *_: object) -> None:
        with self._file:
            if self.header:
                self._file.seek(0)
                self._file.write(self.header.encoded)


def encode(array: NDArray[Any]) -> bytes:
    """The content of the IDX file of an array. Raises ValueError if IDX has no such array."""
    file = io.BytesIO()
    _write(file, Header(array.dtype, array.shape), [array])
    return file.getvalue()


def _packed(path: Path) -> bool:
    return path.suffix == ".gz"


@contextlib.contextmanager
def _opened(path: Path, packed: bool) -> Iterator[tuple[io.BufferedIOBase, Header]]:
    """An open file, at its first value, and its header.

    Raises IdxError if there is no header, if gzip data are cut short or damaged, or if they unpack to far too many
    bytes.
    """
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            header = _header(file, path)
            yield file, header
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise IdxError(path, "gzip", "whole gzip data", f"a file that is cut short or damaged: {error}") from None


def _header(file: io.BufferedIOBase, path: Path) -> Header:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in DTYPES:
        found = "0x" + magic.hex() if magic else "an empty file"
        raise IdxError(path, "magic", "0x0000, a type code (08 09 0b 0c 0d 0e) and the rank", found)
    rank = magic[3]
    if not 1 <= rank <= MAX_RANK:
        raise IdxError(path, "rank", f"1 to {MAX_RANK}", str(rank))
    sizes = file.read(4 * rank)
    if len(sizes) < 4 * rank:
        raise IdxError(path, "header", f"{4 + 4 * rank} bytes for rank {rank}", f"{4 + len(sizes)} bytes")
    return Header(np.dtype(DTYPES[magic[2]]), tuple(np.frombuffer(sizes, ">u4").tolist()))


def _take(file: io.BufferedIOBase, path: Path, header: Header, shape: tuple[int, ...]) -> NDArray[Any]:
    """The next values of a file, as an array of this shape."""
    with _sizes(path, header):
        array = np.empty(shape, header.dtype)
    content = array.reshape(-1).view(np.uint8).data
    for start in range(0, len(content), CHUNK):  # in parts, because gzip holds a second copy of what it reads
        part = content[start : start + CHUNK]
        if file.readinto(part) < len(part):
            raise _wrong_length(path, header, "fewer")
    return array


@contextlib.contextmanager
def _sizes(path: Path, header: Header) -> Iterator[None]:
    """Raise IdxError for sizes that no array can have, or that do not fit into memory."""
    try:
        with np.errstate(over="ignore"):  # NumPy multiplies huge sizes before it sees the 0
            yield
    except (ValueError, MemoryError) as error:
        raise IdxError(path, "sizes", "an array that NumPy can hold", f"{header}: {error}") from None


def _require_length(path: Path, header: Header) -> None:
    if (size := path.stat().st_size) != header.file_bytes:
        raise _wrong_length(path, header, f"{size:,} bytes")


def _wrong_length(path: Path, header: Header, found: str) -> IdxError:
    return IdxError(path, "length", f"{header.file_bytes:,} bytes ({header})", found)


def _write(file: io.BufferedIOBase, header: Header, blocks: Iterable[NDArray[Any]]) -> None:
    """Write the header, then the values of the blocks."""
    file.write(header.encoded)
    rows = 0
    for block in blocks:
        if (block.dtype.newbyteorder("="), block.shape[1:]) != (header.dtype.newbyteorder("="), header.shape[1:]):
            raise ValueError(f"expected rows of {header}, found {Header(block.dtype, block.shape)}")
        rows += len(block)
        file.write(np.ascontiguousarray(block, block.dtype.newbyteorder(">")).data)
    if rows != header.shape[0]:
        raise ValueError(f"expected {header}, found {rows:,} rows")
