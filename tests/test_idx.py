"""The IDX reader: every type and rank, the real files, and only IdxError for bytes that are not a whole file."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from pipeline.base.errors import DataError
from pipeline.rows import idx

DTYPES = ["uint8", "int8", "int16", "int32", "float32", "float64"]
# The same examples on every machine; nothing is kept between runs.
examples = settings(max_examples=60, deadline=None, derandomize=True, database=None)


def read_bytes(folder: Path, content: bytes) -> NDArray[Any]:
    path = folder / "some-idx"
    path.write_bytes(content)
    return idx.read(path)


@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
@examples
def test_what_is_encoded_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, dtype: str, data: st.DataObject
) -> None:
    native, big = np.dtype(dtype), np.dtype(dtype).newbyteorder(">")
    shape = data.draw(array_shapes(min_dims=1, max_dims=6, min_side=0, max_side=4))
    array = data.draw(arrays(data.draw(st.sampled_from([native, big])), shape))
    found = read_bytes(tmp_path_factory.getbasetemp(), idx.encode(array))
    assert (found.shape, found.dtype) == (shape, big)
    np.testing.assert_array_equal(found, array)  # NaN equals NaN here


def test_a_file_of_the_highest_rank_is_read(tmp_path: Path) -> None:
    assert read_bytes(tmp_path, idx.encode(np.ones([1] * 64, np.uint8))).shape == (1,) * 64


def test_the_bytes_are_those_of_the_format() -> None:
    by_hand = (
        b"\x00\x00"  # always
        b"\x0b"  # int16
        b"\x02"  # two dimensions
        b"\x00\x00\x00\x02\x00\x00\x00\x03"  # 2 x 3
        b"\x00\x01\x00\x02\x00\x03\xff\xff\x01\x00\x7f\xff"
    )
    assert idx.encode(np.array([[1, 2, 3], [-1, 256, 32767]], np.int16)) == by_hand


@pytest.mark.parametrize(
    ("code", "dtype", "one"),
    [
        (0x08, "uint8", "01"),
        (0x09, "int8", "01"),
        (0x0B, "int16", "0001"),
        (0x0C, "int32", "00000001"),
        (0x0D, "float32", "3f800000"),
        (0x0E, "float64", "3ff0000000000000"),
    ],
)
def test_each_type_has_its_code(code: int, dtype: str, one: str) -> None:
    assert idx.encode(np.ones(1, dtype)) == bytes([0, 0, code, 1, 0, 0, 0, 1]) + bytes.fromhex(one)


def test_encode_refuses_a_type_and_a_rank_that_idx_lacks() -> None:
    with pytest.raises(ValueError, match="IDX has no type for uint16"):
        idx.encode(np.zeros(3, np.uint16))
    with pytest.raises(ValueError, match="IDX has ranks of 1 to 64, found 0"):
        idx.encode(np.zeros((), np.uint8))


def test_the_array_is_mapped_and_read_only(tmp_path: Path) -> None:
    array = read_bytes(tmp_path, idx.encode(np.zeros(3, np.uint8)))
    assert isinstance(array, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


@pytest.mark.parametrize(
    ("content", "check", "found"),
    [
        (b"", "magic", "an empty file"),
        (b"\0\0\x08", "magic", "0x000008"),
        (b"\x1f\x8b\x08\x00\0\0\0\0", "magic", "0x1f8b0800"),  # still gzip'd
        (b"\0\x01\x08\x01\0\0\0\0", "magic", "0x00010801"),
        (b"\0\0\x0a\x01\0\0\0\0", "magic", "0x00000a01"),  # no such type
        (b"\0\0\x08\x00", "rank", "0"),
        (b"\0\0\x08\x41" + bytes(4 * 65), "rank", "65"),
        (b"\0\0\x08\xff" + bytes(4 * 255), "rank", "255"),
        (b"\0\0\x08\x03\0\0\0\x01\0\0\0", "header", "11 bytes"),
        (b"\0\0\x08\x01\0\0\0\x04abc", "length", "11 bytes"),
        (b"\0\0\x08\x01\0\0\0\x04abcde", "length", "13 bytes"),
        (b"\0\0\x08\x01\0\0\0\x00a", "length", "9 bytes"),
    ],
)
def test_a_file_that_is_not_whole_is_named_with_what_is_wrong(
    tmp_path: Path, content: bytes, check: str, found: str
) -> None:
    with pytest.raises(idx.IdxError) as caught:
        read_bytes(tmp_path, content)
    assert isinstance(caught.value, DataError)
    assert (caught.value.check, caught.value.found) == (check, found)
    assert str(caught.value).startswith(f"{tmp_path / 'some-idx'}: {check}: expected ")


def test_a_length_error_says_what_the_header_promises(tmp_path: Path) -> None:
    with pytest.raises(idx.IdxError, match=r"expected 2,012 bytes \(2 x 1,000 of uint8\), found 2,011 bytes"):
        read_bytes(tmp_path, idx.encode(np.zeros((2, 1000), np.uint8))[:-1])


def test_a_header_that_claims_4_gb_allocates_nothing(tmp_path: Path) -> None:
    tracemalloc.start()
    with pytest.raises(idx.IdxError, match="expected 4,294,967,303 bytes"):
        read_bytes(tmp_path, b"\0\0\x08\x01\xff\xff\xff\xff")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("shape", [(0,), (0, 28, 28), (5, 0)])
def test_a_dimension_of_zero_gives_an_empty_array(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = read_bytes(tmp_path, idx.encode(np.zeros(shape, np.int16)))
    assert (array.shape, array.dtype) == (shape, np.dtype(">i2"))


def test_a_dimension_of_zero_beside_huge_ones_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(idx.IdxError, match="0 x 4,294,967,295 x 4,294,967,295 x 4,294,967,295"):
        read_bytes(tmp_path, b"\0\0\x08\x04\0\0\0\0" + b"\xff" * 12)


HEADERS = st.builds(
    lambda code, rank, sizes: bytes([0, 0, code, rank]) + b"".join(size.to_bytes(4, "big") for size in sizes),
    st.sampled_from([0x08, 0x0B, 0x0E, 0x0A]),
    st.integers(0, 5),
    st.lists(st.sampled_from([0, 1, 2, 2**31, 2**32 - 1]), max_size=5),
)


@given(content=st.binary(max_size=40) | st.builds(bytes.__add__, HEADERS, st.binary(max_size=16)))
@settings(examples, max_examples=400)
def test_any_bytes_give_an_array_or_an_idx_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    try:
        array = read_bytes(tmp_path_factory.getbasetemp(), content)
    except idx.IdxError:
        return
    assert idx.encode(array) == content


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("train-images-idx3-ubyte", (60_000, 28, 28)),
        ("train-labels-idx1-ubyte", (60_000,)),
        ("t10k-images-idx3-ubyte", (10_000, 28, 28)),
        ("t10k-labels-idx1-ubyte", (10_000,)),
    ],
)
def test_the_real_files_equal_a_plain_parse(mnist: Path, name: str, shape: tuple[int, ...]) -> None:
    array = idx.read(mnist / name)
    assert (array.shape, array.dtype) == (shape, np.dtype("uint8"))
    plain = np.frombuffer((mnist / name).read_bytes(), np.uint8, offset=4 + 4 * len(shape))
    assert np.array_equal(array, plain.reshape(shape))


def test_the_first_five_digits_are_5_0_4_1_9(mnist: Path) -> None:
    assert idx.read(mnist / "train-labels-idx1-ubyte")[:5].tolist() == [5, 0, 4, 1, 9]
