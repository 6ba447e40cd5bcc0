"""The files that a command writes: each appears whole, and those that belong together appear together."""

import contextlib
import csv
import errno
import fcntl
import glob
import hashlib
import io
import json
import os
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, Self

from pipeline.base.errors import UnavailableError

STARTED_BY = os.getppid()
MOST_LINKS = 40  # as Linux: a chain of more is taken for a circle
OPEN_FILE = re.compile(r"/(?:proc/[0-9]+(?:/task/[0-9]+)?|dev)/fd/[0-9]+")
CACHED = re.compile(r"/[0-9a-f]{2}/[0-9a-f]{30}$")  # a file in the cache of DVC


class Part(NamedTuple):
    """An output: the path that the caller gave, the file that this path leads to, and the temporary file."""

    path: Path
    target: Path
    temporary: Path


class Outputs:
    """Output files that are written beside their places, and moved there together when the block ends.

    If the block raises, all of them are deleted, and the old files stay. A reader sees the old file or the new
    one, never a half of either. A symbolic link is followed. What is no regular file (a device, a FIFO,
    /dev/stdout) is not replaced: the bytes are copied into it.
    """

    def __init__(self) -> None:
        self._parts: dict[Path, Part] = {}  # by target
        self._removed: list[Path] = []
        self._undo = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._undo:  # deletes the temporary files that are still there
            if error is None:
                self.publish()
            elif isinstance(error, OSError):
                self._name(error)

    def publish(self) -> None:
        """Move all that is written to its place now; a later error does not undo it.

        What can fail comes before the renames. So only a kill between two renames leaves some outputs old.
        """
        for path in [*(part.path for part in self._parts.values()), *self._removed]:
            _require_file(path)
            _require_starter(path)
        streams = [part for part in self._parts.values() if _is_stream(part.target)]
        files = [part for part in self._parts.values() if not _is_stream(part.target)]
        for part in streams:
            with _only_naming(part.path):
                _copy(part.temporary, part.target)
        for part in files:
            with _only_naming(part.path):
                part.temporary.replace(part.target)
        for path in self._removed:
            path.unlink(missing_ok=True)
        self._parts.clear()
        self._removed.clear()

    def part(self, path: Path) -> Path:
        """The temporary file that becomes `path` when the block ends; the same one at every call."""
        _require_file(path)
        with naming(path):
            target = _followed(path)
            if target not in self._parts:
                self._parts[target] = Part(path, target, self._new(path, target))
        return self._parts[target].temporary

    def remove(self, path: Path) -> None:
        """Delete the file `path` when the block ends."""
        self._removed.append(path)

    def bytes(self, path: Path, content: bytes) -> None:
        """Write `content` as the file `path`."""
        with naming(path):
            self.part(path).write_bytes(content)

    def text(self, path: Path, content: str) -> None:
        """Write `content` as the file `path`, in UTF-8."""
        self.bytes(path, content.encode(errors="replace"))  # a path may hold bytes that are no text

    def json(self, path: Path, content: dict[str, Any]) -> None:
        """Write `content` as JSON. Equal values give equal bytes: keys are sorted, and NaN is refused."""
        self.bytes(path, (json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n").encode())

    def csv(self, path: Path, rows: Iterable[Mapping[Any, Any]], columns: Sequence[str]) -> None:
        """Write rows as CSV with a header and Unix line ends."""
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        self.bytes(path, text.getvalue().encode())

    def _new(self, path: Path, target: Path) -> Path:
        if _is_stream(target):
            folder = self._undo.enter_context(tempfile.TemporaryDirectory())
            return Path(folder) / "content"
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(target)
        with _only_naming(path):
            temporary, handle = _locked(target)
        self._undo.callback(handle.close)
        self._undo.callback(temporary.unlink, missing_ok=True)
        return temporary

    def _name(self, error: OSError) -> None:
        """Replace the name of a temporary file in an error by the name of the output."""
        for part in self._parts.values():
            if error.filename in {part.temporary, str(part.temporary), os.fsencode(part.temporary)}:
                error.filename = str(part.path)


def _require_file(path: Path) -> None:
    if not path.name or path.is_dir():
        raise UnavailableError(f"{path}: expected the name of a file, found a folder")


def _require_starter(path: Path) -> None:
    """Raise UnavailableError if the DVC that started this process is gone.

    Another run may then be at work on the same file.
    """
    if "DVC_STAGE" in os.environ and os.getppid() != STARTED_BY:
        raise UnavailableError(
            f"{path}: not written, because the DVC that runs this stage is gone; run `dvc repro`"
        )


def _followed(path: Path) -> Path:
    """The absolute path of the file that a symbolic link leads to; of any other file, its own absolute path.

    A name of an open file (/dev/stdout) is not followed to that file. A link into the cache of DVC is not followed
    either, because the files there must not change: the output replaces the link.
    """
    for _ in range(MOST_LINKS):
        path = Path(os.path.realpath(path.parent), path.name)
        if not path.is_symlink() or OPEN_FILE.fullmatch(str(path)) or CACHED.search(str(path.readlink())):
            return path
        path = path.parent / path.readlink()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def _is_stream(target: Path) -> bool:
    """Whether the target must be written into and not replaced: a device, a FIFO, or a name of an open file."""
    return bool(OPEN_FILE.fullmatch(str(target))) or (target.exists() and not target.is_file())


def _copy(content: Path, target: Path) -> None:
    """Copy the file `content` into a stream, after all that this process has printed."""
    sys.stdout.flush()
    own = re.fullmatch(rf"/(?:proc/{os.getpid()}|dev)/fd/([0-9]+)", str(target))
    # Through a copy of its number, an open file keeps its place: what is printed later comes after the content.
    with (
        content.open("rb") as source,
        os.fdopen(os.dup(int(own[1])), "wb") if own else target.open("ab") as stream,
    ):
        shutil.copyfileobj(source, stream)


def _locked(target: Path) -> tuple[Path, IO[bytes]]:
    """A new temporary file beside `target`, and a handle with a lock on it: no other process sweeps it then."""
    while True:
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")
        handle = temporary.open("xb")
        with contextlib.suppress(OSError):  # a file system without locks: nothing can be swept there
            fcntl.flock(handle, fcntl.LOCK_EX)
        if temporary.exists():
            return temporary, handle
        handle.close()  # another process swept it before it was locked


def sweep(path: Path) -> None:
    """Delete the temporary files of `path` that killed processes left; those of living processes are locked."""
    for temporary in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with contextlib.suppress(OSError), temporary.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            temporary.unlink()


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Add the name `path` to an OSError that names no file: a full disk does not say where."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


@contextlib.contextmanager
def _only_naming(path: Path) -> Iterator[None]:
    """Give an OSError the name `path`, instead of a temporary file's."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def write_text(path: Path | None, text: str) -> None:
    """Write text to the file `path`, or to stdout for None; in UTF-8 in both cases, whatever the terminal uses."""
    if path:
        with Outputs() as out:
            out.text(path, text)
    else:
        sys.stdout.buffer.write(text.encode(errors="replace"))
        sys.stdout.flush()


def sha256(path: Path) -> str:
    """The SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
