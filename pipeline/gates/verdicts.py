"""What the gates say: one verdict for each check."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray


class Row(NamedTuple):
    """A row that breaks a check. like: the row or value that it is like, if the check knows it: "train 41"."""

    id: int
    like: str = ""

    def __str__(self) -> str:
        return f"{self.id} = {self.like}" if self.like else str(self.id)


@dataclass(frozen=True, eq=False)
class Named(Sequence[Row]):
    """The rows that break a check, in arrays: of bad data they are all rows, for many checks.

    ids: int64[n]; like: n texts, or None if the check knows none.
    """

    ids: NDArray[np.int64]
    like: Sequence[str] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Row]:
        return map(Row, map(int, self.ids), self.like or repeat(""))

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> "Named": ...
    def __getitem__(self, place: int | slice) -> "Row | Named":
        if isinstance(place, slice):
            return Named(self.ids[place], self.like and self.like[place])
        return Row(int(self.ids[place]), self.like[place] if self.like else "")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as a list


class Verdict(NamedTuple):
    """What one check found.

    split: train, test, both, or the name of a raw file; check: the path of the check's threshold under `expect`,
    or the check's name; severity: critical, warning or info; rows: all rows that break the check; usually: what a
    failure usually means.
    """

    split: str
    check: str
    severity: str
    expected: str
    found: str
    rows: Sequence[Row]
    success: bool
    usually: str

    @property
    def fails(self) -> bool:
        """Whether this verdict makes the gate fail."""
        return not self.success and self.severity == "critical"


def counted(count: int, noun: str) -> str:
    """A number of things in words: "1 row", "1,200 rows"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
