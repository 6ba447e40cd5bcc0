"""The zip archive of a user as a source: it gives the files, or one line says what is wrong with it."""

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from fetching import bring
from loopback import Server, contents, ranged
from published import Members, letters, member_of, zipped

from pipeline.base.dataset import Dataset
from pipeline.base.errors import ConfigError, UnavailableError
from pipeline.sources import archive
from pipeline.sources.location import Location

LABELS = "train-labels-idx1-ubyte"
TRAIN_LABELS = member_of(LABELS)
HTML = b"<html>\n<head><title>EMNIST has moved</title>"


@pytest.fixture
def published(tmp_path: Path) -> tuple[Dataset, Members]:
    return letters(tmp_path / "mirror", "https://unreachable.invalid/gzip.zip")


@pytest.fixture
def dataset(published: tuple[Dataset, Members]) -> Dataset:
    """The dataset of `mirror/`, published as an archive."""
    return published[0]


@pytest.fixture
def members(published: tuple[Dataset, Members]) -> Members:
    """The members of that archive."""
    return published[1]


def fetched(dataset: Dataset, folder: Path, source: object) -> dict[str, bytes]:
    """The files in the folder after all are fetched from a source that the user names."""
    chosen = archive.own(str(source), dataset, folder)
    bring(dataset, [chosen], folder, lambda _: None)
    assert list(folder.parent.glob(".*")) == []
    return contents(folder)


@pytest.mark.parametrize(
    ("wrong", "packing", "found"),
    [
        pytest.param(
            lambda right: {name: body for name, body in right.items() if name != TRAIN_LABELS},
            zipfile.ZIP_STORED,
            f"expected a member '{TRAIN_LABELS}' that holds {LABELS}, found: gzip/emnist-byclass",
            id="missing",
        ),
        pytest.param(
            lambda right: right | {TRAIN_LABELS: gzip.compress(bytes(308), 1)},
            zipfile.ZIP_STORED,
            "bytes with SHA-256 {sha256}, found ",
            id="other bytes",
        ),
        pytest.param(
            lambda right: right | {TRAIN_LABELS: bytes(64 << 20)},
            zipfile.ZIP_DEFLATED,
            f"expected {TRAIN_LABELS} of at most {{bytes}} bytes, found 67,108,864",
            id="bomb",
        ),
        pytest.param(
            lambda right: right | {TRAIN_LABELS: bytes(64 << 20)},
            zipfile.ZIP_BZIP2,
            f"expected {TRAIN_LABELS} stored or deflated, found compression type 12",
            id="bzip2 bomb",
        ),
        pytest.param(
            lambda right: right | {"../escaped": b""},
            zipfile.ZIP_STORED,
            "expected members that stay inside the archive, found ../escaped",
            id="escape",
        ),
    ],
)
def test_a_wrong_member_is_named_and_what_is_right_is_kept(
    dataset: Dataset,
    members: Members,
    tmp_path: Path,
    wrong: Callable[[Members], Members],
    packing: int,
    found: str,
) -> None:
    (tmp_path / "own.zip").write_bytes(zipped(wrong(members), packing))
    packed = dataset.train.labels.packed
    assert packed
    with pytest.raises(UnavailableError) as error:
        fetched(dataset, tmp_path / "raw", tmp_path / "own.zip")
    assert found.format(bytes=packed.bytes, sha256=packed.sha256) in str(error.value)
    assert len(contents(tmp_path / "raw")) == (0 if "escaped" in found or "type 12" in found else 3)


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: f"{name}.gz/{name}.gz",
        lambda name: f"{name.replace('t10k', 'test').replace('-idx', '.idx')}.gz",
        lambda name: f"{name}.gz",
        lambda name: member_of(name).removeprefix("gzip/"),
    ],
)
def test_members_under_other_known_names_are_found(
    dataset: Dataset, tmp_path: Path, members: Members, rename: Callable[[str], str]
) -> None:
    own = {rename(name): members[member_of(name)] for name in contents(tmp_path / "mirror")}
    (tmp_path / "own.zip").write_bytes(zipped(own))
    assert fetched(dataset, tmp_path / "raw", tmp_path / "own.zip") == contents(tmp_path / "mirror")


def test_a_near_miss_in_an_archive_is_named(dataset: Dataset, tmp_path: Path, members: Members) -> None:
    members["mine/train-label-idx1-ubyte.gz"] = members.pop(TRAIN_LABELS)
    (tmp_path / "own.zip").write_bytes(zipped(members))
    with pytest.raises(UnavailableError, match=r"; train-label-idx1-ubyte\.gz has nearly that name"):
        fetched(dataset, tmp_path / "raw", tmp_path / "own.zip")


def test_an_unpacked_member_of_which_only_the_gz_is_known_says_so(
    dataset: Dataset, tmp_path: Path, members: Members
) -> None:
    members[LABELS] = (tmp_path / "mirror" / LABELS).read_bytes()
    del members[TRAIN_LABELS]
    (tmp_path / "own.zip").write_bytes(zipped(members))
    with pytest.raises(UnavailableError, match=r"give the \.gz, because only its hash is known"):
        fetched(dataset, tmp_path / "raw", tmp_path / "own.zip")


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        (
            lambda right: right[: len(right) // 2],
            "expected a whole zip archive (File is not a zip file), found 2,",
        ),
        (lambda _: HTML, "a web page is in the place of the archive"),
        (None, "own.zip, found none"),
    ],
    ids=["cut", "web page", "absent"],
)
def test_what_is_no_archive_is_one_line(
    dataset: Dataset, members: Members, tmp_path: Path, wrong: Callable[[bytes], bytes] | None, found: str
) -> None:
    if wrong:
        (tmp_path / "own.zip").write_bytes(wrong(zipped(members)))
    with pytest.raises(UnavailableError) as error:
        fetched(dataset, tmp_path / "raw", tmp_path / "own.zip")
    assert found in str(error.value)
    assert contents(tmp_path / "raw") == {}


def test_a_zip_for_a_dataset_that_is_published_in_none_is_refused(dataset: Dataset, tmp_path: Path) -> None:
    plain, url = msgspec.structs.replace(dataset, archive=None), "https://user:secret@host/own.zip?key=secret"
    with pytest.raises(
        ConfigError,
        match=r"^source: expected a .*, because tiny is not published in a zip archive; found own.zip$",
    ):
        archive.own(url, plain, tmp_path)
    with pytest.raises(ConfigError, match=r"; found \.\.\.@host\.zip$"):
        archive.own("https://user:secret@host.zip", plain, tmp_path)
    (tmp_path / "folder.zip").mkdir()
    assert isinstance(archive.own(str(tmp_path / "folder.zip"), plain, tmp_path), Location)


def test_the_archive_elsewhere_or_unpacked_is_a_source_too(
    dataset: Dataset, members: Members, server: Server, tmp_path: Path
) -> None:
    body = zipped(members)
    (tmp_path / "own.zip").write_bytes(body)
    server.answers["/other/gzip.zip?key=1"] = [ranged(body, [])]
    with zipfile.ZipFile(tmp_path / "own.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    (tmp_path / f"unpacked/gzip/{LABELS}").write_bytes(b"of another dataset")
    for i, source in enumerate(["own.zip", "unpacked", "unpacked/gzip", f"{server.url}/other/gzip.zip?key=1"]):
        chosen = source if source.startswith("http") else f"{tmp_path}/{source}"
        assert fetched(dataset, tmp_path / f"raw{i}", chosen) == contents(tmp_path / "mirror")
