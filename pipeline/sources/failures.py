"""Why a source did not give a file, in words, and what is tried again."""

import contextlib
import gzip
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TypeVar

from pipeline.sources.redaction import without_secrets

ATTEMPTS = 3
BACK_OFF_SECONDS = 0.5
PASSING_STATUS = {408, 425, 429, 500, 502, 503, 504}
USER_AGENT = "mnist-pipeline"  # some servers refuse Python's own

T = TypeVar("T")


class SourceError(Exception):
    """A source did not give a file. passing: another attempt may succeed. No secret stands in its text."""

    def __init__(self, reason: str, passing: bool = False) -> None:
        super().__init__(without_secrets(reason))
        self.passing = passing


def web_page(head: bytes) -> str:
    """The beginning of a web page, in quotes; empty if these are not the first bytes of one."""
    text = head.lstrip().decode(errors="replace")
    return repr(text.splitlines()[0][:40]) if text.startswith("<") else ""


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Turn every error of an fsspec backend into a SourceError, so that the next source is tried."""
    try:
        yield
    except SourceError:
        raise
    except Exception as error:  # noqa: BLE001
        raise _explain(error) from None


def _explain(error: Exception) -> SourceError:
    """The error in words, and whether another attempt may succeed."""
    import aiohttp

    connecting = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
    if isinstance(error, aiohttp.ClientResponseError):
        found = f"HTTP status {error.status} {error.message}".rstrip()
        if error.status == 403:
            found += f": the server refuses this program, perhaps by its user agent, which is {USER_AGENT!r}"
            found += "; fetch the file with a browser and name it with --source"
        return SourceError(f"expected the file, found {found}", error.status in PASSING_STATUS)
    if isinstance(error, connecting) or isinstance(error.__cause__, connecting):
        hint = "; if the server's certificate is of your own authority, name its file in SSL_CERT_FILE"
        is_unknown = isinstance(error, aiohttp.ClientConnectorCertificateError)
        return SourceError(f"unreachable: {error.__cause__ or error}{hint if is_unknown else ''}")
    if isinstance(error, aiohttp.ClientError | TimeoutError):
        return SourceError(f"the connection broke: {str(error) or type(error).__name__}", passing=True)
    if isinstance(error, EOFError | zlib.error | gzip.BadGzipFile | zipfile.BadZipFile):
        return SourceError(f"expected whole compressed data, found a file that is cut short or damaged: {error}")
    if isinstance(error, FileNotFoundError):
        return SourceError(f"expected {error.filename or error}, found none")
    return SourceError(f"{type(error).__name__}: {error}")


def retrying(action: Callable[[], T]) -> T:
    """The result of the action. If another attempt may succeed, a failure is tried again after a pause.

    The pauses grow. The SourceError after the last attempt is not `passing`.
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
    """The action, done only once for all threads. Its result or its SourceError is kept."""
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
