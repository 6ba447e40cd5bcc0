"""Markdown in which every text is shown as text, never as markup. This is the only place that escapes Markdown."""

import html
import re
from collections.abc import Iterable

CODE = re.compile(r"`[^`]+`")
SIGNS = {ord(sign): f"&#{ord(sign)};" for sign in "|`*_[]~$\\"}
# GitHub looks for mentions, issues and emoji after it has resolved entities. Only an empty space, U+200B, helps.
SIGNS |= {ord(sign): f"{sign}&#8203;" for sign in "@#"}
EMOJI = re.compile(r":(?=[\w+-]+:)")
# GitHub makes a link of an address, also without any other sign.
ADDRESS = re.compile(r":(?=[^\s&])|(?<=\bwww)\.", re.IGNORECASE)


def escaped(text: object) -> str:
    """Any text as a part of one line, without anything that Markdown, HTML or GitHub take for markup."""
    line = html.escape(" ".join(str(text).split()), quote=False).translate(SIGNS)
    return ADDRESS.sub(lambda sign: f"&#{ord(sign[0])};", EMOJI.sub(":&#8203;", line))


def table(rows: Iterable[Iterable[object]]) -> str:
    """The rows of a table, one line each. A cell that is all `code` stays code."""
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in rows)


def _cell(value: object) -> str:
    text = " ".join(str(value).split())
    if not CODE.fullmatch(text):
        return escaped(text)
    return f"<code>{escaped(text[1:-1])}</code>" if "|" in text else text  # in `code`, no escape is sure to work
