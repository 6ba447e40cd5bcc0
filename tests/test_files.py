"""Files: published whole or not at all, the same bytes for the same values, and errors that name the file."""

import contextlib
import hashlib
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from conftest import ROOT

from pipeline import files
from pipeline.errors import ConfigError, DataError, UnavailableError


class Point(msgspec.Struct, forbid_unknown_fields=True):
    x: int


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_publishing_replaces_the_old_file_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    with files.publishing(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"
        assert partial.parent == tmp_path  # the same disk, so that the rename is atomic
    assert path.read_text() == "new"
    assert names(tmp_path) == ["report.json"]


def test_publishing_makes_the_folder(tmp_path: Path) -> None:
    files.write_bytes(tmp_path / "a/b/file", b"content")
    assert (tmp_path / "a/b/file").read_bytes() == b"content"


def test_a_reader_keeps_the_file_that_it_opened(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old, and whole")
    with path.open() as reader:
        files.write_bytes(path, b"new")
        assert reader.read() == "old, and whole"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    with pytest.raises(error), files.publishing(path) as partial:
        partial.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert names(tmp_path) == ["report.json"]


def test_a_killed_run_leaves_the_old_file_and_the_next_one_sweeps(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    code = (
        "import os, signal; from pathlib import Path; from pipeline import files\n"
        f"with files.publishing(Path({str(path)!r})) as partial:\n"
        "    partial.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    assert len(names(tmp_path)) == 2  # the unfinished file is still there
    with files.publishing(path) as partial:
        assert names(tmp_path) == ["report.json"]
        partial.write_text("new")
    assert path.read_text() == "new"


@pytest.mark.parametrize(("error", "expected"), [(None, "new"), (DataError, "new"), (OSError, "old")])
def test_files_are_replaced_together_or_not_at_all(
    tmp_path: Path, error: type[Exception] | None, expected: str
) -> None:
    paths = [tmp_path / name for name in ("one", "three", "two")]
    for path in paths[::2]:
        path.write_text("old")
    with pytest.raises(error) if error else contextlib.nullcontext(), files.together():
        for path in paths:
            files.write_bytes(path, b"new")
        assert [path.read_text() for path in paths] == ["old", "new", "old"]
        if error:
            raise error
    assert [path.read_text() for path in paths] == [expected, "new", expected]
    assert names(tmp_path) == ["one", "three", "two"]
    files.write_bytes(paths[0], b"newer")
    assert paths[0].read_text() == "newer"


def test_of_a_file_that_is_published_twice_the_last_one_stays(tmp_path: Path) -> None:
    (path := tmp_path / "file").write_text("old")
    with files.together():
        files.write_bytes(path, b"first")
        files.write_bytes(path, b"last")
    assert path.read_text() == "last"
    assert names(tmp_path) == ["file"]


def test_sweeping_leaves_the_unfinished_files_of_others(tmp_path: Path) -> None:
    (tmp_path / ".test.parquet.99.part").write_text("half")
    files.write_bytes(tmp_path / "train.parquet", b"whole")
    assert names(tmp_path) == [".test.parquet.99.part", "train.parquet"]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640)])
def test_permissions_follow_the_umask(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        files.write_json(tmp_path / "report.json", {})
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "report.json").stat().st_mode) == mode


def test_json_is_sorted_indented_and_ends_with_a_newline(tmp_path: Path) -> None:
    files.write_json(tmp_path / "report.json", {"b": 0.1, "a": {"10": 1, "1": 2}})
    assert (tmp_path / "report.json").read_bytes() == (
        b'{\n  "a": {\n    "1": 2,\n    "10": 1\n  },\n  "b": 0.1\n}\n'
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_refuses_numbers_that_are_not_finite(tmp_path: Path, value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "report.json", {"error_rate": value})
    assert names(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"abc", bytes(3_000_000)])
def test_sha256_is_that_of_the_content(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    assert files.sha256(tmp_path / "file") == hashlib.sha256(content).hexdigest()


def test_yaml_is_read_as_utf_8(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes("name: Zürich  # a remark\n".encode())
    assert files.read_yaml(tmp_path / "x.yaml") == {"name": "Zürich"}


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
        files.read_yaml(path)
    assert "\n" not in str(caught.value)


def test_a_missing_yaml_file_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"x.yaml: not found; run from the project's folder"):
        files.read_yaml(tmp_path / "x.yaml")


def test_convert_gives_a_struct() -> None:
    assert files.convert({"x": 1}, Point, Path("x.yaml")) == Point(1)


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
        files.convert(content, Point, Path("x.yaml"))


@pytest.mark.parametrize("name", [".", "/", "folder"])
def test_a_folder_is_no_files_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    with pytest.raises(UnavailableError, match="expected a file's name, found a folder"):
        files.write_bytes(Path(name), b"")
