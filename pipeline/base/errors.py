"""The kinds of errors, and the exit code of each."""

from collections.abc import Iterable, Sized
from itertools import islice
from typing import NamedTuple


class PipelineError(Exception):
    """An error that a user can act on. Its text is the whole message; no traceback is shown."""

    exit_code = 3


class DataError(PipelineError):
    """The data or a result failed a check."""

    exit_code = 1


class ConfigError(PipelineError):
    """The call, params.yaml or a dataset's record is wrong."""

    exit_code = 2


class UnavailableError(PipelineError):
    """The network, the disk or a missing file stopped the work."""

    exit_code = 3


class Finding(NamedTuple):
    """One thing that is wrong with the data."""

    where: str
    check: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.where}: {self.check}: expected {self.expected}, found {self.found}"


def listed(items: Iterable[object], most: int = 5) -> str:
    """The first `most` items, separated by commas, and how many more there are."""
    given = items if isinstance(items, Sized) else list(items)
    texts = [str(item) for item in islice(given, most)]
    more = f" and {len(given) - most:,} more" if len(given) > most else ""
    return ", ".join(texts) + more
