"""Every form that people have is found, and gives the same rows; what is ambiguous is one line."""

import gzip
import pickle
from pathlib import Path

import numpy as np
import pytest
from forms import FORMS, arrays, kaggle, keras
from reading import TINY, read, tiny

from pipeline.base.errors import ConfigError
from pipeline.readers import found


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_rows(tmp_path: Path, form: str) -> None:
    given = read(FORMS[form](tmp_path, TINY))
    assert given.keys() == TINY.keys()
    for split, (images, labels) in given.items():
        assert np.array_equal(images, TINY[split][0])
        assert np.array_equal(labels, TINY[split][1])


@pytest.mark.parametrize("form", FORMS)
def test_a_split_alone_is_read(tmp_path: Path, form: str) -> None:
    assert read(FORMS[form](tmp_path, {"test": TINY["test"]})).keys() == {"test"}


def test_nothing_is_found_in_a_folder_of_other_files(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("train")
    assert found.find(tmp_path, tiny()) is None
    assert found.find(tmp_path / "absent", tiny()) is None


def test_two_forms_in_a_folder_are_ambiguous(tmp_path: Path) -> None:
    keras(tmp_path, TINY)
    kaggle(tmp_path, TINY)
    with pytest.raises(ConfigError, match=r"one form, found mnist\.npz, mnist_test\.csv; name the files"):
        found.find(tmp_path, tiny())


def test_hidden_files_are_left_out(tmp_path: Path) -> None:
    arrays(tmp_path, TINY)
    (tmp_path / ".cache").mkdir()
    kaggle(tmp_path / ".cache", TINY)
    assert read(tmp_path).keys() == TINY.keys()


@pytest.mark.parametrize("name", ["mnist.pkl", "mnist.pkl.gz", "training.pt"])
def test_a_pickle_is_refused_by_name_and_not_opened(tmp_path: Path, name: str) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tmp_path / "ran",)

    content = pickle.dumps(Trap())
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    for place in (tmp_path, tmp_path / name):
        with pytest.raises(ConfigError, match=f"{name}: a pickle can run code"):
            found.find(place, tiny())
    assert not (tmp_path / "ran").exists()
