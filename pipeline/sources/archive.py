"""A zip archive as a source of raw files: only the members that are needed are fetched.

If the server answers requests for ranges, a member is read at its place in the archive. If not, the whole archive
comes into a file beside the folder of the raw files, and a download that was cut off continues from there.
"""

import contextlib
import hashlib
import io
import os
import re
import urllib.parse
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pipeline.base.dataset import Archive, Dataset, RawFile
from pipeline.base.errors import ConfigError, listed
from pipeline.base.outputs import naming
from pipeline.base.progress import progress
from pipeline.base.spellings import ENDINGS, find, near_miss, places, spellings
from pipeline.sources import other_form
from pipeline.sources.failures import SourceError, explained, once, retrying, web_page
from pipeline.sources.location import HTTP, Location, Ranges, open_url
from pipeline.sources.other_form import OtherForm
from pipeline.sources.redaction import without_secrets

if TYPE_CHECKING:
    from tqdm import tqdm

CHUNK = 1 << 20
BOUNDED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # zipfile unpacks all other kinds without a limit
BLOCK = 8 << 20  # bytes of a member that one request fetches


class ZipArchive:
    """The published zip archive of the raw files that go into `folder`. url: another address than the record's."""

    def __init__(self, archive: Archive, folder: Path, url: str | None = None) -> None:
        self.archive, self.url = archive, url or archive.url
        beside = folder.absolute()  # on the disk of the raw files, but outside the folder that DVC hashes
        self.part = beside.with_name(f".{beside.name}.{archive.sha256[:16]}.part")
        self._place = once(self._find)

    def __str__(self) -> str:
        return self.url

    @contextlib.contextmanager
    def open(self, file: RawFile) -> Iterator[IO[bytes]]:
        """Open the member that holds `file`."""
        place, size = self._place(), self.archive.bytes
        if place.startswith(HTTP):
            stream: IO[bytes] = io.BufferedReader(Ranges(place, size), min(BLOCK, file.bytes))
        else:
            stream = open_url(place, size)
        with stream, member(stream, self.archive.members, file) as found:
            yield found

    def _find(self) -> str:
        """Where the archive can be read at any place: its address, or a file that it was downloaded to."""
        if not self.url.startswith(HTTP) or retrying(self._ranged):
            return self.url
        with explained(), naming(self.part):
            self._download()
        return str(self.part)

    def _ranged(self) -> bool:
        """Whether the server answers requests for a range."""
        with explained(), self._answer("0-63") as stream:
            return self._start(stream) is not None

    def _answer(self, byte_range: str) -> IO[bytes]:
        """The answer of the server to a request for a range; if it refuses all ranges, to one for the whole."""
        import aiohttp

        try:
            return open_url(self.url, self.archive.bytes, byte_range=byte_range)
        except aiohttp.ClientResponseError as error:
            if error.status != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise
            return open_url(self.url, self.archive.bytes)

    def _start(self, stream: Any) -> int | None:
        """Where the range in an answer begins; None for the whole archive; SourceError for anything else."""
        headers, size = stream.r.headers, self.archive.bytes
        given = headers.get("Content-Range", "")
        ranged = re.match(r"bytes (\d+)-\d+/(\d+)$", given) if stream.r.status == 206 else None
        found = int(ranged[2] if ranged else headers.get("Content-Length", size))
        if (stream.r.status == 206) != bool(ranged):
            raise SourceError(f"expected a range of bytes, found {given!r}")
        if found != size:
            raise _other(f"{size:,} bytes", found, b"" if ranged and int(ranged[1]) else stream.read(64))
        return int(ranged[1]) if ranged else None

    def _download(self) -> None:
        """Download the whole archive into `part`, and compare its SHA-256."""
        size = self.archive.bytes
        self.part.parent.mkdir(parents=True, exist_ok=True)
        self.part.touch()
        with (
            self.part.open("r+b") as out,
            progress(size, "archive", unit="B", unit_scale=True, leave=False) as bar,
        ):
            bar.update(out.seek(0, 2))
            while out.tell() < size:
                retrying(lambda: self._go_on(out, bar))
            out.seek(0)
            digest = hashlib.file_digest(out, "sha256").hexdigest()
        if digest != self.archive.sha256:
            self.part.unlink()
            raise SourceError(
                f"expected {size:,} bytes with SHA-256 {self.archive.sha256}, found SHA-256 {digest}"
            )

    def _go_on(self, out: IO[bytes], bar: "tqdm[Any]") -> None:
        """Continue the download. If the connection breaks, that is no error as long as something new has come."""
        done, head, expected = out.tell(), b"", self.archive.bytes
        try:
            with explained(), self._answer(f"{done}-") as stream:
                at = self._start(stream) or 0
                if at > done:
                    raise SourceError(f"expected the bytes from {done:,} on, found those from {at:,}")
                while at <= expected and (chunk := stream.read(CHUNK)):
                    head = head or chunk[:64]
                    with naming(self.part):
                        bar.update(out.write(chunk[max(0, out.tell() - at) :]))  # nothing is written twice
                    at += len(chunk)
        except SourceError as error:
            if not error.passing or out.tell() == done:
                raise
            return
        if at != expected:  # the answer did not say how long it is
            out.truncate(done)
            raise _other(f"{expected:,} bytes", at, head)


def own(source: str, dataset: Dataset, folder: Path) -> Location | ZipArchive | OtherForm:
    """The source that a user names: the zip archive, data in another form, or a folder or address of IDX files.

    Raises ConfigError for a zip archive if the dataset is not published in one, and for data of several forms.
    """
    if any(scheme in source for scheme in HTTP):  # a secret with a space would not be hidden as a whole
        source = re.sub(r"\s", lambda space: urllib.parse.quote(space[0]), source)
    source = _placed(source)
    path = Path(source.partition("?")[0])
    if path.suffix == ".zip" and "{name}" not in source and not path.is_dir():
        if not dataset.archive:
            expected = f"a folder or URL of the files, because {dataset.name} is not published in a zip archive"
            raise ConfigError(f"source: expected {expected}; found {without_secrets(path.name)}")
        return ZipArchive(dataset.archive, folder, source)
    names = published(dataset)
    if not any(find(Path(source).expanduser(), *name) for name in names.items()) and other_form.fits(
        source, dataset
    ):
        return OtherForm(source, dataset)
    return Location(source, names)


def _placed(source: str) -> str:
    """The source; a relative path from the folder in which DVC was started.

    DVC runs a queued experiment in a copy of the project, and its DVC_ROOT still names the project.
    """
    if "://" in source or Path(source).expanduser().is_absolute():
        return source
    here = Path.cwd()
    copy = next((folder for folder in (here, *here.parents) if (folder / ".dvc").is_dir()), here)
    return str(Path(os.environ.get("DVC_ROOT", copy), here.relative_to(copy), source))


def published(dataset: Dataset) -> dict[str, str | None]:
    """By the name of each raw file, its place in the published archive; None if there is none."""
    members = dataset.archive.members if dataset.archive else {}
    return {file.name: members.get(file.name) for file in dataset.all_files}


@contextlib.contextmanager
def member(stream: IO[bytes], members: Mapping[str, str], file: RawFile) -> Iterator[IO[bytes]]:
    """The member that holds a raw file, in the zip archive that is open at `stream`.

    members: raw file name -> name of the member. Any other name under which the file is known will do. Raises
    SourceError.
    """
    try:
        archive = zipfile.ZipFile(stream)
    except zipfile.BadZipFile as error:
        size = stream.seek(0, 2)
        stream.seek(0)
        raise _other(f"a whole zip archive ({error})", size, stream.read(64)) from None
    with archive:
        name = _name_of(file, members, archive.namelist())
        info = archive.getinfo(name)
        if info.compress_type not in BOUNDED:
            raise SourceError(f"expected {name} stored or deflated, found compression type {info.compress_type}")
        proven = file.packed if not file.sha256 and name.endswith(".gz") else None
        most = proven.bytes if proven else file.bytes + CHUNK  # a file that gzip cannot pack grows a little
        if (size := info.file_size) > most:
            raise SourceError(f"expected {name} of at most {most:,} bytes, found {size:,}")
        with archive.open(name) as found:
            yield found


def _name_of(file: RawFile, members: Mapping[str, str], names: Sequence[str]) -> str:
    """Which member of an archive holds a raw file: the one in the record, or one with another known name."""
    if escaping := [path for path in names if path[:1] == "/" or "\\" in path or ".." in path.split("/")]:
        raise SourceError(f"expected members that stay inside the archive, found {listed(escaping)}")
    wanted = members.get(file.name, file.name)
    for name in [wanted, *places(file.name, wanted, ENDINGS if file.sha256 else ENDINGS[::-1])]:
        if name in names:
            return name
    known = {one for raw, place in members.items() for one in spellings(raw, place)}
    hint = near_miss([path.rpartition("/")[2] for path in names], file.name, known)
    raise SourceError(
        f"expected a member {wanted!r} that holds {file.name}, found: {listed(names) or 'none'}{hint}"
    )


def _other(expected: str, found: int, head: bytes) -> SourceError:
    """The error for what was found in place of the archive. found: its bytes; head: its first bytes."""
    page = web_page(head)
    what = "a web page is in the place of the archive: " if page else ""
    return SourceError(
        f"{what}expected {expected}, found {found:,} bytes{f' that begin with {page}' if page else ''}"
    )
