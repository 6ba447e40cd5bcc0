"""A dataset's sources -> verified raw files in a folder.

Sources are tried in order. Each file is read through bounded decompression, checked against its exact size and
SHA-256, and published by a rename: a wrong answer never reaches the folder.
"""

import contextlib
import gzip
import hashlib
import io
import re
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Protocol, TypeVar, cast

from pipeline.datasets import Dataset, RawFile
from pipeline.errors import UnavailableError, listed
from pipeline.files import publishing, sha256, sweep

CHUNK = 1 << 20
CONNECT_SECONDS = 3.0  # name look-up, every address and TLS together; not retried, the next source is at hand
READ_SECONDS = 15.0
ATTEMPTS = 3
FILES_AT_ONCE = 4
BACK_OFF_SECONDS = 0.5
PASSING_STATUS = {408, 425, 429, 500, 502, 503, 504}

S3_OPTIONS = {  # s3fs by itself tries for half a minute where nobody answers
    "config_kwargs": {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
        "retries": {"total_max_attempts": 1},
    }
}

Progress = Callable[[int], object]
T = TypeVar("T")


class SourceError(Exception):
    """A source did not give a file; `passing` where another attempt may."""

    def __init__(self, reason: str, passing: bool = False) -> None:
        super().__init__(reason)
        self.passing = passing


class Source(Protocol):
    """Where raw files come from; its text is its name in messages."""

    def open(self, file: RawFile) -> contextlib.AbstractContextManager[IO[bytes]]:
        """A stream of the file's bytes, gzipped or not; raises SourceError."""
        ...


class Location:
    """A folder or URL of any scheme that fsspec opens, as a template with {name} or a folder of the files."""

    def __init__(self, template: str) -> None:
        self.template = template

    def __str__(self) -> str:
        return self.template

    def candidates(self, name: str) -> list[str]:
        """The addresses under which a raw file may stand, gzipped or not."""
        if "{name}" in self.template:
            return [self.template.replace("{name}", name)]
        return [f"{self.template.rstrip('/')}/{name}{ending}" for ending in ("", ".gz")]

    @contextlib.contextmanager
    def open(self, file: RawFile) -> Iterator[IO[bytes]]:
        """The first candidate that exists."""
        candidates = self.candidates(file.name)
        for url in candidates:
            try:
                stream = _open_url(url, file.bytes)
            except FileNotFoundError:
                continue
            with stream:
                yield stream
            return
        raise SourceError(f"expected {' or '.join(candidates)}, found none")


def _open_url(url: str, size: int) -> IO[bytes]:
    from fsspec.core import url_to_fs

    if not url.startswith(("http://", "https://")):
        fs, path = url_to_fs(url, **(S3_OPTIONS if url.startswith("s3://") else {}))
        return cast(IO[bytes], fs.open(path, "rb"))
    import aiohttp

    client = {
        "timeout": aiohttp.ClientTimeout(connect=CONNECT_SECONDS, sock_read=READ_SECONDS),
        "trust_env": True,  # the proxies that the environment names
        "auto_decompress": False,  # decompression is bounded here
        "headers": {"Accept-Encoding": "identity", "User-Agent": "mnist-pipeline"},
    }
    fs, path = url_to_fs(url, client_kwargs=client)
    # A known size saves fsspec's HEAD, block_size=0 makes it one streamed GET.
    return cast(IO[bytes], fs.open(path, "rb", block_size=0, size=size))


def chunks(source: Source, file: RawFile) -> Iterator[bytes]:
    """The file's uncompressed bytes, never more than one byte beyond its size; any failure is a SourceError."""
    left = file.bytes + 1
    try:
        with source.open(file) as stream, io.BufferedReader(cast(io.RawIOBase, stream), CHUNK) as buffered:
            packed = buffered.peek(2)[:2] == b"\x1f\x8b"
            plain = gzip.GzipFile(fileobj=buffered) if packed else buffered
            while left and (chunk := plain.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk
    except SourceError:
        raise
    except Exception as error:  # noqa: BLE001  (whatever a backend of fsspec raises, the next source is tried)
        raise _explain(error) from None


def _explain(error: Exception) -> SourceError:
    """What happened at a source, in words, and whether another attempt may pass."""
    import aiohttp

    connecting = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
    if isinstance(error, aiohttp.ClientResponseError):
        found = f"HTTP status {error.status} {error.message}".rstrip()
        return SourceError(f"expected the file, found {found}", error.status in PASSING_STATUS)
    if isinstance(error, connecting) or isinstance(error.__cause__, connecting):
        return SourceError(f"unreachable: {error.__cause__ or error}")
    if isinstance(error, aiohttp.ClientError | TimeoutError):
        return SourceError(f"the connection broke: {error or type(error).__name__}", passing=True)
    if isinstance(error, EOFError | zlib.error | gzip.BadGzipFile):
        return SourceError(f"expected whole gzip data, found it cut or damaged: {error}")
    return SourceError(f"{type(error).__name__}: {error}")


def retrying(action: Callable[[], T]) -> T:
    """The action's result; where it fails with what may pass, tried again after a growing pause."""
    for attempt in range(ATTEMPTS - 1):
        try:
            return action()
        except SourceError as error:
            if not error.passing:
                raise
        time.sleep(BACK_OFF_SECONDS * 2**attempt)
    return action()


def fetch_file(source: Source, file: RawFile, folder: Path, progress: Progress) -> None:
    """Publish `file` from `source` in `folder`, or raise SourceError and leave nothing behind."""
    done, digest, head = 0, hashlib.sha256(), b""
    try:
        with publishing(folder / file.name) as partial:
            with partial.open("wb") as out:
                for chunk in chunks(source, file):
                    out.write(chunk)
                    digest.update(chunk)
                    head = head or chunk[:64]
                    done += len(chunk)
                    progress(len(chunk))
            if (done, digest.hexdigest()) != (file.bytes, file.sha256):
                raise SourceError(mismatch(file, done, digest.hexdigest(), head))
    except SourceError:
        progress(-done)
        raise


def mismatch(file: RawFile, size: int, digest: str, head: bytes) -> str:
    """The words for bytes that are not the file's."""
    if (head := head.lstrip())[:1] == b"<":
        found = f"a web page that begins with {head.decode(errors='replace').split(chr(10))[0][:40]!r}"
    elif size > file.bytes:
        found = f"more than {file.bytes:,} bytes"
    else:
        found = f"{size:,} bytes with SHA-256 {digest}"
    return f"expected {file.bytes:,} bytes with SHA-256 {file.sha256}, found {found}"


def is_right(path: Path, file: RawFile) -> bool:
    """Whether `path` is the file already."""
    return path.is_file() and path.stat().st_size == file.bytes and sha256(path) == file.sha256


def fetch(
    dataset: Dataset,
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
        return
    names = listed(file.name for file in missing)
    raise UnavailableError("\n  ".join([f"{folder}: no source gave {names}:", *reasons]))


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
