"""params.yaml may change each threshold of a record by its name. Each change is reported."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.base import records
from pipeline.base.errors import ConfigError
from pipeline.base.params import Gate
from pipeline.base.thresholds import ImageMeasures, Thresholds, differences, merged
from pipeline.gates.evidence.measures import measure

MNIST = records.load("mnist")
PARAMS = Path("params.yaml")


@pytest.mark.parametrize(
    ("record", "changes", "expected"),
    [
        ({"a": 1, "b": 2}, {"b": 3}, {"a": 1, "b": 3}),
        ({"a": 1}, {}, {"a": 1}),
        ({"a": {"b": 1, "c": {"d": 2, "e": 3}}}, {"a": {"c": {"e": 4}}}, {"a": {"b": 1, "c": {"d": 2, "e": 4}}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),  # a list is one value
        ({"a": 1}, {"b": {"c": 2}}, {"a": 1, "b": {"c": 2}}),
        ({"a": {"b": 1}}, {"a": 5}, {"a": 5}),
        ({"a": 5}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
)
def test_changes_are_laid_over_key_by_key(record: Any, changes: Any, expected: Any) -> None:
    before = msgspec.json.encode(record)
    assert merged(record, changes) == expected
    assert msgspec.json.encode(record) == before


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        ((0, 10), (0, 11), "looser"),
        ((0, 10), (-1, 10), "looser"),
        ((0, 10), (-1, 11), "looser"),
        ((0, 10), (0, 9), "tighter"),
        ([0, 10], [1, 9], "tighter"),
        ((0, 10), (1, 11), "moved"),
        ((0.0, 1.0), (-0.5, 0.5), "moved"),
        (5, 6, "looser"),
        (5, 4, "tighter"),
        (6.0, 6.5, "looser"),
        ("a", "b", "changed"),
        (("a",), ("b",), "changed"),
        (((0, 1), (0, 1)), ((0, 1), (0, 2)), "looser"),
    ],
)
def test_a_change_is_looser_tighter_or_moved(before: Any, after: Any, direction: str) -> None:
    (line,) = differences({"x": before}, {"x": after}, "train")
    assert line.startswith("train.x")
    assert line.endswith(f": {direction}")


def test_each_changed_leaf_has_a_line_with_its_path_and_both_values() -> None:
    before = {"a": {"b": (0, 1), "c": 2}, "d": 3, "e": 4}
    after = {"a": {"b": (0, 2), "c": 2}, "d": 1, "e": 4}
    assert differences(before, after, "train") == [
        "train.a.b is [0, 2], in the record [0, 1]: looser",
        "train.d is 1, in the record 3: tighter",
    ]
    assert differences(before, before, "train") == []


def test_long_values_are_cut() -> None:
    (line,) = differences({"references": ("x" * 500,)}, {"references": ("y" * 500,)}, "expect")
    assert len(line) < 200
    assert "..." in line


def test_no_change_changes_nothing() -> None:
    assert records.with_thresholds(MNIST, Gate().changes, PARAMS) == (MNIST, [])


def test_a_changed_threshold_is_in_the_dataset_and_said() -> None:
    gate = Gate(
        expect={"near": 2},
        train={"images": {"ink": {"mean": [130, 150]}}},
        test={"suspects": 3, "probe_error": [0.0, 0.02]},
    )
    changed, lines = records.with_thresholds(MNIST, gate.changes, PARAMS)
    assert changed.expect and changed.train.expect and changed.test.expect and MNIST.train.expect
    assert changed.expect.near == 2
    ink = MNIST.train.expect.images.ink
    assert changed.train.expect.images.ink == msgspec.structs.replace(ink, mean=(130, 150))
    assert (changed.test.expect.suspects, changed.test.expect.probe_error) == (3, (0.0, 0.02))
    before = MNIST.test.expect
    assert before
    (line,) = records.with_thresholds(MNIST, Gate(test={"only_warn": {"labels": "odd"}}).changes, PARAMS)[1]
    assert line == "test.only_warn is {'labels': 'odd'}, in the record not there: looser"
    assert lines == [
        "expect.near is 2, in the record 0: looser",
        f"train.images.ink.mean is [130.0, 150.0], in the record {list(ink.mean)}: looser",
        f"test.suspects is 3, in the record {before.suspects}: tighter",
        f"test.probe_error is [0.0, 0.02], in the record {list(before.probe_error)}: looser",
    ]
    assert changed.train.images == MNIST.train.images, "nothing but thresholds"


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        (Gate(expect={"nears": 2}), r"unknown field `nears` - at `\$.expect`"),
        (Gate(train={"images": {"inc": {}}}), r"unknown field `inc` - at `\$.train.expect.images`"),
        (Gate(test={"images": {"ink": {"min": 0}}}), r"unknown field `min` - at `\$.test.expect.images.ink`"),
        (Gate(expect={"near": -1}), r"Expected `int` >= 0 - at `\$.expect.near`"),
        (Gate(expect={"near": 1.5}), r"Expected `int`, got `float` - at `\$.expect.near`"),
        (Gate(train={"probe_error": [0.1]}), r"length 2, got 1 - at `\$.train.expect.probe_error`"),
        (Gate(train={"probe_error": 0.1}), r"Expected `array`, got `float` - at `\$.train.expect.probe_error`"),
        (Gate(test={"images": None}), r"Expected `object`, got `null` - at `\$.test.expect.images`"),
    ],
)
def test_what_is_no_threshold_is_named_with_its_key(gate: Gate, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{PARAMS}: .*{message}"):
        records.with_thresholds(MNIST, gate.changes, PARAMS)


def test_there_is_a_threshold_for_every_measure() -> None:
    import numpy as np

    assert ImageMeasures.__struct_fields__ == tuple(measure(np.zeros((1, 28, 28), np.uint8)))


def test_every_threshold_of_mnist_is_a_range_that_holds_something() -> None:
    def ranges(tree: Any, path: str) -> list[tuple[str, Any]]:
        if isinstance(tree, dict):
            return [found for key in tree for found in ranges(tree[key], f"{path}.{key}")]
        return [(path, tree)] if isinstance(tree, tuple | list) and len(tree) == 2 else []

    found = ranges({split: msgspec.to_builtins(record.expect) for split, record in MNIST.splits.items()}, "")
    assert len(found) == 2 * (2 * len(ImageMeasures.__struct_fields__) + 2)
    assert [path for path, (low, high) in found if not low <= high] == []
    assert Thresholds.__struct_config__.frozen
