"""The IDX reader and writer, compared with those of two other projects: idx2numpy and python-mnist."""

import gzip
import warnings
from pathlib import Path

import idx2numpy
import numpy as np
import pytest
from conftest import tiny_arrays, write_tiny
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from test_idx import DTYPES, HEADERS, examples

from pipeline.rows import idx

with warnings.catch_warnings():
    warnings.simplefilter("ignore", SyntaxWarning)  # it compares texts with `is`
    from mnist import MNIST

SPLITS = {"train": "load_training", "t10k": "load_testing"}


@pytest.mark.parametrize("rank", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
@settings(examples, max_examples=15)
def test_both_write_the_same_bytes_and_read_the_same_array(
    tmp_path_factory: pytest.TempPathFactory, dtype: str, rank: int, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp()
    shape = data.draw(array_shapes(min_dims=rank, max_dims=rank, max_side=5))
    # idx2numpy writes floats through Python's, which changes the bits of some NaN.
    array = data.draw(arrays(dtype, shape, elements={"allow_nan": False} if dtype.startswith("float") else None))
    theirs, plain, packed = (folder / name for name in ("theirs", "plain", "packed.gz"))
    idx2numpy.convert_to_file(str(theirs), array)
    for path in (plain, packed):
        idx.write(path, idx.Header(array.dtype, shape), [array[:2], array[2:]], gzipped=path == packed)
    assert idx.encode(array) == theirs.read_bytes() == plain.read_bytes() == gzip.decompress(packed.read_bytes())
    found = idx2numpy.convert_from_file(str(theirs))
    for path in (theirs, packed):
        whole = idx.read(path)
        assert (whole.dtype, whole.shape, whole.tobytes()) == (found.dtype, found.shape, found.tobytes())
        assert np.array_equal(np.concatenate(list(idx.blocks(path, 2))), array)


@given(content=st.binary(max_size=40) | st.builds(bytes.__add__, HEADERS, st.binary(max_size=16)))
@example(b"\0\0\x08\x02\0\0\0\x05\0\0\0\0")
@settings(examples, max_examples=400)
def test_both_refuse_the_same_bytes(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "some-idx"
    path.write_bytes(content)
    try:
        theirs = idx2numpy.convert_from_string(content)
    except (idx2numpy.FormatError, OverflowError):  # the latter for sizes beyond 64 bits
        theirs = None
    try:
        ours = idx.read(path)
    except idx.IdxError:
        # Of rank 0 idx2numpy makes a number. The format's ranks begin with 1, for vectors.
        assert theirs is None or theirs.shape == ()
        return
    assert theirs is not None
    assert (ours.dtype, ours.shape, ours.tobytes()) == (theirs.dtype, theirs.shape, theirs.tobytes())


@pytest.mark.parametrize(
    "array",
    [np.zeros((0, 2), np.uint8), np.arange(3, dtype=">i2")],
    ids=["without a value", "big-endian"],
)
def test_what_idx2numpy_reads_but_does_not_write(array: np.ndarray) -> None:
    with pytest.raises(idx2numpy.FormatError, match=r"empty array|not supported"):
        idx2numpy.convert_to_string(array)
    found = idx2numpy.convert_from_string(idx.encode(array))
    assert (found.shape, found.tolist()) == (array.shape, array.tolist())


def test_the_bits_of_a_nan_stay_as_they_are(tmp_path: Path) -> None:
    array = np.array([0x7F800001], np.uint32).view(np.float32)
    assert idx.encode(array)[8:] == bytes.fromhex("7f800001")
    assert idx2numpy.convert_to_string(array)[8:] == bytes.fromhex("7fc00001")


@pytest.mark.parametrize("dtype", ["bool", "uint16", "int64", "float16", "complex64", "S1"])
def test_neither_writes_a_type_that_the_format_lacks(dtype: str) -> None:
    with pytest.raises(ValueError, match="IDX has no type for"):
        idx.encode(np.zeros(3, dtype))
    with pytest.raises(idx2numpy.FormatError, match="not supported"):
        idx2numpy.convert_to_string(np.zeros(3, dtype))


def assert_read_alike(folder: Path, split: str, gz: bool) -> None:
    """Check that python-mnist reads the same pixels and labels as the reader here, whole and in blocks."""
    images, labels = getattr(MNIST(str(folder), gz=gz), SPLITS[split])()
    ending = "ubyte.gz" if gz else "ubyte"
    paths = [folder / f"{split}-{kind}-{ending}" for kind in ("images-idx3", "labels-idx1")]
    for path, theirs in zip(paths, [b"".join(map(bytes, images)), bytes(labels)], strict=True):
        assert idx.read(path).tobytes() == theirs
        assert b"".join(block.tobytes() for block in idx.blocks(path, 4096)) == theirs


@pytest.mark.parametrize("gz", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("split", SPLITS)
def test_python_mnist_reads_the_same_rows(tmp_path: Path, split: str, gz: bool) -> None:
    write_tiny(tmp_path)
    if gz:
        for path in list(tmp_path.iterdir()):
            array = idx.read(path)
            packed = path.with_name(f"{path.name}.gz")
            idx.write(packed, idx.Header(array.dtype, array.shape), [array], gzipped=True)
            path.unlink()
    assert_read_alike(tmp_path, split, gz)
    images, labels = MNIST(str(tmp_path), gz=gz).load_training()
    assert np.array_equal(np.reshape(images, (-1, 28, 28)), tiny_arrays(300, 0)[0])
    assert labels.tolist() == tiny_arrays(300, 0)[1].tolist()


@pytest.mark.parametrize("split", ["t10k", pytest.param("train", marks=pytest.mark.slow)])
def test_both_read_the_real_files_alike(mnist: Path, split: str) -> None:
    assert_read_alike(mnist, split, gz=False)
    path = mnist / f"{split}-images-idx3-ubyte"
    assert np.array_equal(idx2numpy.convert_from_file(str(path)), idx.read(path))
