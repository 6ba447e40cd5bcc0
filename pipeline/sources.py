"""A dataset's sources -> verified raw files in a folder.

Sources are tried in order. Each file is read through bounded decompression, proven by its exact size and SHA-256
(its own, or where that is not known those of the published .gz), and published by a rename: a wrong answer never
reaches the folder.
"""

import contextlib
import gzip
import hashlib
import io
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, cast

from pipeline import datasets
from pipeline.datasets import Dataset, Provenance, RawFile
from pipeline.errors import UnavailableError, listed
from pipeline.files import publishing, sha256, sweep
from pipeline.location import SourceError, explained, retrying, web_page

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK = 1 << 20
FILES_AT_ONCE = 4

Progress = Callable[[int], object]


class Source(Protocol):
    """Where raw files come from; its text is its name in messages."""

    def open(self, file: RawFile) -> contextlib.AbstractContextManager[IO[bytes]]:
        """A stream of the file's bytes, gzipped or not; raises SourceError."""
        ...


class Proven(io.RawIOBase):
    """A stream that ends only if it had the size and, where one is given, the SHA-256; else SourceError.

    Never more than one byte beyond the size is read of it.
    """

    def __init__(self, stream: IO[bytes], size: int, digest: str | None, form: str = "") -> None:
        self.stream, self.size, self.digest, self.form = stream, size, digest, form
        self.found, self.hash, self.head = 0, hashlib.sha256(), b""

    def readable(self) -> bool:
        """For a BufferedReader."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read what fits into `buffer`; return how many bytes that was."""
        view = memoryview(buffer)
        chunk = self.stream.read(min(len(view), self.size + 1 - self.found))
        view[: len(chunk)] = chunk
        self.found += len(chunk)
        self.head = self.head or chunk[:64]
        if self.digest:
            self.hash.update(chunk)
        right = self.found == self.size and self.digest in {None, self.hash.hexdigest()}
        if self.found > self.size or not (chunk or right):
            expected = f"{self.form}{self.size:,} bytes" + (f" with SHA-256 {self.digest}" if self.digest else "")
            raise SourceError(f"expected {expected}, found {self._what()}")
        return len(chunk)

    def _what(self) -> str:
        if page := web_page(self.head):
            return f"a web page that begins with {page}"
        if self.found > self.size:
            return f"more than {self.size:,} bytes"
        return f"{self.found:,} bytes" + (f" with SHA-256 {self.hash.hexdigest()}" if self.digest else "")


def chunks(source: Source, file: RawFile) -> Iterator[bytes]:
    """The file's uncompressed bytes, proven when they end; any failure is a SourceError."""
    packed = None if file.sha256 else file.packed
    with (
        explained(),
        source.open(file) as stream,
        io.BufferedReader(cast(io.RawIOBase, stream), CHUNK) as buffered,
    ):
        head = buffered.peek(64)[:64]
        gzipped = head[:2] == b"\x1f\x8b"
        if packed and not gzipped and not web_page(head):
            expected = f"{file.name}.gz of {packed.bytes:,} bytes with SHA-256 {packed.sha256}"
            raise SourceError(f"expected {expected}, found no gzip data: unpacked, nothing proves the file")
        came = cast(IO[bytes], Proven(buffered, packed.bytes, packed.sha256, "a .gz of ") if packed else buffered)
        unpacked = cast(IO[bytes], gzip.GzipFile(fileobj=came) if gzipped else came)
        plain = Proven(unpacked, file.bytes, file.sha256)
        while chunk := plain.read(CHUNK):
            yield chunk


def fetch_file(source: Source, file: RawFile, folder: Path, progress: Progress) -> None:
    """Publish `file` from `source` in `folder`, or raise SourceError and leave nothing behind."""
    done = 0
    try:
        with publishing(folder / file.name) as partial, partial.open("wb") as out:
            for chunk in chunks(source, file):
                out.write(chunk)
                done += len(chunk)
                progress(len(chunk))
    except SourceError:
        progress(-done)
        raise


def is_right(path: Path, file: RawFile) -> bool:
    """Whether `path` is the file already."""
    # Where only the .gz's hash is known, nothing proves the unpacked file: it is fetched again, and DVC pins it.
    return (
        bool(file.sha256) and path.is_file() and path.stat().st_size == file.bytes and sha256(path) == file.sha256
    )


def fetch(
    dataset: Dataset | Provenance,
    sources: Sequence[Source],
    folder: Path,
    progress: Progress,
    warn: Callable[[str], object],
) -> None:
    """Bring all raw files of `dataset` into `folder`, in parallel, from the first sources that give them.

    Raises UnavailableError, which lists every source with its reasons, where files are still missing at the end.
    """
    for file in dataset.files:
        sweep(folder / file.name)
    missing = [file for file in dataset.files if not is_right(folder / file.name, file)]
    reasons: list[str] = []
    for source in sources:
        failed = _fetch_from(source, missing, folder, progress)
        for reason in dict.fromkeys(failed.values()):
            names = listed(file.name for file, own in failed.items() if own == reason)
            reasons.append(without_secrets(f"{source}: {names}: {reason}"))
            warn(reasons[-1])
        if not (missing := list(failed)):
            break
    if not missing:
        sweep(folder.absolute())  # what a source kept beside the folder, to go on with
        return
    names = listed(file.name for file in missing)
    raise UnavailableError("\n  ".join([f"{folder}: no source gave {names}:", *reasons]))


def leave_only(dataset: Dataset, folder: Path) -> None:
    """Remove what another dataset, or this one with provenance, left: DVC hashes the whole folder.

    That is every file, finished or not, that some record names and `dataset` does not; a user's own files stay.
    """
    right = {file.name for file in dataset.all_files}
    if {path.name for path in folder.iterdir()} == right:
        return  # without reading every record
    for name in datasets.file_names() - right:
        sweep(folder / name)
        if (folder / name).is_file():
            (folder / name).unlink()


def without_secrets(text: str) -> str:
    """The text in one line, its addresses without user, password and query."""
    text = re.sub(r"://[^/\s]*@", "://", " ".join(text.split()))
    return re.sub(r"(://[^?\s]*)\?[^\s:]*", r"\1?...", text)


def _fetch_from(source: Source, files: list[RawFile], folder: Path, progress: Progress) -> dict[RawFile, str]:
    """Fetch the files in parallel; the reasons of those that failed."""

    def failure(file: RawFile) -> str | None:
        try:
            retrying(lambda: fetch_file(source, file, folder, progress))
        except SourceError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(FILES_AT_ONCE) as pool:
        return {file: reason for file, reason in zip(files, pool.map(failure, files), strict=True) if reason}
