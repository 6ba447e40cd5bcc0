"""Data in another form become the raw files of the record."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from forms import folders, keras
from reading import TINY, read, tiny

from pipeline.base.errors import DataError
from pipeline.readers import found, rebuilt

TRANSPOSED = msgspec.structs.replace(tiny(), transposed=True)


def test_pictures_are_upright_and_arrays_are_as_the_raw_files(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert np.array_equal(read(keras(tmp_path / "a", TINY), TRANSPOSED)["train"][0], TINY["train"][0])
    turned = read(folders(tmp_path / "b", TINY), TRANSPOSED)["train"][0]
    assert np.array_equal(turned, TINY["train"][0].swapaxes(1, 2))


def test_no_more_is_written_than_the_caller_allows(tmp_path: Path) -> None:
    form = found.find(keras(tmp_path, TINY), tiny())
    assert form is not None
    with pytest.raises(DataError, match="expected at most 100,000 bytes of images and labels, found more"):
        rebuilt.rebuild(form, tiny(), tmp_path, 100_000)
