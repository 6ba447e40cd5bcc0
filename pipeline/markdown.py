"""Markdown in which what a record or a parameter brings is shown as text, never as markup."""

import html
import re
from collections.abc import Iterable

CODE = re.compile(r"`[^`]+`")


def table(rows: Iterable[Iterable[object]]) -> str:
    """The rows of a table, a line each; a cell that is all code keeps its signs, but for the bar."""
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in rows)


def _cell(value: object) -> str:
    text = str(value)
    if CODE.fullmatch(text):
        return text.replace("|", "\\|")
    return html.escape(text, quote=False).replace("|", "&#124;")
