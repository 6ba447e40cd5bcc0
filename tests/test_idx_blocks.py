"""IDX files in blocks of rows, plain and gzipped: read and written with one block in memory."""

import gzip
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.base.outputs import Outputs
from pipeline.rows import idx


def write_file(path: Path, content: bytes) -> Path:
    """A file of these bytes, gzipped if its name ends in .gz."""
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@pytest.mark.parametrize("name", ["plain", "packed.gz"])
def test_blocks_are_the_rows_in_order_the_last_one_shorter(tmp_path: Path, name: str) -> None:
    array = np.arange(7 * 2 * 3, dtype=np.int16).reshape(7, 2, 3)
    blocks = list(idx.blocks(write_file(tmp_path / name, idx.encode(array)), 3))
    assert [block.shape for block in blocks] == [(3, 2, 3), (3, 2, 3), (1, 2, 3)]
    np.testing.assert_array_equal(np.concatenate(blocks), array)


@pytest.mark.parametrize("name", ["plain", "packed.gz"])
@pytest.mark.parametrize(("rows", "most"), [(8, 2_600_000), (64, 6_500_000)])
def test_blocks_are_read_one_at_a_time(tmp_path: Path, name: str, rows: int, most: int) -> None:
    """In memory are the block that is read, the one before, and a chunk of gzip (larger from Python 3.12 on)."""
    array = np.random.default_rng(0).integers(0, 256, (64, 1 << 16), np.uint8)  # 4 MiB
    path = write_file(tmp_path / name, idx.encode(array))
    tracemalloc.start()
    total = sum(int(block.sum()) for block in idx.blocks(path, rows))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == array.sum()
    assert peak < most


def test_a_plain_file_of_another_length_gives_no_block_and_a_packed_one_gives_its_first(tmp_path: Path) -> None:
    cut, longer = idx.encode(np.zeros((4, 10), np.uint8))[:-1], idx.encode(np.zeros((4, 10), np.uint8)) + b"x"
    for content, found in [(cut, "51 bytes"), (longer, "53 bytes")]:
        with pytest.raises(idx.IdxError, match=rf"length: expected 52 bytes \(4 x 10 of uint8\), found {found}"):
            next(idx.blocks(write_file(tmp_path / "x", content), 2))
    for content, found in [(cut, "fewer"), (longer, "more")]:
        blocks = idx.blocks(write_file(tmp_path / "x.gz", content), 2)
        assert next(blocks).shape == (2, 10)
        with pytest.raises(idx.IdxError, match=rf"length: expected 52 bytes \(4 x 10 of uint8\), found {found}"):
            list(blocks)


@pytest.mark.parametrize("name", ["plain", "packed.gz"])
def test_what_is_written_in_blocks_is_the_same_file_each_time(tmp_path: Path, name: str) -> None:
    array = np.arange(7 * 2 * 3, dtype=np.int16).reshape(7, 2, 3)
    header = idx.Header(array.dtype, array.shape)
    for folder, blocks in [("one", [array[:3], array[3:]]), ("two", [array[:5], array[5:6], array[6:]])]:
        (tmp_path / folder).mkdir()
        idx.write(tmp_path / folder / name, header, blocks, gzipped=name.endswith(".gz"))
        assert idx.encode(idx.read(tmp_path / folder / name)) == idx.encode(array)
    content = (tmp_path / "one" / name).read_bytes()
    assert content == (tmp_path / "two" / name).read_bytes()
    if name.endswith(".gz"):
        assert content[:8] == bytes.fromhex("1f8b0800 00000000")  # no name, no time


@pytest.mark.parametrize(
    ("blocks", "found"),
    [
        ([np.zeros((3, 2), np.uint8)], "expected 4 x 2 of uint8, found 3 rows"),
        ([np.zeros((3, 2), np.uint8)] * 2, "expected 4 x 2 of uint8, found 6 rows"),
        ([np.zeros((4, 3), np.uint8)], "expected rows of 4 x 2 of uint8, found 4 x 3 of uint8"),
        ([np.zeros((4, 2), np.int8)], "expected rows of 4 x 2 of uint8, found 4 x 2 of int8"),
    ],
    ids=["fewer", "more", "another shape", "another type"],
)
def test_other_blocks_than_the_header_says_replace_no_file(
    tmp_path: Path, blocks: list[NDArray[Any]], found: str
) -> None:
    (tmp_path / "x").write_text("good")
    with pytest.raises(ValueError, match=found), Outputs() as out:
        idx.write(out.part(tmp_path / "x"), idx.Header(np.dtype(np.uint8), (4, 2)), blocks)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("x", "good")]


@pytest.mark.parametrize("name", ["plain", "packed.gz"])
def test_blocks_are_written_one_at_a_time(tmp_path: Path, name: str) -> None:
    tracemalloc.start()
    blocks = (np.full((8, 1 << 16), value, np.uint8) for value in range(16))  # 0.5 MiB each
    header = idx.Header(np.dtype(np.uint8), (128, 1 << 16))
    idx.write(tmp_path / name, header, blocks, gzipped=name.endswith(".gz"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


@pytest.mark.parametrize("name", ["plain", "packed.gz"])
@pytest.mark.parametrize("shape", [(0,), (0, 28, 28), (5, 0)])
def test_an_array_without_a_value_is_one_block(tmp_path: Path, name: str, shape: tuple[int, ...]) -> None:
    path = write_file(tmp_path / name, idx.encode(np.zeros(shape, np.int16)))
    assert [block.shape for block in idx.blocks(path, 2)] == [shape]
    assert idx.read(path).shape == shape
