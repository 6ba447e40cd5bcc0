"""YAML into checked structs: content that does not fit is an error of one line that names the file."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.base import structs
from pipeline.base.errors import ConfigError, DataError, UnavailableError


class Point(msgspec.Struct, forbid_unknown_fields=True):
    x: int


def test_yaml_is_read_as_utf_8(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes("name: Zürich  # a remark\n".encode())
    assert structs.read_yaml(tmp_path / "x.yaml") == {"name": "Zürich"}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"a: [", id="unfinished"),
        pytest.param(b"a: \xff", id="not UTF-8"),
        pytest.param(b"a: !!python/name:os.system ", id="a Python object"),
        pytest.param(b"a: 2020-13-45", id="no such day"),
        pytest.param(b"a: !!int x", id="no such number"),
    ],
)
def test_what_is_not_yaml_is_one_line_that_names_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=f"^{path}: expected YAML, found: ") as caught:
        structs.read_yaml(path)
    assert "\n" not in str(caught.value)


def test_a_missing_yaml_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        UnavailableError, match=r"x.yaml: not found; run from the folder that has it, or name another file"
    ):
        structs.read_yaml(tmp_path / "x.yaml")


def test_convert_gives_a_struct() -> None:
    assert structs.convert({"x": 1}, Point, Path("x.yaml")) == Point(1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"x": "1"}, r"x.yaml: Expected `int`, got `str` - at `\$.x`"),
        ({"x": 1, "y": 2}, "x.yaml: Object contains unknown field `y`"),
        ({}, "x.yaml: Object missing required field `x`"),
        (None, "x.yaml: Expected `object`, got `null`"),
        ([1], "x.yaml: Expected `object`, got `array`"),
    ],
)
def test_what_does_not_fit_is_named_with_its_file(content: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        structs.convert(content, Point, Path("x.yaml"))


MERGE = b'{\n<<<<<<< HEAD\n"x": 1\n=======\n"x": 2\n>>>>>>> other\n}'


@pytest.mark.parametrize("content", [b"", MERGE, b"\xff", b'{"x": "1"}', b"[1]", b'{"x": ' * 99_999])
def test_json_that_does_not_fit_is_one_line(content: bytes) -> None:
    with pytest.raises(DataError, match=r"^HEAD: x\.json: expected numbers, found: [^\n]+$"):
        structs.parse_json(content, Point, "HEAD: x.json", "numbers")


@pytest.mark.parametrize("depth", [101, 900, 9_999])
@pytest.mark.parametrize(("opened", "closed"), [(b'{"a":', b"}"), (b"[", b"]")])
def test_json_that_is_deeper_than_any_file_of_ours_is_one_line(depth: int, opened: bytes, closed: bytes) -> None:
    """Each version of Python has another limit, and what can be read cannot always be compared or printed."""
    content = b'{"a":' + opened * (depth - 1) + b"1" + closed * (depth - 1) + b"}"
    with pytest.raises(
        DataError, match=rf"^x\.json: expected a JSON object, found: {depth} levels; 100 are allowed$"
    ):
        structs.parse_json(content, Any, "x.json")


def test_brackets_in_a_text_are_no_levels() -> None:
    text = "[{" * 500 + '"\\'
    assert structs.parse_json(json.dumps({"a": [text], "b": 1}).encode(), Any, "x.json") == {"a": [text], "b": 1}
    content = b"[" * 100 + b"1" + b"]" * 100
    assert msgspec.json.encode(structs.parse_json(content, Any, "x.json")) == content


def test_json_gives_a_struct() -> None:
    assert structs.parse_json(b'{"x": 1}', Point, "x.json") == Point(1)
