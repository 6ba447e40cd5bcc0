"""Raw files from folders, servers and buckets: either the right bytes arrive, or only a reason."""

import gzip
import hashlib
import re
import shutil
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import boto3
import pytest
import yaml
from conftest import Run, write_tiny
from fetching import bring, bring_file
from loopback import Answer, Server, answer, contents, hanging
from moto.server import ThreadedMotoServer

from pipeline.base.dataset import Dataset
from pipeline.base.structs import convert
from pipeline.sources.archive import own
from pipeline.sources.failures import SourceError
from pipeline.sources.location import Location

LABELS = "train-labels-idx1-ubyte"
DOWNLOAD = (sys.executable, "-m", "pipeline", "download")
HTML = b"<!doctype html>\n<p>Sign in, please"


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """A dataset. Its files are in `mirror/`, gzipped in `packed/`, and all but the training labels in `raw/`."""
    record = write_tiny(tmp_path / "mirror")
    shutil.copytree(tmp_path / "mirror", tmp_path / "raw", ignore=shutil.ignore_patterns(LABELS))
    (tmp_path / "packed").mkdir()
    for name, body in contents(tmp_path / "mirror").items():
        (tmp_path / f"packed/{name}.gz").write_bytes(gzip.compress(body))
    return convert(record, Dataset, Path("tiny.yaml"))


def fetched(dataset: Dataset, folder: Path, *places: object) -> list[str]:
    """Fetch from the places in turn. Returns the warnings."""
    warnings: list[str] = []
    tried = [Location(str(place)) for place in places]
    bring(dataset, tried, folder, warnings.append)
    return warnings


def s3_variables(endpoint: str) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}


def set_mirrors(project: Path, *mirrors: str) -> None:
    path = project / "pipeline/datasets/tiny.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"mirrors": list(mirrors)}))


@pytest.mark.parametrize("template", ["mirror", "mirror/", "packed", "mirror/{name}", "packed/{name}.gz"])
@pytest.mark.parametrize("remote", [False, True], ids=["path", "http"])
def test_a_folder_or_template_gives_all_files(
    dataset: Dataset, server: Server, tmp_path: Path, template: str, remote: bool
) -> None:
    for path in tmp_path.glob("*/*"):
        server.answers[f"/{path.relative_to(tmp_path)}"] = [answer(path.read_bytes())]
    assert fetched(dataset, tmp_path / "new", f"{server.url if remote else tmp_path}/{template}") == []
    assert contents(tmp_path / "new") == contents(tmp_path / "mirror")


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("form", ["{name}", "{name}/{name}", "{dot}", "{dot}/{dot}", "{test}", "{name}/{dot}"])
def test_a_folder_gives_files_under_every_name_that_check_knows(
    dataset: Dataset, tmp_path: Path, form: str, ending: str
) -> None:
    for name, body in contents(tmp_path / "mirror").items():
        dot, test = name.replace("-idx", ".idx"), name.replace("t10k", "test")
        path = tmp_path / "other" / (form.format(name=name, dot=dot, test=test) + ending)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(body) if ending else body)
    assert fetched(dataset, tmp_path / "new", tmp_path / "other") == []
    assert contents(tmp_path / "new") == contents(tmp_path / "mirror")


def test_an_address_gives_files_under_known_names_too(dataset: Dataset, server: Server, tmp_path: Path) -> None:
    for name, body in contents(tmp_path / "mirror").items():
        server.answers[f"/{name.replace('t10k', 'test').replace('-idx', '.idx')}.gz"] = [
            answer(gzip.compress(body))
        ]
    assert fetched(dataset, tmp_path / "new", server.url) == []
    assert contents(tmp_path / "new") == contents(tmp_path / "mirror")


def test_a_near_miss_in_a_folder_is_named(dataset: Dataset, tmp_path: Path) -> None:
    near = tmp_path / "packed/train-label-idx1-ubyte.gz"
    (tmp_path / f"packed/{LABELS}.gz").rename(near)
    warnings: list[str] = []
    sources = [own(str(near.parent), dataset, tmp_path / "raw"), Location(str(tmp_path / "mirror"))]
    bring(dataset, sources, tmp_path / "raw", warnings.append)
    expected = f"expected {near.parent}/{LABELS}, plain or as .gz, found none; {near.name} has nearly that name"
    assert warnings == [f"{near.parent}: {LABELS}: {expected}"]


@pytest.mark.parametrize("source", ["../mirror", "../mirror/{name}"])
def test_a_relative_folder_is_found_from_the_copy_in_which_dvc_runs_a_queued_experiment(
    project: Path, run: Run, source: str
) -> None:
    copy = project / ".dvc/tmp/exps/tmp1"
    copy.parent.mkdir(parents=True)
    shutil.copytree(project, project.parent / "copy").rename(copy)
    done = run("sh", "-c", f"cd {copy} && {' '.join(DOWNLOAD)}", PIPELINE_SOURCE=source, DVC_ROOT=str(project))
    assert (done.returncode, done.stderr) == (0, "")
    assert contents(copy / "data/raw") == contents(project.parent / "mirror")
    done = run(*DOWNLOAD, PIPELINE_SOURCE=source)
    assert (done.returncode, done.stderr) == (0, "")


def test_four_files_are_fetched_at_once(dataset: Dataset, server: Server, tmp_path: Path) -> None:
    all_four = threading.Barrier(4, timeout=5)

    def given(body: bytes) -> Answer:
        return lambda handler: (all_four.wait(), answer(body)(handler))

    server.answers = {f"/{name}": [given(body)] for name, body in contents(tmp_path / "mirror").items()}
    assert fetched(dataset, tmp_path / "new", server.url) == []


def test_a_file_that_is_right_is_not_fetched_again(dataset: Dataset, server: Server, tmp_path: Path) -> None:
    assert fetched(dataset, tmp_path / "mirror", server.url) == []
    assert server.log == []


def test_a_file_that_is_wrong_is_fetched_again(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "raw" / LABELS).write_bytes((tmp_path / "mirror" / LABELS).read_bytes()[::-1])
    fetched(dataset, tmp_path / "raw", tmp_path / "mirror")
    assert contents(tmp_path / "raw") == contents(tmp_path / "mirror")


@pytest.mark.parametrize(
    ("wrong", "status", "found"),
    [
        pytest.param(lambda _: b"\n" + HTML, 200, "a web page that begins with '<!doctype", id="web page"),
        pytest.param(lambda _: HTML, 403, "HTTP status 403 Forbidden", id="forbidden"),
        pytest.param(lambda _: HTML, 404, "none", id="absent"),
        pytest.param(lambda right: right[:-1], 200, "307 bytes with SHA-256 {sha}", id="cut"),
        pytest.param(lambda right: right + b"x", 200, "more than 308 bytes", id="over-long"),
        pytest.param(lambda right: right[::-1], 200, "308 bytes with SHA-256 {sha}", id="other bytes"),
        pytest.param(
            lambda right: gzip.compress(right)[:-1],
            200,
            "a file that is cut short or damaged",
            id="cut gzip",
        ),
    ],
)
def test_a_wrong_answer_is_said_and_not_repeated_and_the_next_source_tried(
    dataset: Dataset, server: Server, tmp_path: Path, wrong: Callable[[bytes], bytes], status: int, found: str
) -> None:
    body = wrong((tmp_path / "mirror" / LABELS).read_bytes())
    server.answers[f"/{LABELS}"] = [answer(body, status)]
    source = f"{server.url}/{{name}}"
    (warning,) = fetched(dataset, tmp_path / "raw", source, tmp_path / "mirror")
    assert warning.startswith(f"{source}: {LABELS}: expected ")
    assert f"found {found.format(sha=hashlib.sha256(body).hexdigest())}" in warning
    assert server.log == [f"/{LABELS}"]
    assert contents(tmp_path / "raw") == contents(tmp_path / "mirror")


def test_a_gzip_bomb_is_cut_off_one_byte_beyond_the_size(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / f"packed/{LABELS}.gz").write_bytes(gzip.compress(bytes(200 << 20), 1))
    source, written = Location(str(tmp_path / "packed")), [0]
    add = lambda change: written.append(written[-1] + change)  # noqa: E731
    tracemalloc.start()
    with pytest.raises(SourceError, match="found more than 308 bytes"):
        bring_file(source, dataset.train.labels, tmp_path / "raw", add)
    assert tracemalloc.get_traced_memory()[1] < 20 << 20
    tracemalloc.stop()
    assert max(written) == 0


@pytest.mark.parametrize("passing", [answer(HTML, 503), answer(bytes(99), claim=308)], ids=["503", "broken off"])
def test_what_may_pass_is_tried_again(dataset: Dataset, server: Server, tmp_path: Path, passing: Answer) -> None:
    server.answers[f"/{LABELS}"] = [passing, answer((tmp_path / "mirror" / LABELS).read_bytes())]
    assert fetched(dataset, tmp_path / "raw", server.url) == []
    assert contents(tmp_path / "raw") == contents(tmp_path / "mirror")


def test_what_stays_is_tried_three_times_with_growing_pauses(
    dataset: Dataset, server: Server, tmp_path: Path
) -> None:
    server.answers[f"/{LABELS}"] = [answer(HTML, 503)]
    (warning,) = fetched(dataset, tmp_path / "raw", server.url, tmp_path / "mirror")
    assert "503 Service Unavailable" in warning
    first, second, third = server.times
    assert 0.4 < second - first < third - second < 2


@pytest.mark.parametrize("source", ["{hanging}", "http://127.0.0.1:1", "s3://bucket"])
def test_an_unreachable_mirror_costs_at_most_5_seconds(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    with hanging() as url:
        for name, value in s3_variables(url).items():
            monkeypatch.setenv(name, value)
        start = time.monotonic()
        fetched(dataset, tmp_path / "raw", source.format(hanging=url), tmp_path / "mirror")
        assert time.monotonic() - start < 5
    assert contents(tmp_path / "raw") == contents(tmp_path / "mirror")


def test_where_all_sources_fail_one_error_lists_them_and_nothing_half_written_stays(
    project: Path, server: Server, run: Run, dataset: Dataset
) -> None:
    server.answers = {f"/{file.name}": [answer(HTML)] for file in dataset.files}
    set_mirrors(project, server.url, "http://127.0.0.1:1")
    (project / "data/raw").mkdir(parents=True)
    kept = shutil.copy(project.parent / "mirror" / LABELS, project / "data/raw")
    done = run(*DOWNLOAD, PIPELINE_SOURCE="/absent")
    assert (done.returncode, done.stderr.count("error: "), "Traceback" in done.stderr) == (3, 1, False)
    _, error = done.stderr.split("download: error: data/raw: no source gave ")
    for source in ["/absent", server.url, "http://127.0.0.1:1"]:
        assert f"\n  {source}: t" in error
    assert contents(project / "data/raw") == {LABELS: Path(kept).read_bytes()}


def test_a_killed_download_leaves_no_wrong_file_and_the_next_one_sweeps(
    project: Path, server: Server, run: Run, dataset: Dataset
) -> None:
    def stall(handler: BaseHTTPRequestHandler) -> None:
        answer(b"half", claim=308)(handler)
        handler.rfile.read(1)  # until the client is gone

    server.answers = {f"/{file.name}": [stall] for file in dataset.files}
    raw, command = project / "data/raw", [*DOWNLOAD, "--source", server.url]
    with subprocess.Popen(command, cwd=project, stderr=subprocess.DEVNULL) as process:
        while len(list(raw.glob(".*.part"))) < 4:
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    assert all(name.endswith(".part") for name in contents(raw))
    shutil.copy(project.parent / "mirror" / LABELS, raw)  # its leftover is deleted too, although the file is right
    assert (run(*DOWNLOAD).returncode, contents(raw)) == (0, contents(project.parent / "mirror"))


@pytest.mark.parametrize("reason", ["No space left on device", "Read-only file system"])
def test_a_full_or_read_only_disk_keeps_what_is_good(run: Run, tmp_path: Path, reason: str) -> None:
    (disk := tmp_path / "disk").mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], check=False).returncode:
        pytest.skip("may not mount a small file system")
    try:
        shutil.copy(tmp_path / "mirror" / LABELS, disk)
        if reason.startswith("Read"):
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        done = run(*DOWNLOAD, "--raw", str(disk))
        assert (done.returncode, done.stderr.count("\n")) == (3, 1)
        assert re.fullmatch(
            rf"download: error: {disk}/\S+: {reason}(; make room, then run it again)?\n", done.stderr
        )
        assert LABELS in contents(disk)
        assert contents(disk).items() <= contents(tmp_path / "mirror").items()
    finally:
        subprocess.run(["umount", disk], check=True)


def test_an_absent_bucket_is_a_reason_and_another_gives_the_files(project: Path, run: Run) -> None:
    moto = ThreadedMotoServer("127.0.0.1", port=0)
    moto.start()
    url = "http://{}:{}".format(*moto.get_host_and_port())
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=url, **keys)
    client.create_bucket(Bucket="bucket")
    for name, body in contents(project.parent / "mirror").items():
        client.put_object(Bucket="bucket", Key=f"folder/{name}", Body=body)
    set_mirrors(project, "s3://bucket/folder")
    done = run(*DOWNLOAD, "--source", "s3://absent", **s3_variables(url))
    moto.stop()
    assert done.returncode == 0
    assert "expected s3://absent/t10k-labels-idx1-ubyte, plain or as .gz, found none" in done.stderr
    assert done.stderr.count("\n") == 4
    assert contents(project / "data/raw") == contents(project.parent / "mirror")


@pytest.mark.parametrize("source", ["zip://{name}::BROKEN", "tar://{name}::BROKEN", "foo://x", "github://a"])
def test_whatever_a_source_raises_the_next_one_is_tried(dataset: Dataset, tmp_path: Path, source: str) -> None:
    (tmp_path / "broken").write_bytes(b"no archive")
    broken = source.replace("BROKEN", str(tmp_path / "broken"))
    warnings = fetched(dataset, tmp_path / "new", broken, tmp_path / "mirror")
    assert len(warnings) > 0
    assert contents(tmp_path / "new") == contents(tmp_path / "mirror")


AZURE = "sp=r&st=2026-01-01T00:00:00Z&se=2026-12-31T23:59:59Z&sv=2024-11-04&sr=c&sig=SECRET%2F+SECRET%3D"
AMAZON = "X-Amz-Date=20260101T000000Z&X-Amz-Credential=SECRET%2F1&X-Amz-Signature=SECRET&x-id=GetObject"
FORMS = ["{at}/{{name}}?{query}", "{at}/{{name}}?{query}#SECRET", "zip://{{name}}::{at}/z?{query}"]


@pytest.mark.parametrize("query", [AZURE, AMAZON, "key=SECRET SECRET\tSECRET", "key='SECRET"], ids=range(4))
@pytest.mark.parametrize(
    "answered",
    [answer(status=404), answer(HTML, 403), answer(b"x"), answer(HTML), answer(bytes(99), claim=308)],
    ids=["404", "403", "other bytes", "web page", "broken off"],
)
@pytest.mark.parametrize("form", FORMS)
def test_no_message_of_a_fetch_shows_a_secret(
    dataset: Dataset,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    form: str,
    answered: Answer,
    query: str,
) -> None:
    monkeypatch.setattr("pipeline.sources.failures.BACK_OFF_SECONDS", 0.01)
    server.otherwise = answered
    place = form.format(at=server.url.replace("://", "://user:SECRET@"), query=query)
    warnings: list[str] = []
    sources = [own(place, dataset, tmp_path / "raw"), Location(str(tmp_path / "mirror"))]
    bring(dataset, sources, tmp_path / "raw", warnings.append)
    assert warnings
    assert "SECRET" not in "".join(warnings)
    assert server.url.removeprefix("http://") in warnings[0]


@pytest.mark.parametrize(
    "source", ["http://user:SECRET@127.0.0.1:1/{name}?sig=SECRET", "foo://user:SECRET@h/x?s=SECRET"]
)
def test_no_message_of_the_command_shows_a_secret(run: Run, tmp_path: Path, source: str) -> None:
    set_mirrors(tmp_path / "project", str(tmp_path / "mirror"))
    done = run(*DOWNLOAD, "--source", source)
    assert "warning" in done.stderr
    assert "SECRET" not in done.stdout + done.stderr
