"""The methods that params.yaml can name: one module a method.

A method's module has a docstring whose first line describes it, and a function `estimator` that takes the
method's arguments, each with a default, and returns an unfitted scikit-learn classifier of uint8[n, pixels].
Annotated types say what an argument may be: it is checked before any data is read.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from pipeline.errors import ConfigError, listed
from pipeline.params import Argument

Positive = Annotated[float, msgspec.Meta(gt=0, le=1e9)]
Count = Annotated[int, msgspec.Meta(ge=1)]


def names() -> list[str]:
    """The methods there are."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def build(name: str, arguments: Mapping[str, Argument]) -> Any:
    """The estimator of a method; an argument that is None keeps the method's own value.

    Raises ConfigError for an unknown method, and for arguments that the method does not take or cannot use.
    """
    if name not in names():
        raise ConfigError(f"train.method: expected one of {listed(names(), 99)}, found {name!r}")
    make = importlib.import_module(f"{__name__}.{name}").estimator
    given = {key: value for key, value in arguments.items() if value is not None}
    takes = inspect.signature(make).parameters
    if unknown := sorted(given.keys() - takes.keys()):
        raise ConfigError(f"train: method {name} takes {listed(takes, 99)}; found {listed(unknown, 99)}")
    return make(**{key: _checked(key, value, takes[key].annotation) for key, value in given.items()})


def _checked(key: str, value: Argument, kind: Any) -> Any:
    """The value as the type, and within the bounds, that the method's annotation says."""
    try:
        return value if kind is inspect.Parameter.empty else msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"train.{key}: {error}; found {value!r}") from None
