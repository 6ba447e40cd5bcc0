"""The methods by name: found, and built with their arguments."""

import ast
import contextlib
import importlib
import importlib.util
import inspect
import pkgutil
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

import pipeline
from pipeline.base.errors import ConfigError, PipelineError, UnavailableError, listed
from pipeline.base.params import Argument
from pipeline.models import imports

FOLDER = Path(pipeline.__file__).parent / "methods"
INTERFACE = ["fit", "predict", "get_params"]


def names() -> list[str]:
    """The names of the methods that are files of this project."""
    return sorted(module.name for module in pkgutil.iter_modules([str(FOLDER)]))


def source(name: str) -> Path:
    """The file of a method."""
    return FOLDER / f"{name}.py"


def description(name: str) -> str:
    """The first line of the docstring of a method, read without running it, or of an installed class."""
    if ":" in name:
        return (inspect.getdoc(_class(name)) or "").partition("\n")[0]
    return (ast.get_docstring(imports.parsed(source(name))) or "").partition("\n")[0]


def load(name: str, where: str = "method", others: str = "") -> Any:
    """The module of a method of this project.

    Raises ConfigError if there is no such method, or if the file is not a method. where: the start of the message;
    others: what else the name may be.
    """
    if name not in names():
        raise ConfigError(f"{where}: expected one of {listed(names(), 99)}{others}, found {name!r}")
    found = "no function `estimator`"
    try:
        module = importlib.import_module(f"pipeline.methods.{name}")
        if callable(getattr(module, "estimator", None)):
            return module
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a user's own file may raise anything
        if isinstance(error, ModuleNotFoundError) and (error.name or "pipeline").partition(".")[0] != "pipeline":
            raise  # a package that is not installed
        found = _raised(error)
    raise ConfigError(f"{imports.shown(source(name))}: expected a method, found {found}")


def required(name: str) -> tuple[str, ...]:
    """The packages that a method of this project needs beside scikit-learn; its file is read, not run.

    Raises ConfigError if REQUIRES is no list of names.
    """
    for node in imports.parsed(source(name)).body:
        if isinstance(node, ast.Assign) and [getattr(target, "id", "") for target in node.targets] == ["REQUIRES"]:
            try:
                return tuple(msgspec.convert(ast.literal_eval(node.value), list[str]))
            except (ValueError, TypeError):
                where, found = imports.shown(source(name)), ast.unparse(node.value)
                expected = "expected a list of names of packages"
                raise ConfigError(f"{where}: REQUIRES: {expected}, found {found}") from None
    return ()


def missing(name: str) -> list[str]:
    """The packages that a method of this project needs but that are not installed."""
    load(name)
    return [package for package in required(name) if importlib.util.find_spec(package) is None]


def package(name: str) -> str | None:
    """The package in the name of a method, package.module:Class; None for a method of this project."""
    return name.partition(".")[0].partition(":")[0] if ":" in name else None


def trusted(name: str) -> str | None:
    """Import the class of a method; return its package, for `store.load`. None for a method of this project."""
    if ":" in name:
        _class(name)
    return package(name)


def build(name: str, arguments: Mapping[str, Argument], shape: Sequence[int] | None = None) -> Any:
    """The unfitted estimator of a method. If an argument is None, the method uses its own value.

    name: a module in pipeline/methods, or package.module:Class of an installed package. shape: the shape of the
    images, (rows, columns) or (rows, columns, channels); only images that are square and grey do without it.
    Raises ConfigError for an unknown method and for arguments that the method does not take or cannot use,
    UnavailableError for a missing package.
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
    estimator = _constructed(name, make, given)
    if shape is not None:
        give_shape(estimator, tuple(shape))
    return estimator


def give_shape(estimator: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Tell an estimator, and the estimators inside it, the shape of their images; return the shape of its results.

    Without a shape an estimator takes its images for square and grey: see pipeline/estimators/images.py. A shape
    that it already has stays.
    """
    if hasattr(estimator, "steps"):
        for _, step in estimator.steps:
            shape = give_shape(step, shape)
        return shape
    parameters = estimator.get_params(deep=False) if hasattr(estimator, "get_params") else {}
    for value in parameters.values():
        if not isinstance(value, type):
            give_shape(value, shape)
    is_square_and_grey = len(shape) == 2 and shape[0] == shape[1]
    if "shape" in parameters and parameters["shape"] is None and not is_square_and_grey:
        estimator.set_params(shape=shape)
    after: tuple[int, ...] = estimator.shape_after(shape) if hasattr(estimator, "shape_after") else shape
    return after


def _class(name: str) -> Any:
    """The class that package.module:Class names."""
    module, _, kind = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), kind)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  (a package may raise anything at its import)
        is_plain = isinstance(error, ImportError | AttributeError | TypeError | ValueError)
        reason = str(error) if is_plain else _raised(error)
        raise ConfigError(f"train.method: expected package.module:Class, found {name!r}: {reason}") from None
    if not isinstance(found, type) or not all(hasattr(found, part) for part in INTERFACE):
        raise ConfigError(f"train.method: {name}: expected a scikit-learn classifier, found {found!r}")
    return found


def _parameters(name: str, make: Any) -> Mapping[str, inspect.Parameter]:
    """The parameters of a method. The annotations of a method of this project may be text."""
    try:
        return inspect.signature(make, eval_str=":" not in name).parameters
    except Exception as error:  # noqa: BLE001  (an annotation that is text is code of the user's)
        raise ConfigError(f"train.method: {name}: {_line(error)}") from None


def _constructed(name: str, make: Any, arguments: Mapping[str, Argument]) -> Any:
    """The estimator of a method, its arguments checked by its own rules if it has any as scikit-learn does."""
    try:
        estimator = make(**arguments)
        if not _is_classifier(estimator):
            raise ConfigError(f"train.method: {name}: expected a classifier, found {_line(repr(estimator))}")
        if hasattr(estimator, "_parameter_constraints"):
            estimator._validate_params()
    except (ConfigError, KeyboardInterrupt):
        raise
    except (TypeError, ValueError) as error:
        raise ConfigError(f"train: {name}: {_line(error)}") from None
    except BaseException as error:  # noqa: BLE001  (a user's own function may raise anything)
        raise ConfigError(f"train: {name}: {_raised(error)}") from None
    return estimator


@contextlib.contextmanager
def fitting(name: str) -> Iterator[None]:
    """Turn what the code of a method raises inside the block into a ConfigError: one line, with the place."""
    try:
        yield
    except (PipelineError, OSError, MemoryError, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001  (a user's own estimator may raise anything)
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}, line {place.lineno}"
        raise ConfigError(f"train: {name}: {_raised(error)} ({where})") from None


def _is_classifier(found: Any) -> bool:
    """Whether an object is an unfitted classifier with scikit-learn's tags; a class itself is not."""
    from sklearn.base import is_classifier

    if isinstance(found, type) or not all(hasattr(found, part) for part in [*INTERFACE, "__sklearn_tags__"]):
        return False
    try:
        return bool(is_classifier(found))
    except AttributeError:  # only the mixins of scikit-learn give these tags
        return False


def _raised(error: BaseException) -> str:
    """The type and the text of an error, in one line."""
    return f"{type(error).__name__}: {_line(error)}".removesuffix(": ")


def _line(text: object) -> str:
    """An object as text in one line."""
    return " ".join(str(text).split())


def _checked(key: str, value: Argument, kind: Any) -> Any:
    """The value of an argument, of the type and within the bounds of the method's annotation, or ConfigError."""
    try:
        return value if kind is inspect.Parameter.empty else msgspec.convert(value, kind)
    except (
        msgspec.ValidationError,
        TypeError,
    ) as error:  # TypeError for a type that msgspec does not know
        raise ConfigError(f"train.{key}: {error}; found {value!r}") from None
