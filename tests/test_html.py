"""Every value is escaped, in HTML and in SVG, and a missing name is an error."""

import pytest
from jinja2 import UndefinedError

from pipeline.base import html

HOSTILE = "<script>alert('1')</script> & \"x\""


def test_every_value_is_escaped_in_text_and_in_attributes() -> None:
    page = html.templates({"page": '<p title="{{ value }}">{{ value }}</p>'}).get_template("page")
    shown = page.render(value=HOSTILE)
    assert shown.count("<") == 2
    assert shown.count('"') == 2
    assert "&lt;script&gt;" in shown


def test_a_name_that_is_not_given_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="value"):
        html.templates({"page": "{{ value }}"}).get_template("page").render()


def test_a_template_extends_another_by_name() -> None:
    pages = html.templates({"base": "<b>{% block body %}{% endblock %}</b>", "page": '{% extends "base" %}'
                            "{% block body %}{{ value }}{% endblock %}"})  # fmt: skip
    assert pages.get_template("page").render(value="<") == "<b>&lt;</b>"
