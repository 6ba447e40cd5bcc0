"""What the gates say, one verdict a check."""

from typing import NamedTuple


class Row(NamedTuple):
    """A row that breaks a check, and what it is like where the check says that: "train 41"."""

    id: int
    like: str = ""

    def __str__(self) -> str:
        return f"{self.id} = {self.like}" if self.like else str(self.id)


class Verdict(NamedTuple):
    """What one check found.

    split: train, test, or the raw file; check: the path of its threshold under `expect`, or the check's name;
    severity: critical, warning or info; rows: all that break it; usually: what a failure usually means.
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
        """Whether the gate fails for it."""
        return not self.success and self.severity == "critical"
