"""The method that a name stands for: found, built with its arguments, and recorded by what it is made of."""

import ast
import contextlib
import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from pipeline import imports, methods
from pipeline.errors import ConfigError, DataError, UnavailableError, listed
from pipeline.files import sha256
from pipeline.params import Argument

PACKAGES = ["numpy", "scikit-learn", "scipy"]  # what computes the estimators of this project
INTERFACE = ["fit", "predict", "get_params"]


def names() -> list[str]:
    """The methods that are files of this project."""
    return sorted(module.name for module in pkgutil.iter_modules(methods.__path__))


def source(name: str) -> Path:
    """The file of a method."""
    return Path(methods.__path__[0]) / f"{name}.py"


def description(name: str) -> str:
    """The first line of a method's docstring, read without running the module, or of its class's."""
    if ":" in name:
        return (inspect.getdoc(_class(name)) or "").partition("\n")[0]
    return (ast.get_docstring(ast.parse(source(name).read_bytes())) or "").partition("\n")[0]


def load(name: str) -> Any:
    """The module of a method of this project; ConfigError where there is none."""
    if name not in names():
        others = "or package.module:Class of an installed package"
        raise ConfigError(f"train.method: expected one of {listed(names(), 99)}, {others}, found {name!r}")
    return importlib.import_module(f"{methods.__name__}.{name}")


def missing(name: str) -> list[str]:
    """The packages that a method needs and that are not installed."""
    required = getattr(load(name), "REQUIRES", ())
    return [package for package in required if importlib.util.find_spec(package) is None]


def package(name: str) -> str | None:
    """The package of a method that is named as package.module:Class; None for a method of this project."""
    return name.partition(".")[0].partition(":")[0] if ":" in name else None


def build(name: str, arguments: Mapping[str, Argument]) -> Any:
    """The estimator of a method; an argument that is None keeps the method's own value.

    name: a module in pipeline/methods, or package.module:Class of an installed package. Raises ConfigError for an
    unknown method and for arguments that it does not take or cannot use, UnavailableError for a missing package.
    """
    make = _class(name) if ":" in name else load(name).estimator
    given = {key: value for key, value in arguments.items() if value is not None}
    takes = inspect.signature(make).parameters
    open_ended = any(parameter.kind is parameter.VAR_KEYWORD for parameter in takes.values())
    if not open_ended and (unknown := sorted(given.keys() - takes.keys())):
        raise ConfigError(f"train: method {name} takes {listed(takes, 99)}; found {listed(unknown, 99)}")
    if ":" in name:
        return _constructed(name, make, given)
    if absent := missing(name):
        raise UnavailableError(f"method {name} needs {listed(absent)}; run `pip install {' '.join(absent)}`")
    return make(**{key: _checked(key, value, takes[key].annotation) for key, value in given.items()})


def record(name: str, arguments: Mapping[str, Argument]) -> dict[str, Any]:
    """What a method is made of: arguments, the SHA-256 of each of its source files, versions of its packages."""
    packages = [] if ":" in name else list(PACKAGES)
    if name_of_package := package(name):
        found = metadata.packages_distributions().get(name_of_package)
        if not found:
            hint = "write a method of your own as pipeline/methods/NAME.py"
            raise ConfigError(f"train.method: {name}: {name_of_package} is no installed package; {hint}")
        packages += found
    code = [] if ":" in name else sorted(imports.closure(source(name)))
    return {
        "method": name,
        "arguments": {key: value for key, value in arguments.items() if value is not None},
        "code": {path.relative_to(imports.ROOT).as_posix(): sha256(path) for path in code},
        "packages": {package: metadata.version(package) for package in sorted(set(packages))},
    }


def read(path: Path) -> dict[str, Any]:
    """A record, from a file."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except FileNotFoundError:
        raise UnavailableError(f"{path}: not found; run `dvc repro`") from None
    except msgspec.DecodeError as error:
        raise DataError(f"{path}: expected a method's record, found: {error}") from None


@contextlib.contextmanager
def held(path: Path, name: str, arguments: Mapping[str, Argument]) -> Iterator[None]:
    """Raise unless the record in a file is that of the method, as it is now and as it still is at the end.

    DVC knows a method's code by that file alone.
    """
    _compare(path, name, arguments)
    yield
    _compare(path, name, arguments)


def _compare(path: Path, name: str, arguments: Mapping[str, Argument]) -> None:
    recorded, now = read(path), record(name, arguments)
    if parts := [part for part in now if recorded.get(part) != now[part]]:
        raise ConfigError(f"{path}: not of method {name} as it is now ({listed(parts)}); run `dvc repro`")


def _class(name: str) -> Any:
    """The class that package.module:Class names."""
    module, _, kind = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), kind)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"train.method: expected package.module:Class, found {name!r}: {error}") from None
    if not isinstance(found, type) or not all(hasattr(found, part) for part in INTERFACE):
        raise ConfigError(f"train.method: {name}: expected a scikit-learn classifier, found {found!r}")
    return found


def _constructed(name: str, kind: Any, arguments: Mapping[str, Argument]) -> Any:
    """An object of the class, its arguments checked by its own rules where it has them as scikit-learn does."""
    from sklearn.base import is_classifier

    try:
        estimator = kind(**arguments)
        if not is_classifier(estimator):
            raise ConfigError(f"train.method: {name}: expected a classifier, found {estimator!r}")
        if hasattr(estimator, "_parameter_constraints"):
            estimator._validate_params()
    except (TypeError, ValueError) as error:
        raise ConfigError(f"train: {name}: {error}") from None
    return estimator


def _checked(key: str, value: Argument, kind: Any) -> Any:
    """The value as the type, and within the bounds, that the method's annotation says."""
    try:
        return value if kind is inspect.Parameter.empty else msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"train.{key}: {error}; found {value!r}") from None
