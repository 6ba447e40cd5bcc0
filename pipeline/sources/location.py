"""The file at an address, as a stream or read at any place."""

import contextlib
import errno
import io
import os
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from pipeline.base.dataset import RawFile
from pipeline.base.spellings import ENDINGS, near_miss, places, spellings
from pipeline.sources.failures import USER_AGENT, SourceError, explained, retrying
from pipeline.sources.settings import trusted

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CONNECT_SECONDS = 3.0  # for name look-up, all addresses and TLS together; not tried again: there are other sources
READ_SECONDS = 15.0
HTTP = ("http://", "https://")

S3_OPTIONS = {  # without them, s3fs tries for half a minute if nobody answers
    "config_kwargs": {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
        "retries": {"total_max_attempts": 1},
    }
}


class Location:
    """A folder of the raw files, or an address with {name} for their names, of any scheme that fsspec opens.

    In a folder, each file may have any name under which it is known. published: raw file name -> place in the
    archive that the files are published in, None if there is no archive.
    """

    def __init__(self, template: str, published: Mapping[str, str | None] | None = None) -> None:
        self.template = template
        self.published = published or {}

    def __str__(self) -> str:
        return self.template

    def candidates(self, file: RawFile) -> list[str]:
        """The addresses at which a raw file may be. The form whose hash is known comes first."""
        if "{name}" in self.template:
            return [self.template.replace("{name}", file.name)]
        endings = ENDINGS if file.sha256 else ENDINGS[::-1]
        # At an address each candidate is a request, so fewer are tried there.
        names = places(file.name, self.published.get(file.name), endings, inside="://" not in self.template)
        return [f"{self.template.rstrip('/')}/{name}" for name in names]

    @contextlib.contextmanager
    def open(self, file: RawFile) -> Iterator[IO[bytes]]:
        """Open the first candidate that exists."""
        candidates = self.candidates(file)
        for url in candidates:
            try:
                stream = open_url(url, file.bytes)
            except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
                continue
            with stream:
                yield stream
            return
        if "{name}" in self.template:
            raise SourceError(f"expected {candidates[0]}, found none")
        known = {one for name, place in self.published.items() for one in spellings(name, place)}
        hint = near_miss(Path(self.template).expanduser(), file.name, known)
        raise SourceError(f"expected {self.template.rstrip('/')}/{file.name}, plain or as .gz, found none{hint}")


def open_url(url: str, size: int, byte_range: str = "") -> IO[bytes]:
    """The file at an address, open to read; over HTTP as a stream.

    size: the length of the file in bytes, so that no request for it is needed. byte_range: the part to ask for
    over HTTP, such as "0-63".
    """
    from fsspec.core import url_to_fs

    if not url.startswith(HTTP):
        fs, path = url_to_fs(url, **(S3_OPTIONS if url.startswith("s3://") else {}))
        return cast(IO[bytes], fs.open(path, "rb"))
    import aiohttp

    client = {
        "timeout": aiohttp.ClientTimeout(connect=CONNECT_SECONDS, sock_read=READ_SECONDS),
        "trust_env": True,  # the proxies that the environment names
        "auto_decompress": False,  # decompression is bounded in fetch.py
        "headers": {"Accept-Encoding": "identity", "User-Agent": USER_AGENT},
    }
    fs, path = url_to_fs(url, client_kwargs=client)
    headers = {"Range": f"bytes={byte_range}"} if byte_range else {}
    return cast(IO[bytes], fs.open(path, "rb", block_size=0, size=size, headers=headers, ssl=trusted()))


class Ranges(io.RawIOBase):
    """A file at an HTTP address, read at any place by requests for ranges; size: its length in bytes."""

    def __init__(self, url: str, size: int) -> None:
        self.url, self.size, self.place = url, size, 0

    def readable(self) -> bool:
        """True, for a BufferedReader."""
        return True

    def seekable(self) -> bool:
        """True, for a BufferedReader."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, counted from the start, from here, or from the end. Returns the place."""
        place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.place, io.SEEK_END: self.size}[whence]
        if place < 0:  # as a file does; zipfile expects it of a file that is too short for an archive
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self.place = place
        return self.place

    def tell(self) -> int:
        """The place at which the next read begins, in bytes from the start."""
        return self.place

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read into `buffer`. Returns the number of bytes. Raises SourceError."""
        view = memoryview(buffer)
        end = min(self.place + len(view), self.size)
        if end <= self.place:
            return 0
        content = retrying(lambda: self._range(self.place, end))
        view[: len(content)] = content
        self.place = end
        return len(content)

    def _range(self, start: int, end: int) -> bytes:
        with explained(), open_url(self.url, self.size, f"{start}-{end - 1}") as stream:
            if cast(Any, stream).r.status != HTTPStatus.PARTIAL_CONTENT:
                raise SourceError(
                    "expected the range of bytes that was asked for, found that the server sends the whole file"
                )
            content = b""
            while len(content) < end - start and (chunk := stream.read(end - start - len(content))):
                content += chunk
        if len(content) < end - start:
            raise SourceError(
                f"the connection broke after {len(content):,} of {end - start:,} bytes", passing=True
            )
        return content
