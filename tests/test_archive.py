"""One big zip archive as a source: only the needed members are fetched, and no byte is fetched twice."""

import hashlib
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from fetching import bring
from loopback import Answer, Server, answer, broken_off, contents, only_by_its_name, ranged, without_a_length
from published import OTHERS, PATH, Members, letters, zipped

from pipeline.base.dataset import Dataset
from pipeline.base.errors import UnavailableError
from pipeline.sources.archive import ZipArchive

HTML = b"<html>\n<head><title>EMNIST has moved</title>"


@pytest.fixture
def published(server: Server, tmp_path: Path) -> tuple[Dataset, Members]:
    return letters(tmp_path / "mirror", f"{server.url}{PATH}")


@pytest.fixture
def dataset(published: tuple[Dataset, Members]) -> Dataset:
    """The dataset of `mirror/`, published as an archive at the server."""
    return published[0]


@pytest.fixture
def members(published: tuple[Dataset, Members]) -> Members:
    """The members of that archive."""
    return published[1]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.sources.failures.BACK_OFF_SECONDS", 0.01)


def fetched(dataset: Dataset, folder: Path) -> dict[str, bytes]:
    """The files in the folder after all are fetched from the archive."""
    assert dataset.archive
    bring(dataset, [ZipArchive(dataset.archive, folder)], folder, lambda _: None)
    assert beside(folder) == []
    return contents(folder)


def beside(folder: Path) -> list[Path]:
    return list(folder.parent.glob(".*"))


def refused(dataset: Dataset, folder: Path) -> str:
    """The message if the archive gives no file."""
    with pytest.raises(UnavailableError) as error:
        fetched(dataset, folder)
    assert contents(folder) == {}
    return str(error.value)


def test_of_an_archive_only_the_members_are_fetched_by_ranges(
    dataset: Dataset, members: Members, server: Server, tmp_path: Path
) -> None:
    body, sent = zipped(members), list[int]()
    server.answers[PATH] = [only_by_its_name(ranged(body, sent))]
    assert fetched(dataset, tmp_path / "raw") == contents(tmp_path / "mirror")
    assert sum(sent) < len(body) / 10


def test_a_server_without_ranges_gives_the_whole_once(
    dataset: Dataset, members: Members, server: Server, tmp_path: Path
) -> None:
    server.answers[PATH] = [only_by_its_name(answer(zipped(members)))]
    assert fetched(dataset, tmp_path / "raw") == contents(tmp_path / "mirror")
    assert len(server.log) == 2  # the first asked for a range


def test_a_server_that_refuses_ranges_gives_the_whole(
    dataset: Dataset, members: Members, server: Server, tmp_path: Path
) -> None:
    whole = answer(zipped(members))
    server.answers[PATH] = [lambda asked: (answer(status=416) if "Range" in asked.headers else whole)(asked)]
    assert fetched(dataset, tmp_path / "raw") == contents(tmp_path / "mirror")


def test_a_server_that_gives_a_range_only_once_is_one_line(
    dataset: Dataset, members: Members, server: Server, tmp_path: Path
) -> None:
    body = zipped(members)
    server.answers[PATH] = [ranged(body, []), answer(body)]
    said = refused(dataset, tmp_path / "raw")
    assert "expected the range of bytes that was asked for, found that the server sends the whole file" in said
    assert "block_size" not in said


def test_a_range_that_breaks_off_is_asked_for_again_and_no_other(
    dataset: Dataset, members: Members, server: Server, tmp_path: Path
) -> None:
    body, at_once, with_cuts = zipped(members), list[int](), list[int]()
    server.answers[PATH] = [ranged(body, at_once)]
    fetched(dataset, tmp_path / "at once")

    cut = set[str]()

    def cutting(handler: BaseHTTPRequestHandler) -> None:
        first, last = handler.headers["Range"].removeprefix("bytes=").split("-")
        if (
            0 < int(first) < len(body) - len(OTHERS) // 2 and first not in cut
        ):  # a range of a member, not of the directory
            cut.add(first)
            answer(b"P", 206, int(last) - int(first) + 2, part=f"bytes {first}-{last}/{len(body)}")(handler)
        else:
            ranged(body, with_cuts)(handler)

    server.answers[PATH] = [cutting]
    assert fetched(dataset, tmp_path / "raw") == contents(tmp_path / "mirror")
    assert len(cut) >= 4
    assert sorted(with_cuts) == sorted(at_once)


def test_a_download_that_breaks_off_again_and_again_goes_on_where_it_broke(
    dataset: Dataset, members: Members, server: Server, tmp_path: Path
) -> None:
    body = zipped(members)
    cuts = [broken_off(body, mebibytes << 20) for mebibytes in (1, 2, 2, 3, 3, 4)]
    server.answers[PATH] = [answer(body), *cuts, answer(body)]
    assert fetched(dataset, tmp_path / "raw") == contents(tmp_path / "mirror")
    assert len(server.log) == 8


def test_what_had_come_is_not_asked_for_again_where_the_server_can_go_on(
    dataset: Dataset, members: Members, server: Server, tmp_path: Path
) -> None:
    body, sent = zipped(members), list[int]()
    server.answers[PATH] = [answer(body), broken_off(body, 3 << 20), ranged(body, sent)]
    assert fetched(dataset, tmp_path / "raw") == contents(tmp_path / "mirror")
    assert sent[0] < len(body) - (2 << 20)


def test_a_later_run_goes_on_from_what_had_come(
    dataset: Dataset, members: Members, server: Server, tmp_path: Path
) -> None:
    body, sent = zipped(members), list[int]()
    server.answers[PATH] = [answer(body), broken_off(body, 3 << 20)]
    assert "the connection broke" in refused(dataset, tmp_path / "raw")
    assert server.log == [PATH] * 5  # the range, the first attempt, and three that brought nothing new
    (part,) = beside(tmp_path / "raw")
    come = part.stat().st_size
    assert 2 << 20 < come <= 3 << 20
    server.answers[PATH] = [answer(body), ranged(body, sent)]
    assert fetched(dataset, tmp_path / "raw") == contents(tmp_path / "mirror")
    assert sent == [len(body) - come]


def test_a_web_page_that_stands_there_now_costs_nothing_of_what_had_come(
    dataset: Dataset, members: Members, server: Server, tmp_path: Path
) -> None:
    body = zipped(members)
    server.answers[PATH] = [answer(body), broken_off(body, 3 << 20), answer(HTML)]
    assert "a web page is in the place of the archive" in refused(dataset, tmp_path / "raw")
    (part,) = beside(tmp_path / "raw")
    assert part.stat().st_size > 2 << 20
    assert body.startswith(part.read_bytes())


@pytest.mark.parametrize(
    "page", [answer(HTML), ranged(HTML, []), without_a_length(HTML)], ids=["whole", "ranges", "no length"]
)
def test_a_web_page_where_the_archive_was_is_called_that(
    dataset: Dataset, server: Server, tmp_path: Path, page: Answer
) -> None:
    server.answers[PATH] = [page]
    assert dataset.archive
    words = f"a web page is in the place of the archive: expected {dataset.archive.bytes:,} bytes, found 44 bytes"
    assert f"{words} that begin with '<html>'" in refused(dataset, tmp_path / "raw")
    assert len(server.log) < 3
    assert [path.read_bytes() for path in beside(tmp_path / "raw")] in ([], [b""])


def test_an_archive_without_a_declared_length_is_as_good(
    dataset: Dataset, members: Members, server: Server, tmp_path: Path
) -> None:
    server.answers[PATH] = [without_a_length(zipped(members))]
    assert fetched(dataset, tmp_path / "raw") == contents(tmp_path / "mirror")


def test_a_refusal_says_that_the_user_agent_may_be_why(dataset: Dataset, server: Server, tmp_path: Path) -> None:
    server.answers[PATH] = [answer(HTML, 403)]
    said = refused(dataset, tmp_path / "raw")
    assert "found HTTP status 403 Forbidden: the server refuses this program, perhaps by its user agent" in said
    assert server.log == [PATH]


def test_an_archive_with_other_bytes_elsewhere_is_refused_whole_and_read_by_ranges(
    dataset: Dataset, members: Members, server: Server, tmp_path: Path
) -> None:
    other = bytearray(zipped(members))
    other[1000] ^= 1  # in a member that nobody asks for
    server.answers[PATH] = [answer(bytes(other))]
    assert dataset.archive
    said = refused(dataset, tmp_path / "raw")
    assert f"SHA-256 {dataset.archive.sha256}, found SHA-256 {hashlib.sha256(other).hexdigest()}" in said
    assert beside(tmp_path / "raw") == []
    server.answers[PATH] = [ranged(bytes(other), [])]
    assert fetched(dataset, tmp_path / "raw") == contents(tmp_path / "mirror")
