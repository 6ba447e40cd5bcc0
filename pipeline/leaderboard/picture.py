"""An SVG of error against fit time, on logarithmic axes: our errors with intervals, and the published errors."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from pipeline.base import html
from pipeline.base.errors import UnavailableError
from pipeline.leaderboard.standings import percents

WIDTH, HEIGHT = 900, 560
LEFT, RIGHT, TOP, BOTTOM = 70, 880, 20, 500  # edges of the plot
TEMPLATE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{ width }} {{ height }}"
  font-family="system-ui, sans-serif" font-size="12">
<rect width="{{ width }}" height="{{ height }}" fill="white"/>
{% for at, text in x_ticks %}
<path d="M{{ at }} {{ top }}V{{ bottom }}" stroke="#ddd"/>
<text x="{{ at }}" y="{{ bottom + 18 }}" text-anchor="middle">{{ text }}</text>
{% endfor %}
{% for at, text in y_ticks %}
<path d="M{{ left }} {{ at }}H{{ right }}" stroke="#ddd"/>
<text x="{{ left - 8 }}" y="{{ at + 4 }}" text-anchor="end">{{ text }}</text>
{% endfor %}
<text x="{{ (left + right) / 2 }}" y="{{ height - 18 }}" text-anchor="middle">seconds to fit</text>
<text transform="translate(18 {{ (top + bottom) / 2 }}) rotate(-90)" text-anchor="middle">test error, %</text>
{% for mark in marks %}
<g><title>{{ mark.title }}</title>
{% for published in mark.published %}
<path d="M{{ mark.x }} {{ mark.y }}V{{ published }}" stroke="#c60" stroke-dasharray="2 2"/>
<circle cx="{{ mark.x }}" cy="{{ published }}" r="4" fill="white" stroke="#c60" stroke-width="1.5"/>
{% endfor %}
<path d="M{{ mark.x }} {{ mark.low }}V{{ mark.high }}" stroke="#06c" stroke-width="1.5"/>
<circle cx="{{ mark.x }}" cy="{{ mark.y }}" r="4" fill="#06c"/>
<text x="{{ mark.x + 7 }}" y="{{ mark.label }}">{{ mark.numbers }}</text></g>
{% endfor %}
<circle cx="{{ left + 20 }}" cy="{{ bottom - 40 }}" r="4" fill="#06c"/>
<text x="{{ left + 30 }}" y="{{ bottom - 36 }}">measured here, with its 95% interval</text>
<circle cx="{{ left + 20 }}" cy="{{ bottom - 22 }}" r="4" fill="white" stroke="#c60" stroke-width="1.5"/>
<text x="{{ left + 30 }}" y="{{ bottom - 18 }}">published; its fit time is not known</text>
</svg>
"""


class Mark(NamedTuple):
    """A method, in units of the picture. numbers: the numbers of its rows. label: the height of their text."""

    numbers: str
    title: str
    x: float
    y: float
    low: float
    high: float
    published: list[float]
    label: float


class Axis(NamedTuple):
    """A logarithmic axis from value `least` at `start` to value `most` at `end`."""

    least: float
    most: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The place of a value, rounded to a tenth of a unit."""
        share = math.log(max(value, self.least) / self.least) / math.log(self.most / self.least)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self) -> list[tuple[float, str]]:
        """The places and texts of 1, 2 and 5 in each decade."""
        decades = range(math.floor(math.log10(self.least)), math.ceil(math.log10(self.most)) + 1)
        values = [digit * 10.0**decade for decade in decades for digit in (1, 2, 5)]
        return [(self.at(value), f"{value:g}") for value in values if self.least <= value <= self.most]


def draw(rows: Sequence[dict[str, Any]]) -> bytes:
    """The SVG: one mark for each method that has a fit time. The rows are numbered as in `rows`, from 1.

    Raises UnavailableError if no row has a fit time.
    """
    methods: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for number, row in enumerate(rows, 1):
        if "fit_seconds" in row:
            methods.setdefault(row["name"], []).append((number, row))
    if not methods:
        raise UnavailableError(
            "costs/: no fit time of any method that ran; restore the files from git, or score a method again"
        )
    shown = [row for own in methods.values() for _, row in own]
    seconds = [row["fit_seconds"] for row in shown]
    errors = [value for row in shown for value in (*percents(row), row.get("published_error_percent")) if value]
    x = Axis(min(seconds) / 1.5, max(seconds) * 1.5, LEFT, RIGHT)
    y = Axis(min(errors) / 1.2, max(errors) * 1.2, BOTTOM, TOP)
    marks: list[Mark] = []
    for own in sorted(methods.values(), key=lambda own: own[0][1]["fit_seconds"]):
        marks.append(_mark(own, x, y, marks))
    page = html.templates({"chart": TEMPLATE}).get_template("chart")
    sizes = {"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM}
    return page.render(marks=marks, x_ticks=x.ticks(), y_ticks=y.ticks(), **sizes).encode() + b"\n"


def _mark(own: Sequence[tuple[int, dict[str, Any]]], x: Axis, y: Axis, before: Sequence[Mark]) -> Mark:
    """The mark of a method. own: its rows, each with its number. before: the marks to the left of it."""
    row = own[0][1]
    error, low, high = percents(row)
    numbers = ", ".join(str(number) for number, _ in own)
    title = f"{numbers}: {row['name']}, {error:.2f}% in {row['fit_seconds']:g} s"
    place = x.at(row["fit_seconds"]), y.at(error)
    published = [row.get("published_error_percent") for _, row in own]
    heights = [y.at(value) for value in published if value is not None]
    return Mark(numbers, title, *place, y.at(low), y.at(high), heights, _free(*place, before))


def _free(x: float, y: float, marks: Sequence[Mark]) -> float:
    """A free height for the numbers beside (x, y). marks: the marks to the left of them."""
    label = y + 4
    while any(x - mark.x < 6 + 7 * len(mark.numbers) and abs(mark.label - label) < 11 for mark in marks):
        label += 11
    return round(label, 1)
