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


class Record(msgspec.Struct, frozen=True):
    """What a method is made of, as a file has it; `record` gives the same."""

    method: str
    arguments: dict[str, Any]
    code: dict[str, str]
    packages: dict[str, str]


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
    return (ast.get_docstring(imports.parsed(source(name))) or "").partition("\n")[0]


def load(name: str, where: str = "method", others: str = "") -> Any:
    """The module of a method of this project; ConfigError, which says `where` and `others`, if there is none."""
    if name not in names():
        raise ConfigError(f"{where}: expected one of {listed(names(), 99)}{others}, found {name!r}")
    found = "no function `estimator`"
    try:
        module = importlib.import_module(f"{methods.__name__}.{name}")
        if callable(getattr(module, "estimator", None)):
            return module
    except Exception as error:  # a user's own file may raise anything
        if isinstance(error, ModuleNotFoundError) and (error.name or "pipeline").partition(".")[0] != "pipeline":
            raise  # a package that is not installed
        found = f"{type(error).__name__}: {_line(error)}"
    raise ConfigError(f"{imports.shown(source(name))}: expected a method, found {found}")


def missing(name: str) -> list[str]:
    """The packages that a method of this project needs and that are not installed."""
    required = getattr(load(name), "REQUIRES", ())
    return [package for package in required if importlib.util.find_spec(package) is None]


def package(name: str) -> str | None:
    """The package of a method that is named as package.module:Class; None for a method of this project."""
    return name.partition(".")[0].partition(":")[0] if ":" in name else None


def trusted(name: str) -> str | None:
    """The package of a method, its class imported, as `model.load` asks; None for a method of this project."""
    if ":" in name:
        _class(name)
    return package(name)


def build(name: str, arguments: Mapping[str, Argument]) -> Any:
    """The estimator of a method; an argument that is None keeps the method's own value.

    name: a module in pipeline/methods, or package.module:Class of an installed package. Raises ConfigError for an
    unknown method and for arguments that it does not take or cannot use, UnavailableError for a missing package.
    """
    others = ", or package.module:Class of an installed package"
    make = _class(name) if ":" in name else load(name, "train.method", others).estimator
    given = {key: value for key, value in arguments.items() if value is not None}
    takes = _parameters(name, make)
    open_ended = any(parameter.kind is parameter.VAR_KEYWORD for parameter in takes.values())
    if not open_ended and (unknown := sorted(given.keys() - takes.keys())):
        raise ConfigError(f"train: method {name} takes {listed(takes, 99)}; found {listed(unknown, 99)}")
    if ":" not in name:
        if absent := missing(name):
            raise UnavailableError(f"method {name} needs {listed(absent)}; run `pip install {' '.join(absent)}`")
        given = {
            key: _checked(key, value, takes[key].annotation) if key in takes else value
            for key, value in given.items()
        }
    return _constructed(name, make, given)


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


def read(path: Path) -> Record:
    """A record, from a file."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except FileNotFoundError:
        raise UnavailableError(f"{path}: not found; run `dvc repro`") from None
    except (ValueError, RecursionError) as error:
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
    if parts := [part for part in now if getattr(recorded, part) != now[part]]:
        # `dvc repro` alone records nothing anew where only a package's version is another: DVC does not see that.
        again = "dvc repro --force --single-item method"
        if path.stem == name:  # a record of the leaderboard's
            again = f"python -m pipeline methods --records {path.parent}"
        raise ConfigError(f"{path}: not of method {name} as it is now ({listed(parts)}); run `{again}`")


def _class(name: str) -> Any:
    """The class that package.module:Class names."""
    module, _, kind = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), kind)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise ConfigError(f"train.method: expected package.module:Class, found {name!r}: {error}") from None
    if not isinstance(found, type) or not all(hasattr(found, part) for part in INTERFACE):
        raise ConfigError(f"train.method: {name}: expected a scikit-learn classifier, found {found!r}")
    return found


def _parameters(name: str, make: Any) -> Mapping[str, inspect.Parameter]:
    """What a method takes; the annotations of a method of this project may be text."""
    try:
        return inspect.signature(make, eval_str=":" not in name).parameters
    except (NameError, TypeError, ValueError) as error:
        raise ConfigError(f"train.method: {name}: {_line(error)}") from None


def _constructed(name: str, make: Any, arguments: Mapping[str, Argument]) -> Any:
    """What a method makes, its arguments checked by its own rules where it has them as scikit-learn does."""
    try:
        estimator = make(**arguments)
        if not _is_classifier(estimator):
            raise ConfigError(f"train.method: {name}: expected a classifier, found {_line(repr(estimator))}")
        if hasattr(estimator, "_parameter_constraints"):
            estimator._validate_params()
    except (TypeError, ValueError) as error:
        raise ConfigError(f"train: {name}: {_line(error)}") from None
    return estimator


def _is_classifier(found: Any) -> bool:
    """Whether it is an unfitted classifier as scikit-learn has them, no class and nothing without their tags."""
    from sklearn.base import is_classifier

    if isinstance(found, type) or not all(hasattr(found, part) for part in [*INTERFACE, "__sklearn_tags__"]):
        return False
    try:
        return bool(is_classifier(found))
    except AttributeError:  # tags that only mixins bring
        return False


def _line(text: object) -> str:
    """The text in one line."""
    return " ".join(str(text).split())


def _checked(key: str, value: Argument, kind: Any) -> Any:
    """The value as the type, and within the bounds, that the method's annotation says."""
    try:
        return value if kind is inspect.Parameter.empty else msgspec.convert(value, kind)
    except (msgspec.ValidationError, TypeError) as error:  # TypeError for an annotation that says no such type
        raise ConfigError(f"train.{key}: {error}; found {value!r}") from None
