"""Brings the raw files of a dataset into a folder.

Sources are tried in order. Decompression is bounded. A file must have exactly the right size and SHA-256: its own,
or those of the published .gz file if only they are known. So a wrong answer never reaches the folder.
"""

import contextlib
import gzip
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, cast

from pipeline.base import records
from pipeline.base.dataset import Dataset, Provenance, RawFile
from pipeline.base.errors import UnavailableError, listed
from pipeline.base.outputs import Outputs, naming, sha256, sweep
from pipeline.sources.failures import SourceError, explained, retrying, web_page
from pipeline.sources.redaction import without_secrets

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK = 1 << 20
FILES_AT_ONCE = 4

Progress = Callable[[int], object]


class Source(Protocol):
    """A place that raw files come from. `str` gives its name for messages."""

    def open(self, file: RawFile) -> contextlib.AbstractContextManager[IO[bytes]]:
        """A stream of the bytes of the file, gzipped or not. Raises SourceError."""
        ...


class Proven(io.RawIOBase):
    """A stream that raises SourceError unless it ends with the right size and SHA-256 (if one is given).

    At most one byte beyond the size is read. form: a word for messages that says what the bytes are.
    """

    def __init__(self, stream: IO[bytes], size: int, digest: str | None, form: str = "") -> None:
        self.stream, self.size, self.digest, self.form = stream, size, digest, form
        self.found, self.hash, self.head = 0, hashlib.sha256(), b""

    def readable(self) -> bool:
        """True, for a BufferedReader."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read into `buffer`; return the number of bytes."""
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
    """The uncompressed bytes of the file, in parts; SourceError, at the latest at the end, if one is wrong."""
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
            hint = "give the .gz, because only its hash is known"
            raise SourceError(f"expected {expected}, found a file that is not gzipped; {hint}")
        came = cast(IO[bytes], Proven(buffered, packed.bytes, packed.sha256, "a .gz of ") if packed else buffered)
        unpacked = cast(IO[bytes], gzip.GzipFile(fileobj=came) if gzipped else came)
        plain = Proven(unpacked, file.bytes, file.sha256)
        while chunk := plain.read(CHUNK):
            yield chunk


def fetch_file(source: Source, file: RawFile, path: Path, out: Outputs, progress: Progress) -> None:
    """Write `file` from `source` as the output `path`, or raise SourceError."""
    done = 0
    try:
        with naming(path), out.part(path).open("wb") as part:
            for chunk in chunks(source, file):
                part.write(chunk)
                done += len(chunk)
                progress(len(chunk))
    except SourceError:
        progress(-done)
        raise


def is_right(path: Path, file: RawFile) -> bool:
    """Whether the file is at `path` already."""
    # If only the hash of the .gz is known, nothing proves an unpacked file, so it is fetched again. DVC pins it.
    return (
        bool(file.sha256) and path.is_file() and path.stat().st_size == file.bytes and sha256(path) == file.sha256
    )


def fetch(
    dataset: Dataset | Provenance,
    sources: Sequence[Source],
    folder: Path,
    out: Outputs,
    progress: Progress,
    warn: Callable[[str], object],
) -> None:
    """Bring all raw files of `dataset` into `folder`, in parallel, from the first sources that give them.

    A file that replaces another is published with `out`. One that replaces none is published at once, so that a
    later run need not fetch it again. Raises UnavailableError, which lists every source with its reasons, if files
    are missing at the end.
    """
    for file in dataset.files:
        sweep(folder / file.name)
    missing = [file for file in dataset.files if not is_right(folder / file.name, file)]
    reasons: list[str] = []
    for source in sources:
        failed = _fetch_from(source, missing, folder, out, progress)
        for reason in dict.fromkeys(failed.values()):
            names = listed(file.name for file, own in failed.items() if own == reason)
            reasons.append(without_secrets(f"{source}: {names}: {reason}"))
            warn(reasons[-1])
        if not (missing := list(failed)):
            break
    if not missing:
        sweep(folder.absolute())  # what a source kept beside the folder, to continue its download
        return
    names = listed(file.name for file in missing)
    raise UnavailableError("\n  ".join([f"{folder}: no source gave {names}:", *reasons]))


def leave_only(dataset: Dataset, folder: Path, out: Outputs) -> None:
    """Delete, with `out`, the raw files of other datasets from the folder, because DVC hashes the whole folder.

    Those are the files, finished or not, that some record names but `dataset` does not. A user's own files stay.
    """
    right = {file.name for file in dataset.all_files}
    if {path.name for path in folder.iterdir()} == right:
        return  # so no record need be read
    for name in records.file_names() - right:
        sweep(folder / name)
        if (folder / name).is_file():
            out.remove(folder / name)


def _fetch_from(
    source: Source, files: list[RawFile], folder: Path, out: Outputs, progress: Progress
) -> dict[RawFile, str]:
    """Fetch the files in parallel; return why each of the others failed."""

    def attempt(file: RawFile) -> None:
        path = folder / file.name
        if path.exists():
            fetch_file(source, file, path, out, progress)
        else:
            with Outputs() as alone:
                fetch_file(source, file, path, alone, progress)

    def failure(file: RawFile) -> str | None:
        try:
            retrying(lambda: attempt(file))
        except SourceError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(FILES_AT_ONCE) as pool:
        return {file: reason for file, reason in zip(files, pool.map(failure, files), strict=True) if reason}
