"""Data in another form as a source of `download`: as good as the original server, as the hashes prove them."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, write_files
from forms import FORMS, keras
from loopback import Server, answer
from numpy.typing import NDArray
from reading import TINY, tiny

from pipeline.__main__ import main
from pipeline.base import records
from pipeline.rows import idx
from pipeline.sources.archive import own
from pipeline.sources.failures import SourceError
from pipeline.sources.other_form import OtherForm

MNIST = records.find("mnist")


def content(source: object) -> dict[str, bytes]:
    """What a source gives for each raw file of the tiny dataset."""
    assert isinstance(source, OtherForm)
    found = {}
    for file in tiny().files:
        with source.open(file) as stream:
            found[file.name] = stream.read()
    return found


@pytest.fixture
def raw(tmp_path: Path) -> dict[str, bytes]:
    """The raw files of the tiny dataset."""
    write_files(tmp_path / "raw", 0)
    return {path.name: path.read_bytes() for path in (tmp_path / "raw").iterdir()}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_bytes_of_the_raw_files(tmp_path: Path, raw: dict[str, bytes], form: str) -> None:
    (folder := tmp_path / "data").mkdir()
    assert content(own(str(FORMS[form](folder, TINY)), tiny(), tmp_path)) == raw


def test_an_address_of_a_file_with_both_splits(tmp_path: Path, raw: dict[str, bytes], server: Server) -> None:
    server.answers = {"/mnist.npz?version=2": [answer(keras(tmp_path, TINY).read_bytes())]}
    assert content(own(f"{server.url}/mnist.npz?version=2", tiny(), tmp_path)) == raw
    assert len(server.log) == 1


def test_a_download_that_is_too_large_ends(tmp_path: Path, server: Server) -> None:
    source = OtherForm(f"{server.url}/mnist.npz", tiny())
    server.answers = {"/mnist.npz": [answer(bytes(source.most + 1))]}
    with pytest.raises(SourceError, match=r"expected at most [\d,]+ bytes, found more"):
        content(source)


def test_raw_files_in_the_folder_come_first(tmp_path: Path, raw: dict[str, bytes]) -> None:
    keras(tmp_path / "raw", TINY)
    assert not isinstance(own(str(tmp_path / "raw"), tiny(), tmp_path), OtherForm)


def test_damaged_data_are_one_reason_and_the_next_source_is_tried(tmp_path: Path) -> None:
    path = keras(tmp_path, TINY)
    np.savez(path, x_train=TINY["train"][0] / 255, y_train=TINY["train"][1])
    reason = r"mnist\.npz: images: expected whole numbers from 0 to 255, .*; multiply by 255"
    with pytest.raises(SourceError, match=reason):
        content(own(str(path), tiny(), tmp_path))


def test_a_split_that_is_missing_is_a_reason(tmp_path: Path) -> None:
    source = own(str(keras(tmp_path, {"train": TINY["train"]})), tiny(), tmp_path)
    with pytest.raises(
        SourceError, match="expected data that hold t10k-images-idx3-ubyte, found none of that split"
    ):
        content(source)


@pytest.fixture(scope="module")
def splits(mnist: Path) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
    """The arrays of MNIST."""
    images, labels = (
        [np.array(idx.read(mnist / record.files[place].name)) for record in MNIST.splits.values()]
        for place in (0, 1)
    )
    return dict(zip(MNIST.splits, zip(images, labels, strict=True), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_the_real_test_split_in_every_form_has_the_published_hashes(
    tmp_path: Path, splits: dict[str, tuple[NDArray[Any], NDArray[Any]]], form: str
) -> None:
    (folder := tmp_path / "data").mkdir()
    source = own(str(FORMS[form](folder, {"test": splits["test"]})), MNIST, tmp_path)
    for file in MNIST.test.files:
        with source.open(file) as stream:
            assert hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_download_from_the_npz_of_keras_is_right_to_the_byte(
    tmp_path: Path, splits: dict[str, tuple[NDArray[Any], NDArray[Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(keras(tmp_path, splits))
    call = ["download", "--params", str(ROOT / "params.yaml"), "--raw", str(tmp_path / "raw"), "--source", place]
    assert main(call) == 0
    assert "right to the byte" in (said := capsys.readouterr()).out
    assert said.err == ""  # no other source was tried
