"""Files of which only the published .gz is known: the .gz proves them. An unpacked file cannot be checked."""

import gzip
import re
import shutil
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import writers
import yaml
from conftest import write_tiny
from fetching import bring, bring_file
from loopback import Server, answer, contents
from published import packed_only

from pipeline.base import records
from pipeline.base.dataset import Dataset
from pipeline.base.errors import UnavailableError
from pipeline.base.outputs import Outputs
from pipeline.base.structs import convert
from pipeline.sources import fetch
from pipeline.sources.failures import SourceError
from pipeline.sources.location import Location

LABELS = "train-labels-idx1-ubyte"
HTML = b"<!doctype html>\n<p>Sign in, please"


@pytest.fixture
def known(tmp_path: Path) -> Dataset:
    """A dataset that knows only each .gz. Its files are in `mirror/`, and gzipped in `packed/`."""
    record = write_tiny(tmp_path / "mirror")
    (tmp_path / "packed").mkdir()
    packed = {name: gzip.compress(body) for name, body in contents(tmp_path / "mirror").items()}
    for name, body in packed.items():
        (tmp_path / f"packed/{name}.gz").write_bytes(body)
    return convert(packed_only(record, packed), Dataset, Path("packed.yaml"))


def fetched(dataset: Dataset, folder: Path, place: object) -> dict[str, bytes]:
    """The files in the folder after all are fetched from a place."""
    bring(dataset, [Location(str(place))], folder)
    return contents(folder)


@pytest.mark.parametrize("name", ["fashion-mnist", "kmnist"])
def test_files_whose_gz_is_known_come_from_where_the_record_says(
    known: Dataset, server: Server, tmp_path: Path, name: str
) -> None:
    (mirror,) = records.load(name).mirrors
    place = urllib.parse.urlsplit(mirror)
    assert [file.name for file in records.load(name).files] == [file.name for file in known.files]
    for path, body in contents(tmp_path / "packed").items():
        server.answers[place.path.replace("{name}.gz", path)] = [answer(body)]
    source = mirror.replace(f"http://{place.netloc}", server.url)
    assert fetched(known, tmp_path / "new", source) == contents(tmp_path / "mirror")


def test_of_a_plain_file_and_its_gz_the_one_that_can_be_proven_is_read(known: Dataset, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "mirror", tmp_path / "packed", dirs_exist_ok=True)
    (tmp_path / "packed" / LABELS).write_bytes(b"not it")
    assert fetched(known, tmp_path / "new", tmp_path / "packed") == contents(tmp_path / "mirror")


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        pytest.param(
            gzip.decompress,
            "found a file that is not gzipped; give the .gz, because only its hash is known",
            id="unpacked",
        ),
        pytest.param(lambda right: HTML, "a web page that begins with '<!doctype", id="web page"),
        pytest.param(lambda right: right + bytes(9), "more than", id="over-long"),
        pytest.param(lambda right: right[:-9], "{cut:,} bytes with SHA-256 ", id="cut"),
        pytest.param(lambda right: gzip.compress(bytes(308), 1), "bytes with SHA-256 ", id="other bytes"),
        pytest.param(lambda right: gzip.compress(bytes(200 << 20), 1), "more than", id="bomb"),
    ],
)
def test_a_gz_that_is_not_the_known_one_is_refused(
    known: Dataset, tmp_path: Path, wrong: Callable[[bytes], bytes], found: str
) -> None:
    path = tmp_path / f"packed/{LABELS}.gz"
    cut = path.stat().st_size - 9
    path.write_bytes(wrong(path.read_bytes()))
    source = Location(f"{tmp_path}/packed/{{name}}.gz")
    with pytest.raises(SourceError, match=f"^expected .*gz of .*{re.escape(found.format(cut=cut))}"):
        bring_file(source, known.train.labels, tmp_path / "new")
    assert contents(tmp_path / "new") == {}


def test_a_gz_that_holds_another_number_of_bytes_than_the_record_says_is_refused(
    known: Dataset, tmp_path: Path
) -> None:
    for size, found in [(307, "more than 307 bytes"), (309, "308 bytes")]:
        file = msgspec.structs.replace(known.train.labels, bytes=size)
        with pytest.raises(SourceError, match=f"expected {size} bytes, found {found}$"):
            bring_file(Location(str(tmp_path / "packed")), file, tmp_path / "new")


def test_what_nothing_proves_is_fetched_again_and_of_another_dataset_nothing_stays_or_all(
    known: Dataset, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    write_tiny(other, first_seed=2)
    before = contents(other)
    gz = tmp_path / f"packed/{LABELS}.gz"
    gz.rename(tmp_path / "away")
    with pytest.raises(UnavailableError, match=f"no source gave {LABELS}:"):
        fetched(known, other, tmp_path / "packed")
    assert contents(other) == before
    (tmp_path / "away").rename(gz)
    fetched(known, other, tmp_path / "packed")
    assert contents(other) == contents(tmp_path / "mirror")


def test_of_a_dataset_with_other_file_names_nothing_stays_and_a_user_s_files_do(
    known: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = write_tiny(tmp_path / "other") | {"name": "other", "provenance": writers.write(tmp_path / "other")}
    other["train"]["images"]["name"] = "others-images"
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(other))
    (tmp_path / "no record.yaml").touch()
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    raw = shutil.copytree(tmp_path / "mirror", tmp_path / "raw")
    for name in ("notes.txt", "others-images", writers.file_name("test"), ".others-images.7.part"):
        (raw / name).touch()
    with Outputs() as out:
        fetch.leave_only(known, raw, out)
        assert (raw / "others-images").exists()  # until the end of the block
    assert contents(raw) == contents(tmp_path / "mirror") | {"notes.txt": b""}
