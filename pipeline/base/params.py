"""params.yaml as frozen structs. A key that is unknown, missing or of a wrong type is an error."""

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from pipeline.base.structs import convert, read_yaml

Argument = bool | int | float | str | list[Any] | None


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
    arguments: dict[str, Argument]


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
        content["train"] = own | {"arguments": rest}
    return convert(content, Params, path)
