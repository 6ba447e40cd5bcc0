"""Any folder of raw files: the names that people have, what proves the bytes, and what is unpacked of a .gz."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from conftest import write_tiny
from published import packed_only

from pipeline.base.dataset import Dataset
from pipeline.base.errors import ConfigError, UnavailableError
from pipeline.base.structs import convert
from pipeline.gates import folder
from pipeline.gates.judge import Judgement
from pipeline.rows import idx

LABELS = "train-labels-idx1-ubyte"
Judge = Callable[..., Judgement]


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """The folder of the tiny dataset's files."""
    return tmp_path / "raw"


@pytest.fixture
def tiny(raw: Path) -> Dataset:
    """Its record, which knows the SHA-256 of each file."""
    return convert(write_tiny(raw), Dataset, Path("tiny.yaml"))


@pytest.fixture
def packed(raw: Path, tmp_path: Path) -> Dataset:
    """A record of the same files that knows only the published .gz files, which lie in packed/."""
    record = write_tiny(raw)
    (tmp_path / "packed").mkdir()
    content = {path.name: gzip.compress(path.read_bytes(), mtime=0) for path in raw.iterdir()}
    for name, body in content.items():
        (tmp_path / "packed" / f"{name}.gz").write_bytes(body)
    return convert(packed_only(record, content), Dataset, Path("packed.yaml"))


def checks(judged: Judgement, failed: bool = True) -> list[tuple[str, str]]:
    return [(v.split, v.check) for v in judged.verdicts if not v.success and v.fails == failed]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)


def test_files_under_other_known_names_pass(tiny: Dataset, raw: Path) -> None:
    for path in list(raw.iterdir()):
        path.rename(raw / path.name.replace("t10k-", "test-").replace("-idx", ".idx"))
    assert checks(folder.check(tiny, raw, True, 0)) == []


def test_a_file_under_two_names_is_one_clear_line(tiny: Dataset, raw: Path) -> None:
    (raw / "train-labels.idx1-ubyte").write_bytes((raw / LABELS).read_bytes())
    with pytest.raises(ConfigError, match=f"expected one file for {LABELS}, found .*; move all but one elsewhere"):
        folder.check(tiny, raw, True, 0)


def test_a_near_miss_is_named(tiny: Dataset, raw: Path) -> None:
    (raw / LABELS).rename(raw / "train-label-idx1-ubyte")
    (missing,) = (v for v in folder.check(tiny, raw, True, 0).failed if v.check == "structure.file")
    assert missing.found == "none; train-label-idx1-ubyte has nearly that name"
    for path in list(raw.iterdir()):
        path.rename(raw / f"my-{path.name}")
    with pytest.raises(
        UnavailableError, match="found none of them; my-train-images-idx3-ubyte has nearly that name"
    ):
        folder.check(tiny, raw, True, 0)


def test_one_flipped_bit_is_found_in_the_published_gz(packed: Dataset, tmp_path: Path) -> None:
    assert checks(folder.check(packed, tmp_path / "packed", True, 0)) == []
    flip(tmp_path / "packed" / f"{LABELS}.gz")
    assert checks(folder.check(packed, tmp_path / "packed", True, 0))[0] == (
        LABELS,
        "structure.packed SHA-256",
    )


def test_what_nothing_proves_is_a_warning_also_in_quality_json(packed: Dataset, raw: Path) -> None:
    judged = folder.check(packed, raw, True, 0)
    proofs = [split for split, check in checks(judged, failed=False) if check == "structure.proof"]
    assert proofs == ["train", "train", "test", "test"]
    assert checks(judged) == []
    proven = folder.check(packed, raw.parent / "packed", True, 0)
    assert "structure.proof" not in dict(checks(proven, failed=False)).values()


def test_where_the_plain_hash_is_known_any_packing_of_the_right_bytes_passes(tiny: Dataset, raw: Path) -> None:
    (raw / f"{LABELS}.gz").write_bytes(gzip.compress((raw / LABELS).read_bytes(), 1))
    (raw / LABELS).unlink()
    assert checks(folder.check(tiny, raw, True, 0)) == []
    plain = bytearray(gzip.decompress((raw / f"{LABELS}.gz").read_bytes()))
    plain[-1] ^= 1
    (raw / f"{LABELS}.gz").write_bytes(gzip.compress(plain))
    assert (LABELS, "structure.SHA-256") in checks(folder.check(tiny, raw, True, 0))


def test_a_gz_that_packs_well_is_no_bomb(tmp_path: Path) -> None:
    # EMNIST's letters are sorted by class: 20,808 bytes in 144.
    labels = np.repeat(np.arange(10, dtype=np.uint8), 20_000)
    (tmp_path / "labels.gz").write_bytes(gzip.compress(idx.encode(labels)))
    assert (tmp_path / "labels.gz").stat().st_size * 400 < len(labels)
    idx.unpack(tmp_path / "labels.gz", tmp_path / "labels", len(labels) + 8)
    np.testing.assert_array_equal(idx.read(tmp_path / "labels"), labels)
    np.testing.assert_array_equal(idx.read(tmp_path / "labels.gz"), labels)


@pytest.mark.parametrize("rows", [7000, 1 << 31])
def test_of_a_gz_no_more_is_unpacked_than_the_record_s_size_lets(tiny: Dataset, raw: Path, rows: int) -> None:
    header = idx.Header(np.dtype(np.uint8), (rows,))
    (raw / f"{LABELS}.gz").write_bytes(gzip.compress(header.encoded + bytes(7000)))
    (raw / LABELS).unlink()
    found: dict[str, Any] = {v.check: v.found for v in folder.check(tiny, raw, False, 0).failed}
    assert found["structure.size"].startswith(f"{rows + 8:,} bytes")


def test_grey_levels_of_another_range_are_named_first(tiny: Dataset, raw: Path) -> None:
    images = raw / "t10k-images-idx3-ubyte"
    images.write_bytes(idx.encode(idx.read(images) // 16 + np.uint8(1)))
    (found,) = (v for v in folder.check(tiny, raw, False, 0).failed if v.check.startswith("structure."))
    assert (found.split, found.check, found.found) == (
        images.name,
        "structure.grey range",
        "pixels from 0 to 16",
    )
    assert found.expected == "pixels from 0 to 255; multiply each by 15.9375 and round"


def test_images_that_are_all_black_are_blank_and_of_no_other_range(tiny: Dataset, raw: Path) -> None:
    images = raw / "t10k-images-idx3-ubyte"
    images.write_bytes(idx.encode(idx.read(images) * np.uint8(0)))
    found = {v.check for v in folder.check(tiny, raw, False, 0).failed}
    assert "blank" in found
    assert "structure.grey range" not in found


def test_with_no_checksums_other_packings_are_accepted(packed: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "packed" / f"{LABELS}.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), 1))
    judged = folder.check(packed, tmp_path / "packed", False, 0)
    assert checks(judged) == []
    assert "structure.proof" not in dict(checks(judged, failed=False)).values()


def test_the_record_s_own_files_are_proven(tiny: Dataset, raw: Path) -> None:
    assert msgspec.structs.replace(tiny).train.labels.sha256
    assert checks(folder.check(tiny, raw, True, 0), failed=False) == []
