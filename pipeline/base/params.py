"""params.yaml as frozen structs. A key that is unknown, missing or of a wrong type is an error."""

import math
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from pipeline.base.errors import ConfigError
from pipeline.base.structs import convert, read_yaml

Argument = bool | int | float | str | list[Any] | dict[Any, Any] | None


class Validation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The part of the training split that is held out to measure the validation error.

    rows: how many images, stratified by label. seed: which ones. by: "writer" holds out whole writers, so that no
    writer stands on both sides.
    """

    rows: Annotated[int, msgspec.Meta(ge=1)]
    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**32)]
    by: Literal["writer"] | None = None


class Train(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to train. arguments: all other keys of `train:`; the method gets them as they are."""

    method: str
    validation: Validation
    arguments: dict[str, Any]


class Gate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the gates look at the data.

    seed: deals the folds of the probe. expect, train, test: thresholds that replace those of the record in
    `expect`, `train.expect` and `test.expect`.
    """

    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**32)] = 0
    expect: dict[str, Any] = {}
    train: dict[str, Any] = {}
    test: dict[str, Any] = {}

    @property
    def changes(self) -> dict[str, dict[str, Any]]:
        """The thresholds that are other than the record's, under expect, train and test."""
        return {"expect": self.expect, "train": self.train, "test": self.test}


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that a user may change. provenance: whether to join who wrote each digit."""

    dataset: str
    gate: Gate
    train: Train
    provenance: bool = False


class Leaderboard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the methods are compared. rows: of train, to fit on, stratified by label; None for all of them."""

    rows: Annotated[int, msgspec.Meta(ge=1)] | None


class Generate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Deformed copies of the rows of train. rows: how many. seed: each seed gives others."""

    rows: Annotated[int, msgspec.Meta(ge=1, lt=2**31)]
    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**32)]


class Scale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The params of the pipeline in `scale/`."""

    generate: Generate


def load_scale(path: Path) -> Scale:
    """The params.yaml of the pipeline in `scale/`; raises the same errors as `load`."""
    return convert(read_yaml(path), Scale, path)


def load_leaderboard(path: Path) -> Leaderboard:
    """The params.yaml of the leaderboard; raises the same errors as `load`."""
    return convert(read_yaml(path), Leaderboard, path)


def load(path: Path) -> Params:
    """The content of params.yaml.

    Raises ConfigError if it is no YAML or has a fault, UnavailableError if there is no such file.
    """
    content = read_yaml(path)
    if isinstance(content, dict) and isinstance(train := content.get("train"), dict):
        own = {key: value for key, value in train.items() if key in {"method", "validation"}}
        rest = {key: value for key, value in train.items() if key not in own}
        for key, value in rest.items():
            _require_plain(value, f"{path}: train.{key}")
        content["train"] = own | {"arguments": rest}
    return convert(content, Params, path)


def _require_plain(value: Any, where: str) -> None:
    """Raise ConfigError for an argument that is no plain value, and no list or mapping of plain values."""
    if isinstance(value, list):
        for place, part in enumerate(value):
            _require_plain(part, f"{where}[{place}]")
    elif isinstance(value, dict):
        for key, part in value.items():
            _require_plain(key, f"{where}: key")
            _require_plain(part, f"{where}.{key}")
    elif not isinstance(value, bool | int | float | str | None) or (
        isinstance(value, float) and math.isnan(value)
    ):
        expected = "text, a number, true, false, null, or a list or mapping of these"
        raise ConfigError(f"{where}: expected {expected}, found {value!r} ({type(value).__name__})")
