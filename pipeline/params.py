"""params.yaml as frozen structs; an unknown, missing or ill-typed key is an error."""

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from pipeline.files import convert, read_yaml

Argument = bool | int | float | str | list[Any] | None


class Validation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The part of the training split that is held out to measure the validation error.

    rows: how many images, stratified by label; seed: which ones; by: "writer" where none may have written on both
    sides.
    """

    rows: Annotated[int, msgspec.Meta(ge=1)]
    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**32)]
    by: Literal["writer"] | None = None


class Train(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to train. `arguments` are all other keys of `train:`, handed to the method as they are."""

    method: str
    validation: Validation
    arguments: dict[str, Argument]


class Gate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the gates look. seed: deals the folds of the probe.

    expect, train, test: thresholds other than the record's, laid over its `expect`, `train.expect`, `test.expect`.
    """

    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**32)] = 0
    expect: dict[str, Any] = {}
    train: dict[str, Any] = {}
    test: dict[str, Any] = {}


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that a user may change. provenance: whether who wrote each digit is joined."""

    dataset: str
    gate: Gate
    train: Train
    provenance: bool = False


class Leaderboard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the methods are compared. rows: fit on a stratified part of train; None is all of it."""

    rows: Annotated[int, msgspec.Meta(ge=1)] | None


def load_leaderboard(path: Path) -> Leaderboard:
    """Read the leaderboard's params.yaml; it raises as `load`."""
    return convert(read_yaml(path), Leaderboard, path)


def load(path: Path) -> Params:
    """Read params.yaml.

    Raises ConfigError for a file that is no YAML or does not fit, UnavailableError where it is missing.
    """
    content = read_yaml(path)
    if isinstance(content, dict) and isinstance(train := content.get("train"), dict):
        own = {key: value for key, value in train.items() if key in {"method", "validation"}}
        rest = {key: value for key, value in train.items() if key not in own}
        content["train"] = own | {"arguments": rest}
    return convert(content, Params, path)
