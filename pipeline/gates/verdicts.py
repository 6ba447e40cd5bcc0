"""What the gates say: one verdict for each check."""

from typing import NamedTuple


class Row(NamedTuple):
    """A row that breaks a check. like: the row or value that it is like, if the check knows it: "train 41"."""

    id: int
    like: str = ""

    def __str__(self) -> str:
        return f"{self.id} = {self.like}" if self.like else str(self.id)


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
    rows: list[Row]
    success: bool
    usually: str

    @property
    def fails(self) -> bool:
        """Whether this verdict makes the gate fail."""
        return not self.success and self.severity == "critical"


def counted(count: int, noun: str) -> str:
    """A number of things in words: "1 row", "1,200 rows"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
