"""Images whose grey levels are of another range than 0 to 255: 0 to 16, or 0 and 1."""

from pipeline.gates.evidence.measures import INK
from pipeline.rows.blocks import ROW_GROUP
from pipeline.rows.inspect import Array


def largest_grey(images: Array) -> int | None:
    """The largest pixel of images whose grey levels do not go to 255; None if they do, or if all are black."""
    largest = 0
    for start in range(0, len(images), ROW_GROUP):
        largest = max(largest, int(images[start : start + ROW_GROUP].max(initial=0)))
        if largest > INK:
            return None
    return largest or None


def to_255(largest: int) -> str:
    """What to do with grey levels that go to `largest`."""
    return f"multiply each by {255 / largest:g} and round"
