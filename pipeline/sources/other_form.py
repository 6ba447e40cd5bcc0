"""Data in another form than IDX as a source: rebuilt as the raw files, whose hashes then prove the content."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from pipeline.base.dataset import Dataset, RawFile
from pipeline.base.errors import PipelineError
from pipeline.sources.failures import SourceError, explained, once, retrying
from pipeline.sources.location import open_url

WHOLE = (".npz", ".mat")  # a file of these has both splits, so its address is enough
MOST = 20  # times the size of the raw files: so much is downloaded and rebuilt
CHUNK = 1 << 20


class OtherForm:
    """A file or folder, or the address of a file with both splits. `find` in the room readers says which forms."""

    def __init__(self, place: str, dataset: Dataset) -> None:
        self.place, self.dataset = place, dataset
        self.most = MOST * sum(file.bytes for file in dataset.files)
        self._scratch = tempfile.TemporaryDirectory()  # until this object is gone
        self._folder = once(self._rebuild)

    def __str__(self) -> str:
        return self.place

    @contextlib.contextmanager
    def open(self, file: RawFile) -> Iterator[IO[bytes]]:
        """Open the rebuilt file."""
        path = self._folder() / file.name
        if not path.is_file():
            raise SourceError(f"expected data that hold {file.name}, found none of that split")
        with path.open("rb") as stream:
            yield stream

    def _rebuild(self) -> Path:
        """The folder of the rebuilt files. Raises SourceError for data that cannot be read."""
        from pipeline.readers import found, rebuilt

        folder = Path(self._scratch.name)
        path = retrying(lambda: self._download(folder)) if "://" in self.place else Path(self.place).expanduser()
        try:
            form = found.find(path, self.dataset)
            if form is None:
                raise SourceError(f"expected data as {found.KNOWN}, found none")
            rebuilt.rebuild(form, self.dataset, folder, self.most)
        except PipelineError as error:
            raise SourceError(str(error).replace(str(path), PurePosixPath(self.place).name)) from None
        return folder

    def _download(self, folder: Path) -> Path:
        path = folder / PurePosixPath(self.place.partition("?")[0]).name
        with explained(), open_url(self.place, self.most) as stream, path.open("wb") as file:
            while chunk := stream.read(CHUNK):
                if file.tell() + file.write(chunk) > self.most:
                    raise SourceError(f"expected at most {self.most:,} bytes, found more")
        return path


def fits(source: str, dataset: Dataset) -> bool:
    """Whether a source holds data in another form than IDX.

    Raises ConfigError if it holds several forms, or pickles.
    """
    if "://" in source:
        return source.partition("?")[0].lower().endswith(WHOLE)
    from pipeline.readers import found

    path = Path(source).expanduser()
    return path.exists() and found.find(path, dataset) is not None
