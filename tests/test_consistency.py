"""A record whose parts contradict each other is refused, and the message names the part."""

import functools
import operator
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import writers
import yaml
from conftest import write_tiny
from published import RAW_NAMES

from pipeline.base import records
from pipeline.base.errors import ConfigError

PLACE = {"bytes": 1, "sha256": "0" * 64, "members": dict.fromkeys(RAW_NAMES[:3], "x")}


def without(split: str, key: str) -> Callable[[dict[str, Any]], object]:
    return lambda record: record[split].pop(key)


def put(value: object, *keys: str) -> Callable[[dict[str, Any]], object]:
    """A function that sets the value at the end of the keys."""
    *parents, last = keys
    return lambda record: functools.reduce(operator.getitem, parents, record).update({last: value})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            put([100, 100, 101], "train", "class_counts"),
            "train.labels.bytes: expected 309 for 301 rows, found 308",
        ),
        (
            put(235_217, "train", "images", "bytes"),
            "train.images.bytes: expected 235,216 for 300 rows, found 235,217",
        ),
        (put([100, 200], "train", "class_counts"), "train.class_counts: expected 3, one for each class, found 2"),
        (put(None, "test", "labels", "sha256"), "test.labels: expected sha256 or packed, found neither"),
        (put(5, "test", "labels", "bytes"), "test.labels.bytes: expected 9 or more, for a row, found 5"),
        (put(8, "test", "labels", "bytes"), "test.labels.bytes: expected 9 or more, for a row, found 8"),
        (
            put({"name": "who", "bytes": 9612, "packed": None}, "provenance", "train", "file"),
            "provenance.train.file: expected sha256 or packed, found neither",
        ),
        (
            put(61, "provenance", "test", "writers"),
            "provenance.test.writers: expected at most 60, the rows, found 61",
        ),
        (
            put({"url": "u", **PLACE}, "archive"),
            "archive.members: expected one a file, found none for t10k-labels-idx1-ubyte",
        ),
        (
            put({"project": "p", "file": "f", **PLACE}, "package"),
            "package.members: expected one a file, found none for t10k-labels-idx1-ubyte",
        ),
        (
            put(9612 - 320, "provenance", "train", "file", "bytes"),
            "provenance.train.file.bytes: expected 12 bytes and 32 for each of 300 rows or more, found 9,292",
        ),
        (put({1: 5}, "provenance", "test", "hsf"), "provenance.test.hsf: expected 60 rows in all, found 5"),
        (
            put("t10k-labels-idx1-ubyte", "train", "images", "name"),
            "expected 6 files, found two with the same name",
        ),
        (put([], "expect", "references"), "expect.references: expected 3, one for each class, found 0"),
        (
            put([], "test", "expect", "class_errors"),
            "test.expect.class_errors: expected 3, one for each class, found 0",
        ),
        (put(254, "first_label"), "first_label: expected labels up to 255, found 256"),
        (put(["a", "b", "a"], "class_names"), "class_names: expected different names, found one twice"),
        (without("train", "expect"), "expected `expect`, `train.expect` and `test.expect`, or none of the three"),
    ],
)
def test_a_record_that_contradicts_itself_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    record = write_tiny(tmp_path / "raw") | {"provenance": writers.write(tmp_path / "raw")}
    change(record)
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(record))
    with pytest.raises(ConfigError, match=f"^{path}: {re.escape(message)}$"):
        records.read(path)
