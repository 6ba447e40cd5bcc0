"""The report as HTML pages that can be read offline: an index, and a page for each suite.

The pages of Great Expectations load scripts and styles from other servers, and do not escape descriptions and
values. The pages here hold everything that they show, run no script, and escape every text.
"""

import base64
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from pipeline.base import html
from pipeline.base.outputs import Outputs
from pipeline.gates import docs_folder
from pipeline.gates.results import Results
from pipeline.gates.verdicts import Verdict

# Because of the policy, the browser itself refuses scripts and requests, whatever a page contains.
BASE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{% block title %}Report of the gates{% endblock %}</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
  table { border-collapse: collapse; margin: .7rem 0 }
  th, td { padding: .2rem .7rem; text-align: left; overflow-wrap: anywhere }
  th, td, section { border: 1px solid #8886 }
  th { background: #8882 }
  section { border-radius: .5rem; padding: .2rem 1rem; margin: 1rem 0 }
  img { display: block; max-width: 100% }
  b { border-radius: 1rem; padding: .1rem .7rem; color: #fff; font: .9rem sans-serif; white-space: nowrap }
  .passed { background: #1b7837 } .critical { background: #b3261e }
  .warning { background: #8f5600 } .info { background: #1a5fb4 }
</style>
{% macro badge(severity) %}
{% if severity %}<b class="{{ severity }}">failed: {{ severity }}</b>
{% else %}<b class="passed">passed</b>{% endif %}
{% endmacro %}
{% block body %}{% endblock %}
</html>
"""
INDEX = """{% extends "base" %}
{% block body %}
<h1>Report of the gates</h1>
<p>Validated {{ validated }}</p>
<table>
  <tr><th>Suite</th><th>Result</th><th>Failed expectations</th></tr>
  {% for part in found %}
  <tr><td><a href="{{ part | address | urlencode }}">{{ part.suite }}</a></td>
    <td>{{ badge(part.verdicts | worst) }}</td>
    <td>{{ part.verdicts | rejectattr("success") | list | length }} of {{ part.verdicts | length }}</td></tr>
  {% endfor %}
</table>
{% endblock %}
"""
SUITE = """{% extends "base" %}
{% block title %}{{ part.suite }} - Report of the gates{% endblock %}
{% block body %}
<p><a href="../index.html">All suites</a></p>
<h1>{{ part.suite }} {{ badge(part.verdicts | worst) }}</h1>
<p>Validated {{ validated }}</p>
<h2>{{ part.verdicts | rejectattr("success") | list | length }} failed</h2>
{% for verdict in part.verdicts if not verdict.success %}
{% set picture = pictures.get((verdict.split, verdict.expected)) %}
{% set rows = part.tables[verdict.expected] %}
<section>
  <h3>{{ verdict.expected }} {{ badge(verdict.severity) }}</h3>
  <p>Found: {{ verdict.found }}{% if rows and rows | length < verdict.rows | length -%}
    ; here are the first {{ rows | length }}{% endif %}</p>
  <p>Usually: {{ verdict.usually }}</p>
  {% if picture %}
  <img alt="rows that break: {{ verdict.expected }}" src="data:image/png;base64,{{ picture | base64 }}">
  {% endif %}
  {% if rows %}
  <table>
    <tr>{% for column in rows[0] %}<th>{{ column }}</th>{% endfor %}</tr>
    {% for row in rows %}
    <tr>{% for value in row.values() %}<td>{{ value | cell }}</td>{% endfor %}</tr>
    {% endfor %}
  </table>
  {% endif %}
</section>
{% endfor %}
<h2>{{ part.verdicts | selectattr("success") | list | length }} passed</h2>
<table>
  <tr><th>Expectation</th><th>Found</th><th>Severity</th></tr>
  {% for verdict in part.verdicts if verdict.success %}
  <tr><td>{{ verdict.expected }}</td><td>{{ verdict.found }}</td><td>{{ verdict.severity }}</td></tr>
  {% endfor %}
</table>
{% endblock %}
"""
SEVERITIES = ("critical", "warning", "info")


def worst(verdicts: Sequence[Verdict]) -> str | None:
    """The highest severity of what failed; None if nothing did."""
    return min((v.severity for v in verdicts if not v.success), key=SEVERITIES.index, default=None)


def address(results: Results) -> str:
    """The path of the page of a suite, from the folder of the index."""
    return f"validations/{results.suite}.html"


PAGES = html.templates({"base": BASE, "index": INDEX, "suite": SUITE})
PAGES.filters["address"] = address
PAGES.filters["base64"] = lambda content: base64.b64encode(content).decode()
PAGES.filters["cell"] = lambda value: (
    "null" if pd.isna(value) else f"{value:.10g}" if isinstance(value, float) else value
)
PAGES.filters["worst"] = worst


def build(folder: Path, found: Sequence[Results], pictures: Mapping[tuple[str, str], bytes]) -> None:
    """Write `folder`/index.html and a page for each suite; remove the pages of earlier runs.

    pictures: PNG files, by split and expectation; a page shows the picture of an expectation that failed, and the
    first rows that break it. Raises ConfigError if this program did not make the folder.
    """
    docs_folder.claim(folder)
    validated = (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC with Great Expectations {version('great_expectations')}"
    )
    shown = {"found": found, "validated": validated, "pictures": pictures}
    pages = {address(part): PAGES.get_template("suite").render(part=part, **shown) for part in found}
    pages["index.html"] = PAGES.get_template("index").render(**shown)
    shutil.rmtree(folder / "validations", ignore_errors=True)  # without this, pages of earlier runs stay
    with Outputs() as out:
        for name, page in pages.items():
            out.text(folder / name, page)
