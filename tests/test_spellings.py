"""The names of raw files that people have, and the file of a folder that bears one."""

import re
from pathlib import Path

import pytest

from pipeline.base.errors import ConfigError
from pipeline.base.spellings import find, near_miss, spellings

NAME, MEMBER = "t10k-images-idx3-ubyte", "gzip/emnist-letters-test-images-idx3-ubyte.gz"


@pytest.mark.parametrize(
    "name",
    [
        NAME,
        f"{NAME}.gz",
        "t10k-images.idx3-ubyte",  # sorki/python-mnist#19
        "test-images-idx3-ubyte.gz",
        "test-images.idx3-ubyte",
        "emnist-letters-test-images-idx3-ubyte.gz",
        "emnist-letters-test-images-idx3-ubyte",
        f"{NAME}/{NAME}",  # a folder under each file's name
        f"{NAME}/t10k-images.idx3-ubyte",
        MEMBER,  # the published archive, unpacked
    ],
)
def test_a_known_name_is_found(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    (tmp_path / "train-images-idx3-ubyte").touch()
    assert find(tmp_path, NAME, MEMBER) == tmp_path / name


def test_the_published_name_comes_first_then_its_own() -> None:
    assert spellings(NAME)[:2] == [NAME, f"{NAME}.gz"]
    assert spellings(NAME, MEMBER, (".gz", ""))[:3] == [
        "emnist-letters-test-images-idx3-ubyte.gz",
        "emnist-letters-test-images-idx3-ubyte",
        f"{NAME}.gz",
    ]


def test_another_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "train-images-idx3-ubyte").touch()
    (tmp_path / NAME).mkdir()
    assert find(tmp_path, NAME) is None


def test_of_a_file_and_its_gz_the_plain_one_is_taken(tmp_path: Path) -> None:
    for ending in (".gz", ""):
        (tmp_path / f"{NAME}{ending}").touch()
    assert find(tmp_path, NAME) == tmp_path / NAME


def test_two_names_are_one_clear_line(tmp_path: Path) -> None:
    for name in (NAME, "t10k-images.idx3-ubyte"):
        (tmp_path / name).touch()
    expected = f"expected one file for {NAME}, found {NAME}, t10k-images.idx3-ubyte; move all but one elsewhere"
    with pytest.raises(ConfigError, match=re.escape(expected)):
        find(tmp_path, NAME)


def test_a_near_miss_is_named(tmp_path: Path) -> None:
    (tmp_path / "t10k-image-idx3-ubyte").touch()
    (tmp_path / "notes.txt").touch()
    assert near_miss(tmp_path, NAME, []) == "; t10k-image-idx3-ubyte has nearly that name"
    assert near_miss(tmp_path, NAME, ["t10k-image-idx3-ubyte"]) == ""
    assert near_miss(tmp_path, "train-labels-idx1-ubyte", []) == ""
