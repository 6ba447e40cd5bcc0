"""Text in Markdown stays text: two readers show every sign of it, and make no markup of it."""

import html
import re

import mistune
import pytest
from markdown_it import MarkdownIt

from pipeline.describe.markdown import escaped, table

SPACE = "\N{ZERO WIDTH SPACE}"
TEXTS = [
    "plain words, 1.5 and 20%: no sign needs an escape",
    "*a* _b_ ~~c~~ `d` [e](f) ![g](h) $i$ \\* a|b",
    "<b>&amp;</b> <!-- c --> <https://e.example>",
    "https://a.example/b www.c.example WWW.d.example e@f.example",
    "@owner #12 owner/name#3 :+1: :smile: 12:30",
    "sklearn.svm:SVC; read_text_file; 2 * 3 * 4",
    "two\nlines\tand \u2028more",
]


def read(text: str) -> list[str]:
    """The text of a paragraph, as two readers of Markdown render it. An element of HTML stays in it."""
    second = mistune.create_markdown(escape=False, plugins=["table", "url", "strikethrough", "math", "footnotes"])
    pages = [MarkdownIt("commonmark").enable("table").render(text), str(second(text))]
    return [html.unescape(re.fullmatch(r"<p>(.*)</p>\s*", page, re.DOTALL)[1]) for page in pages]  # type: ignore[index]


@pytest.mark.parametrize("text", TEXTS)
def test_text_is_shown_as_it_is_and_no_sign_is_markup(text: str) -> None:
    for shown in read(f"before {escaped(text)} after"):
        assert shown.replace(SPACE, "") == f"before {' '.join(text.split())} after"


@pytest.mark.parametrize("text", ["@owner", "#12", "a@b", "x#1"])
def test_what_github_looks_for_is_broken_by_an_empty_space(text: str) -> None:
    assert not re.search(r"[@#]\w", read(escaped(text))[0])


def test_words_stay_readable_in_the_source() -> None:
    assert escaped("NIST's partition: 0 to 3, 1.5%") == "NIST's partition: 0 to 3, 1.5%"


@pytest.mark.parametrize("value", ["a|b", "a\\|b", "two\nlines", "`a` | `b`", "|", "x`y", "<i>"])
def test_a_cell_never_ends_early_and_shows_its_value(value: str) -> None:
    for cell in (value, f"`{value}`"):
        rows = f"| a | b |\n|---|---|\n{table([(cell, 'last')])}\n"
        page = MarkdownIt("commonmark").enable("table").render(rows)
        found = re.findall(r"<td>(.*?)</td>", page)
        assert len(found) == 2, page
        shown = html.unescape(re.sub("</?code>", "", found[0]))
        assert shown.strip("`") == " ".join(value.split()).strip("`")
        assert found[1] == "last"


def test_a_table_has_a_line_for_each_row() -> None:
    assert table([("a", 1), ("`b_c`", None)]) == "| a | 1 |\n| `b_c` | None |"
    assert table([]) == ""
