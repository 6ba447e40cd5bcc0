"""An address -> a stream of the bytes there, or why there is none, in words; what may pass is tried again."""

import contextlib
import gzip
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from pathlib import PurePosixPath
from typing import IO, TypeVar, cast

from pipeline.datasets import RawFile

CONNECT_SECONDS = 3.0  # name look-up, every address and TLS together; not retried, the next source is at hand
READ_SECONDS = 15.0
ATTEMPTS = 3
BACK_OFF_SECONDS = 0.5
PASSING_STATUS = {408, 425, 429, 500, 502, 503, 504}
USER_AGENT = "mnist-pipeline"  # some servers refuse Python's own
HTTP = ("http://", "https://")

S3_OPTIONS = {  # s3fs by itself tries for half a minute where nobody answers
    "config_kwargs": {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
        "retries": {"total_max_attempts": 1},
    }
}

T = TypeVar("T")


class SourceError(Exception):
    """A source did not give a file; `passing` where another attempt may."""

    def __init__(self, reason: str, passing: bool = False) -> None:
        super().__init__(reason)
        self.passing = passing


class Location:
    """A folder or URL of any scheme that fsspec opens, as a template with {name} or a folder of the files.

    members: raw file name -> member of the archive that the files are published in; a folder may use those names.
    """

    def __init__(self, template: str, members: Mapping[str, str] | None = None) -> None:
        self.template = template
        self.members = members or {}

    def __str__(self) -> str:
        return self.template

    def candidates(self, file: RawFile) -> list[str]:
        """The addresses under which a raw file may stand, that which can be proven first."""
        if "{name}" in self.template:
            return [self.template.replace("{name}", file.name)]
        names = [f"{file.name}{ending}" for ending in (("", ".gz") if file.sha256 else (".gz", ""))]
        if member := self.members.get(file.name):
            names = [PurePosixPath(member).name, member, *names]
        return [f"{self.template.rstrip('/')}/{name}" for name in names]

    @contextlib.contextmanager
    def open(self, file: RawFile) -> Iterator[IO[bytes]]:
        """The first candidate that exists."""
        candidates = self.candidates(file)
        for url in candidates:
            try:
                stream = open_url(url, file.bytes)
            except FileNotFoundError:
                continue
            with stream:
                yield stream
            return
        raise SourceError(f"expected {' or '.join(candidates)}, found none")


def open_url(url: str, size: int, block: int = 0, byte_range: str = "") -> IO[bytes]:
    """The bytes at an address; over HTTP a stream, or with `block` a file that is read by ranges of so many bytes.

    size: of the file, in bytes: where it is known, nobody asks for it first; byte_range: of HTTP, such as "0-63"
    """
    from fsspec.core import url_to_fs

    if not url.startswith(HTTP):
        fs, path = url_to_fs(url, **(S3_OPTIONS if url.startswith("s3://") else {}))
        return cast(IO[bytes], fs.open(path, "rb"))
    import aiohttp

    client = {
        "timeout": aiohttp.ClientTimeout(connect=CONNECT_SECONDS, sock_read=READ_SECONDS),
        "trust_env": True,  # the proxies that the environment names
        "auto_decompress": False,  # decompression is bounded here
        "headers": {"Accept-Encoding": "identity", "User-Agent": USER_AGENT},
    }
    fs, path = url_to_fs(url, client_kwargs=client)
    if not block:
        headers = {"Range": f"bytes={byte_range}"} if byte_range else {}
        return cast(IO[bytes], fs.open(path, "rb", block_size=0, size=size, headers=headers))
    file = fs.open(path, "rb", block_size=block, size=size, cache_type="readahead")
    fetch = file.cache.fetcher
    file.cache.fetcher = lambda start, end: retrying(lambda: explaining(lambda: fetch(start, end)))
    return cast(IO[bytes], file)


def web_page(head: bytes) -> str:
    """How a web page begins, in quotes; nothing where these are not the first bytes of one."""
    text = head.lstrip().decode(errors="replace")
    return repr(text.splitlines()[0][:40]) if text.startswith("<") else ""


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Have whatever a backend of fsspec raises be a SourceError: the next source is tried."""
    try:
        yield
    except SourceError:
        raise
    except Exception as error:  # noqa: BLE001
        raise _explain(error) from None


def explaining(action: Callable[[], T]) -> T:
    """The action's result, `explained`."""
    with explained():
        return action()


def _explain(error: Exception) -> SourceError:
    """What happened at a source, in words, and whether another attempt may pass."""
    import aiohttp

    connecting = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
    if isinstance(error, aiohttp.ClientResponseError):
        found = f"HTTP status {error.status} {error.message}".rstrip()
        if error.status == 403:
            found += f": the server refuses this program, perhaps by its user agent, which is {USER_AGENT!r}"
            found += "; fetch it with a browser and name it with --source"
        return SourceError(f"expected the file, found {found}", error.status in PASSING_STATUS)
    if isinstance(error, connecting) or isinstance(error.__cause__, connecting):
        return SourceError(f"unreachable: {error.__cause__ or error}")
    if isinstance(error, aiohttp.ClientError | TimeoutError):
        return SourceError(f"the connection broke: {error or type(error).__name__}", passing=True)
    if isinstance(error, EOFError | zlib.error | gzip.BadGzipFile | zipfile.BadZipFile):
        return SourceError(f"expected whole compressed data, found it cut or damaged: {error}")
    if isinstance(error, FileNotFoundError):
        return SourceError(f"expected {error.filename or error}, found none")
    ignored = "support range requests" in str(error)  # fsspec's words go on with advice for programmers
    expected = "expected the range of bytes that was asked for, found that the server sends the whole"
    return SourceError(expected if ignored else f"{type(error).__name__}: {error}")


def retrying(action: Callable[[], T]) -> T:
    """The action's result; where it fails with what may pass, tried again after a growing pause.

    What is raised is not `passing`: it was tried often enough.
    """
    for attempt in range(ATTEMPTS - 1):
        try:
            return action()
        except SourceError as error:
            if not error.passing:
                raise
        time.sleep(BACK_OFF_SECONDS * 2**attempt)
    try:
        return action()
    except SourceError as error:
        raise SourceError(str(error)) from None


def once(action: Callable[[], T]) -> Callable[[], T]:
    """The action, done once for all threads: its result or SourceError is kept."""
    lock, found = threading.Lock(), Future[T]()

    def kept() -> T:
        with lock:
            if not found.done():
                try:
                    found.set_result(action())
                except SourceError as error:
                    found.set_exception(error)
        return found.result()

    return kept
