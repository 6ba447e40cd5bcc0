"""Templates of Jinja that escape every value. This is the only place where text becomes HTML or SVG."""

from collections.abc import Mapping

from jinja2 import DictLoader, Environment, StrictUndefined


def templates(texts: Mapping[str, str]) -> Environment:
    """An environment with the given templates, by name. It escapes every value; a missing name is an error."""
    return Environment(
        loader=DictLoader(texts), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
