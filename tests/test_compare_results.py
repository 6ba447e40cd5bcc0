"""The files of a revision that `compare` reads: a damaged file gives one line and an exit code, no traceback."""

import shutil
from pathlib import Path

import pytest
from conftest import ROOT

from pipeline.__main__ import main

CSV, HEADER = "predictions.csv", b"id,actual,predicted\n"
ROWS = b"".join(b"%d,%d,%d\n" % (row, row % 10, row % 10) for row in range(10_000))


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project's own results, without git; it is the current folder."""
    shutil.copytree(ROOT / "metrics", tmp_path / "metrics")
    shutil.copy(ROOT / "dvc.lock", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_projects_own_results_are_whole(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "workspace"]) == 0
    assert "verdict: no significant difference" in capsys.readouterr().out


def test_line_ends_of_another_system_are_the_same_rows(results: Path) -> None:
    path = results / "metrics" / CSV
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert main(["compare", "workspace"]) == 0


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "0 rows under ''"),
        (HEADER, "0 rows under 'id,actual,predicted'"),
        (HEADER + b"\n\n", "0 rows under 'id,actual,predicted'"),
        (ROWS, "9,999 rows under '0,0,0'"),
        (b"id,predicted,actual\n" + ROWS, "10,000 rows under 'id,predicted,actual'"),
        (HEADER + b"0,1,seven\n", "could not convert string 'seven' to int64"),
        (HEADER + b"0,1,1.5\n", "could not convert string '1.5' to int64"),
        (HEADER + b"0,1,1#7\n", "could not convert string '1#7' to int64"),
        (HEADER + b"0,1\n", "2 columns"),
        (HEADER + ROWS[:-2], "could not convert string '' to int64"),
        (HEADER + ROWS[:-3], "the number of columns changed from 3 to 2"),
        (HEADER + b"0,1,99999999999999999999\n", "could not convert string"),
        (b"\xff\xfe", "'utf-8' codec can't decode byte"),
    ],
)
def test_predictions_of_another_form_are_refused(
    results: Path, capsys: pytest.CaptureFixture[str], content: bytes, found: str
) -> None:
    (results / "metrics" / CSV).write_bytes(content)
    assert main(["compare", "workspace"]) == 1
    out, err = capsys.readouterr()
    expected = (
        "compare: error: workspace: metrics/predictions.csv: expected whole numbers under id,actual,predicted"
    )
    assert err.startswith(f"{expected}, found: {found}")
    assert (out, err.count("\n")) == ("", 1)


@pytest.mark.parametrize(
    ("name", "content", "code", "reason"),
    [
        ("metrics/test.json", b"", 1, "expected a JSON object, found: Input data was truncated"),
        ("metrics/test.json", b"{\xff}", 1, "expected a JSON object, found: JSON is malformed"),
        ("metrics/test.json", b"[1]", 1, "expected a JSON object, found: Expected `object`, got `array`"),
        ("metrics/raw.json", b'{"a":' * 9_999 + b"1" + b"}" * 9_999, 1, "expected a JSON object, found: "),
        ("metrics/raw.json", b'{"a": NaN}', 1, "expected a JSON object, found: JSON is malformed"),
        ("metrics/quality.json", b'{"train": 3}', 1, "Expected `object`, got `int`"),
        ("metrics/quality.json", b'{"train": {"failed": "no"}}', 1, "Expected `int | float | object | null`"),
        ("metrics/passed.json", b'{"test": 3}', 1, "Expected `str`, got `int`"),
        ("metrics/method.json", b"{}", 1, "Object missing required field `method`"),
        ("metrics/method.json", b'{"code": []}', 1, "Expected `object`, got `array` - at `$.code`"),
        ("dvc.lock", b"<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> other\n", 2, "expected YAML"),
        ("dvc.lock", b"schema: '2.0'\n", 2, "Object missing required field `stages`"),
    ],
)
def test_records_of_another_form_are_refused(
    results: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes, code: int, reason: str
) -> None:
    (results / name).write_bytes(content)
    assert main(["compare", "workspace"]) == code
    out, err = capsys.readouterr()
    assert err.startswith(f"compare: error: workspace: {name}: ")
    assert reason in err
    assert (out, err.count("\n")) == ("", 1)


@pytest.mark.parametrize("name", ["dvc.lock", *(f"metrics/{part}.json" for part in ("raw", "quality", "test"))])
def test_a_missing_file_is_the_environment(results: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    (results / name).unlink()
    assert main(["compare", "workspace"]) == 3
    assert capsys.readouterr().err == f"compare: error: workspace: {name}: not found; run `dvc repro`\n"


def test_without_rows_that_passed_the_gate_nothing_is_paired(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (results / "metrics/passed.json").unlink()
    assert main(["compare", "workspace"]) == 2
    assert capsys.readouterr().err.endswith("void: workspace: no test rows have passed the gate\n")
