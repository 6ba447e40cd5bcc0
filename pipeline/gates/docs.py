"""Data Docs that can be read offline: the site builder of Great Expectations with pages of this project.

The pages of Great Expectations load scripts and styles from other servers, and do not escape descriptions and
values. The pages here hold everything that they show, run no script, and escape every text.
"""

import base64
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult
from great_expectations.data_context import AbstractDataContext

from pipeline.base import html
from pipeline.base.outputs import naming
from pipeline.gates import docs_folder, results

MOST_ROWS = 24  # a page shows at most so many rows of an expectation
# Because of the policy, the browser itself refuses scripts and requests, whatever a page contains.
BASE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{% block title %}Data Docs{% endblock %}</title>
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
{% macro badge(failure) %}
{% if failure %}<b class="{{ failure.value }}">failed: {{ failure.value }}</b>
{% else %}<b class="passed">passed</b>{% endif %}
{% endmacro %}
{% block body %}{% endblock %}
</html>
"""
INDEX = """{% extends "base" %}
{% block body %}
<h1>Data Docs</h1>
<table>
  <tr><th>Suite</th><th>Result</th><th>Failed expectations</th><th>Validated (UTC)</th></tr>
  {% for address, result in content %}
  <tr><td><a href="{{ address }}">{{ result.suite_name }}</a></td>
    <td>{{ badge(result.get_max_severity_failure()) }}</td>
    <td>{{ result.statistics.unsuccessful_expectations }} of {{ result.statistics.evaluated_expectations }}</td>
    <td>{{ result.meta.run_id.run_time[:19] | replace("T", " ") }}</td></tr>
  {% endfor %}
</table>
{% endblock %}
"""
VALIDATION = """{% extends "base" %}
{% block title %}{{ content.suite_name }} - Data Docs{% endblock %}
{% block body %}
<p><a href="{{ "../" * (content.suite_name.count(".") + 4) }}index.html">All suites</a></p>
<h1>{{ content.suite_name }} {{ badge(content.get_max_severity_failure()) }}</h1>
<p>Validated {{ content.meta.run_id.run_time[:19] | replace("T", " ") }} UTC
  with Great Expectations {{ content.meta.great_expectations_version }}</p>
<h2>{{ content.statistics.unsuccessful_expectations }} failed</h2>
{% for result in content.results if not result.success %}
{% set name = result.expectation_config.description %}
{% set picture = pictures.get((content.suite_name, name)) %}
{% set broken = result.result.get("partial_unexpected_index_list") or [] %}
{% set rows = (broken | select("mapping") | list)[:most] %}
<section>
  <h3>{{ name }} {{ badge(result.expectation_config.severity) }}</h3>
  <p>Found: {{ result | found }}{% if rows and rows | length < result.result.unexpected_count -%}
    ; here are the first {{ rows | length }}{% endif %}</p>
  <p>Usually: {{ result | meaning }}</p>
  {% if picture %}
  <img alt="rows that break: {{ name }}" src="data:image/png;base64,{{ picture | base64 }}">
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
<h2>{{ content.statistics.successful_expectations }} passed</h2>
<table>
  <tr><th>Expectation</th><th>Found</th><th>Severity</th></tr>
  {% for result in content.results if result.success %}
  <tr><td>{{ result.expectation_config.description }}</td><td>{{ result | found }}</td>
    <td>{{ result.expectation_config.severity.value }}</td></tr>
  {% endfor %}
</table>
{% endblock %}
"""


PAGES = html.templates({"base": BASE, "index": INDEX, "validation": VALIDATION})
PAGES.filters["base64"] = lambda content: base64.b64encode(content).decode()
PAGES.filters["cell"] = lambda value: (
    "null" if value is None else f"{value:.10g}" if isinstance(value, float) else value
)
PAGES.filters["found"] = results.found
PAGES.filters["meaning"] = results.meaning


class Results:
    """A renderer of Great Expectations that gives the results themselves to the view."""

    def __init__(self, data_context: AbstractDataContext) -> None:
        self._context = data_context

    def render(self, content: Any) -> Any:
        """The result of a validation as it is; for the index, pairs of address and result, the oldest first."""
        if isinstance(content, ExpectationSuiteValidationResult):
            return content
        keys = ("expectation_suite_name", "run_id", "batch_identifier")
        links = reversed(content.get("validations_links", []))
        return [(link["filepath"], self._context.get_validation_result(*map(link.get, keys))) for link in links]


class Page:
    """A view of Great Expectations: the HTML of what `Results` gives."""

    def __init__(self, template: str, pictures: Mapping[tuple[str, str], bytes]) -> None:
        self._template, self._pictures = PAGES.get_template(template), pictures

    def render(self, content: Any, **_: Any) -> str:
        """The page. The other arguments of Great Expectations are about links in its own pages."""
        return self._template.render(content=content, pictures=self._pictures, most=MOST_ROWS)


def build(context: AbstractDataContext, folder: Path, pictures: Mapping[tuple[str, str], bytes]) -> None:
    """Write `folder`/index.html and a page for each validation of the context; remove the pages of earlier runs.

    pictures: PNG files, by name of the suite and description of the expectation; a page shows the picture of an
    expectation that failed. It also shows the rows that break it, if the result format names
    `unexpected_index_column_names`. Raises ConfigError if this program did not make the folder, and RuntimeError
    if a page could not be rendered.
    """

    def page(template: str) -> dict[str, Any]:
        view = {"module_name": __name__, "class_name": "Page", "template": template, "pictures": dict(pictures)}
        return {"renderer": {"module_name": __name__, "class_name": "Results"}, "view": view}

    site = {
        "class_name": "SiteBuilder",
        # A path and not a text: in a text, Great Expectations would replace names after a `$`.
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": folder.resolve()},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder", **page("index")},
        # The text "None" leaves a section out; the value None does not.
        "site_section_builders": {"expectations": "None", "profiling": "None", "validations": page("validation")},
    }
    context.variables.data_docs_sites = {"docs": site}
    docs_folder.claim(folder)
    shutil.rmtree(folder / "validations", ignore_errors=True)  # without this, pages of earlier runs stay
    with naming(folder):
        context.build_data_docs()
    shutil.rmtree(folder / "static")  # logos and fonts for pages of Great Expectations
    # If Great Expectations cannot render a page, it only logs it: then the index lacks a link, or is empty.
    if (folder / "index.html").read_text().count("<a href=") < len(context.validation_results_store.list_keys()):
        raise RuntimeError(f"Great Expectations could not render all Data Docs into {folder}; its log says why")
