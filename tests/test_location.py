"""Addresses: where a raw file may be. A file over HTTP can be read at any place, by requests for ranges."""

import io
import random
import zipfile
from http.server import BaseHTTPRequestHandler

import pytest
from loopback import Server, answer, ranged

from pipeline.base.dataset import Blob, RawFile
from pipeline.base.spellings import places, spellings
from pipeline.sources.failures import SourceError
from pipeline.sources.location import Location, Ranges

BODY = random.Random(0).randbytes(100_000)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.sources.failures.BACK_OFF_SECONDS", 0.01)


@pytest.fixture
def url(server: Server) -> str:
    """The address of BODY at a server that answers requests for ranges."""
    server.answers["/f"] = [ranged(BODY, [])]
    return f"{server.url}/f"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("/a", ["/a/x", "/a/x.gz"]),
        ("s3://b/a/", ["s3://b/a/x", "s3://b/a/x.gz"]),
        ("https://h/{name}.gz?v=1", ["https://h/x.gz?v=1"]),
    ],
)
def test_a_folder_is_tried_plain_and_gzipped_a_template_as_it_is(template: str, expected: list[str]) -> None:
    assert Location(template).candidates(RawFile("x", 1, sha256="0" * 64))[:2] == expected


def test_each_known_name_of_a_file_is_tried_and_at_an_address_no_folder_of_its_name() -> None:
    file = RawFile("t10k-labels-idx1-ubyte", 1, sha256="0" * 64)
    assert Location("/a").candidates(file) == [f"/a/{place}" for place in places(file.name)]
    assert Location("s3://b").candidates(file) == [f"s3://b/{name}" for name in spellings(file.name)]
    published = {file.name: "gzip/emnist-mnist-test-labels-idx1-ubyte.gz"}
    found = Location("s3://b", published).candidates(RawFile(file.name, 1, packed=Blob(1, "0" * 64)))
    assert (found[0], found[-1]) == (
        "s3://b/emnist-mnist-test-labels-idx1-ubyte.gz",
        f"s3://b/{published[file.name]}",
    )


def test_any_place_can_be_read_and_only_what_is_read_is_sent(server: Server, url: str) -> None:
    sent: list[int] = []
    server.answers["/f"] = [ranged(BODY, sent)]
    file = Ranges(url, len(BODY))
    assert (file.seek(-10, io.SEEK_END), file.read(100)) == (99_990, BODY[-10:])
    assert (file.tell(), file.read(5)) == (100_000, b"")
    assert (file.seek(7), file.read(3)) == (7, BODY[7:10])
    assert (file.seek(90, io.SEEK_CUR), file.read(1)) == (100, BODY[100:101])
    assert (file.seek(200_000), file.read(1)) == (200_000, b"")
    assert sent == [10, 3, 1]


@pytest.mark.parametrize("size", [1, 100, 1 << 20], ids=str)
def test_with_a_buffer_the_bytes_are_those_of_a_file(url: str, size: int) -> None:
    dice = random.Random(size)
    known = io.BytesIO(BODY)
    with io.BufferedReader(Ranges(url, len(BODY)), max(size, 1000)) as found:
        for _ in range(30):
            place, length = dice.randrange(len(BODY) + 10), dice.randrange(3000)
            assert found.seek(place) == known.seek(place)
            assert found.read(length) == known.read(length)


def test_a_place_before_the_start_is_refused_as_by_a_file(url: str) -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        Ranges(url, len(BODY)).seek(-len(BODY) - 1, io.SEEK_END)
    with pytest.raises(zipfile.BadZipFile), zipfile.ZipFile(Ranges(url, 5)):
        pass  # five bytes are too few for an archive


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def test_zipfile_reads_members_in_any_order(server: Server, packing: int) -> None:
    members = {f"folder/{name}": BODY[name : name + 9000] * 2 for name in range(9)}
    with zipfile.ZipFile(file := io.BytesIO(), "w", packing) as made:
        for name, body in members.items():
            made.writestr(name, body)
    server.answers["/zip"] = [ranged(file.getvalue(), [])]
    with zipfile.ZipFile(Ranges(f"{server.url}/zip", len(file.getvalue()))) as archive:
        assert archive.testzip() is None
        for name in reversed(members):
            assert archive.read(name) == members[name]
        with archive.open("folder/3") as member:  # at any place of a member too
            member.seek(9000)
            assert member.read(9000) == BODY[3:9003]


def test_a_server_that_ignores_ranges_is_an_error_and_the_whole_file_is_not_read(server: Server) -> None:
    server.answers["/f"] = [answer(bytes(64 << 20))]
    file = Ranges(f"{server.url}/f", 64 << 20)
    file.seek(1 << 20)
    with pytest.raises(SourceError, match=r"expected the range .* found that the server sends the whole file"):
        file.read(10)
    assert file.tell() == 1 << 20
    assert server.left.get(timeout=5) == "/f"
    assert server.log == ["/f"]


def test_a_connection_that_breaks_in_mid_range_is_asked_for_again(server: Server, url: str) -> None:
    asked: list[str] = []

    def broken(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.headers["Range"])
        part = f"bytes 50-149/{len(BODY)}"
        answer(BODY[50:90], 206, claim=100, part=part)(handler)

    server.answers["/f"] = [broken, ranged(BODY, [])]
    file = Ranges(url, len(BODY))
    file.seek(50)
    assert file.read(100) == BODY[50:150]
    assert asked == ["bytes=50-149"]
    assert server.log == ["/f", "/f"]


def test_an_answer_that_ends_early_and_says_so_is_asked_for_three_times(server: Server, url: str) -> None:
    server.answers["/f"] = [answer(BODY[:40], 206, part=f"bytes 0-39/{len(BODY)}")]
    with pytest.raises(SourceError, match="the connection broke after 40 of 100 bytes"):
        Ranges(url, len(BODY)).read(100)
    assert server.log == ["/f"] * 3


def test_a_file_that_is_gone_is_one_request_and_an_error(server: Server, url: str) -> None:
    server.answers["/f"] = [answer(status=404)]
    with pytest.raises(SourceError, match=r"expected http.*, found none"):
        Ranges(url, len(BODY)).read(1)
    assert server.log == ["/f"]
