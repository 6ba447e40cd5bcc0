"""The report of a check, for programs and notebooks."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.base import html, records
from pipeline.base.dataset import Dataset, Split
from pipeline.base.errors import DataError, listed
from pipeline.gates import folder, formats
from pipeline.gates.verdicts import Verdict
from pipeline.readers.form import Form, flat_shape, in_blocks

PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{{ title }}</title>
<style>
  :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
  table { border-collapse: collapse } td, th { border: 1px solid #8886; padding: .2rem .6rem; text-align: left }
  section { border: 1px solid #8886; border-radius: .5rem; padding: .2rem 1rem; margin: 1rem 0 }
  img { max-width: 100% } b { border-radius: 1rem; padding: .1rem .7rem; color: #fff; background: #8f5600 }
  b.FAIL { background: #b3261e }
</style>
<h1>{{ title }}</h1>
<p>{{ summary }}</p>
{% for mark, verdict, picture in bad %}
<section>
  <h2><b class="{{ mark }}">{{ mark }}</b> {{ verdict.split }}: {{ verdict.check }}</h2>
  <p>Expected: {{ verdict.expected }}<br>Found: {{ verdict.found }}<br>Usually: {{ verdict.usually }}</p>
  {% if verdict.rows %}<p>Rows: {{ verdict.rows | listed(20) }}</p>{% endif %}
  {% if picture %}
  <img alt="rows that break: {{ verdict.expected }}" src="data:image/png;base64,{{ picture | base64 }}">
  {% endif %}
</section>
{% endfor %}
<details><summary>{{ good | length }} passed</summary>
<table><tr><th>Split</th><th>Expectation</th><th>Found</th></tr>
{% for verdict in good %}
<tr><td>{{ verdict.split }}</td><td>{{ verdict.expected }}</td><td>{{ verdict.found }}</td></tr>
{% endfor %}
</table></details>
</html>
"""
FRAME = """<iframe srcdoc="{{ page }}" style="width: 100%; height: 40rem; border: 0" sandbox></iframe>
"""
PAGES = html.templates({"page": PAGE, "frame": FRAME})
PAGES.filters["listed"] = listed
PAGES.filters["base64"] = lambda content: base64.b64encode(content).decode()


@dataclass(frozen=True)
class Report:
    """What the gates say of data. dataset: the name of the record that the data were held to.

    verdicts: one for each expectation. evidence: by split a frame with one row an image: id, label, all measures,
    and what it repeats or contradicts; empty if the gates could not run. pictures: by split and expectation a PNG
    of the rows that break it.
    """

    dataset: str
    verdicts: list[Verdict]
    evidence: dict[Split, pd.DataFrame]
    pictures: dict[tuple[str, str], bytes]

    @property
    def failures(self) -> list[Verdict]:
        """The verdicts that make the data fail, the most telling first."""
        return [verdict for verdict in formats.bad(self.verdicts) if verdict.fails]

    @property
    def passed(self) -> bool:
        """Whether no verdict makes the data fail."""
        return not self.failures

    def __str__(self) -> str:
        return f"{self.dataset}: {formats.summary(self.verdicts)}"

    def raise_for_failures(self) -> None:
        """Raise DataError if the data fail. Its text names the first failures."""
        if failures := self.failures:
            first = listed((f"{v.split}: {v.check}: expected {v.expected}, found {v.found}" for v in failures), 3)
            raise DataError(f"{self}: {first}")

    def to_json(self) -> str:
        """All verdicts with all their rows, as `check --format json` writes them."""
        return formats.as_json(self.verdicts)

    def to_html(self) -> str:
        """A whole page: what failed, with pictures of the rows, and what passed. It needs no other file."""
        bad = [
            ("FAIL" if v.fails else v.severity, v, self.pictures.get((v.split, v.expected)))
            for v in formats.bad(self.verdicts)
        ]
        good = [verdict for verdict in self.verdicts if verdict.success]
        return PAGES.get_template("page").render(
            title=f"Gates of {self.dataset}", summary=formats.summary(self.verdicts), bad=bad, good=good
        )

    def _repr_html_(self) -> str:
        """The page in a frame, for a notebook."""
        return PAGES.get_template("frame").render(page=self.to_html())


def of(
    data: str | Path | Mapping[Split, tuple[Any, Any]],
    record: str | Path | Dataset,
    split: Split | None,
    checksums: bool,
    seed: int,
) -> Report:
    """The report on data; see `pipeline.gates.check`."""
    dataset = record if isinstance(record, Dataset) else records.find(str(record))
    place = _of_arrays(data, dataset) if isinstance(data, Mapping) else Path(data)
    judged = folder.check(dataset, place, checksums, seed, split=split, pictures=True)
    evidence = {part: own.rows for part, own in judged.evidence.items()}
    return Report(dataset.name, judged.verdicts, evidence, judged.pictures)


def _of_arrays(data: Mapping[Split, tuple[Any, Any]], dataset: Dataset) -> Form:
    """Arrays as a form. They lie as in the raw files."""
    shape = flat_shape(dataset)
    return Form(
        "arrays",
        {
            split: in_blocks(np.asarray(images), np.asarray(labels), shape, split)
            for split, (images, labels) in data.items()
        },
        upright=False,
    )
