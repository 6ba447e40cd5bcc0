"""Every address in the records: labels and writers are fetched and proven; images have the published size."""

import io
import zipfile
from pathlib import Path

import msgspec
import pytest
from fetching import bring_file
from loopback import Server, answer, ranged
from published import PATH, RAW_NAMES, letters, member_of, zipped

from pipeline.base import records
from pipeline.base.dataset import Dataset, RawFile
from pipeline.sources.archive import ZipArchive
from pipeline.sources.failures import SourceError, explained
from pipeline.sources.location import Location, Ranges, open_url


def size(place: Location | ZipArchive, file: RawFile) -> int:
    """The size in bytes of the file at a place. Hardly any bytes are fetched."""
    with explained():
        if isinstance(place, ZipArchive):
            known = place.archive
            with (
                io.BufferedReader(Ranges(place._place(), known.bytes), 1 << 16) as stream,
                zipfile.ZipFile(stream) as archive,
            ):
                return archive.getinfo(known.members[file.name]).file_size
        (url,) = place.candidates(file)
        with open_url(url, 0, byte_range="0-0") as answered:
            headers = answered.r.headers  # type: ignore[attr-defined]
            return int(headers.get("Content-Range", headers["Content-Length"]).rpartition("/")[2])


def unreachable(record: Dataset, folder: Path) -> list[str]:
    """The places where nobody answers. Raises an error if a file is not as the record says."""
    places: list[tuple[Location | ZipArchive, tuple[RawFile, ...]]] = []
    places += [(Location(mirror), record.files) for mirror in record.mirrors]
    places += [(ZipArchive(record.archive, folder), record.files)] if record.archive else []
    if known := record.provenance:
        places += [(Location(mirror), known.files) for mirror in known.mirrors]
    images, reasons = {split.images for split in record.splits.values()}, list[str]()
    for place, files in places:
        try:
            for file in files:
                if file not in images:
                    bring_file(place, file, folder)
                elif file.packed:
                    assert size(place, file) == file.packed.bytes, f"{place}: {file.name}"
                else:
                    assert 0 < size(place, file) < file.bytes, f"{place}: {file.name}"
        except SourceError as error:
            if "unreachable" not in str(error):
                raise
            reasons.append(f"{place}: {error}")
    return reasons


@pytest.mark.network
@pytest.mark.parametrize("name", records.names())
def test_the_real_addresses_give_the_real_files(name: str, tmp_path: Path) -> None:
    if reasons := unreachable(records.find(name), tmp_path / "raw"):
        pytest.skip("; ".join(reasons))


def test_an_address_with_images_of_another_size_is_found(server: Server, tmp_path: Path) -> None:
    dataset, members = letters(tmp_path / "mirror", f"{server.url}{PATH}")
    server.answers[PATH] = [ranged(zipped(members), [])]
    for name in RAW_NAMES:
        server.answers[f"/{name}.gz"] = [ranged(members[member_of(name)], [])]
    mirrors = f"{server.url}/{{name}}.gz", "http://127.0.0.1:1/{name}.gz"
    dataset = msgspec.structs.replace(dataset, mirrors=mirrors)
    (reason,) = unreachable(dataset, tmp_path / "raw")
    assert reason.startswith(f"{mirrors[1]}: unreachable")
    server.answers[f"/{dataset.train.images.name}.gz"] = [answer(b"x")]
    with pytest.raises(AssertionError, match=r"gz: train-images"):
        unreachable(dataset, tmp_path / "raw")
