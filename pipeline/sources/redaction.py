"""Messages without the secrets that addresses hold: user, password, query and fragment."""

import re
import urllib.parse

SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*://"
ADDRESS = re.compile(rf"{SCHEME}(?:(?!{SCHEME}).)*")
CHAIN = re.compile(rf"::(?={SCHEME}|/|$)")  # fsspec: one address inside another
END = re.compile(r"""[])}>'",.;:]*$""")  # belongs to the sentence around an address


def without_secrets(text: str) -> str:
    """The text on one line. Its addresses have no user and password, and `...` for their query and fragment.

    In doubt, more than a secret is left out: a message may lose a part of an address, but it shows no secret.
    """
    return " ".join(map(_word, text.split()))


def _word(word: str) -> str:
    # A query may hold anything, also other addresses. So it goes first, up to the end of the word.
    start = re.search(r"[?#]" if "://" in word else r"\?", word)
    place, secret = (word[: start.start()], word[start.start() + 1 :]) if start else (word, "")
    end = END.search(secret)
    hidden = secret[: end.start()] if end else secret
    if "://" not in word:  # a path with a query, or user:password@host
        shown = re.sub(r"[^\s'\"(=]+:.*@", "...@", place)
    else:
        shown = "::".join(ADDRESS.sub(lambda found: _place(found[0], hidden), part) for part in CHAIN.split(place))
    if not start:
        return shown
    return shown + start[0] + ("..." if hidden else "") + (end[0] if end else "")


def _place(address: str, query: str) -> str:
    """An address without its user and password. query: what follows it in the word.

    A password may hold signs that it should not hold: then `/`, `?` or `#` end the part that looks like the host.
    """
    scheme, _, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    if "@" in host:
        return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
    if ":" in host and "@" in path:
        return f"{scheme}://...@{path.rpartition('@')[2]}"
    if "@" in query and (not slash or not _is_host(address)):
        return f"{scheme}://..."
    return address


def _is_host(address: str) -> bool:
    """Whether the part of an address before its path is a host, with or without a port."""
    try:
        parts = urllib.parse.urlsplit(address)
        return parts.port is None or parts.port > 0
    except ValueError:
        return False
