"""Models without pickle: the same bytes for the same model, the same predictions after loading."""

import inspect
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import skops.io
from conftest import ROOT, tiny_arrays
from sklearn.pipeline import make_pipeline

from pipeline import model, registry
from pipeline.errors import DataError, UnavailableError
from pipeline.params import Validation

HERE = [name for name in registry.names() if not registry.missing(name)]


def fitted(name: str) -> Any:
    images, labels = tiny_arrays(90, 0)
    arguments = (
        {"components": 10} if "components" in inspect.signature(registry.load(name).estimator).parameters else {}
    )
    return registry.build(name, arguments).fit(images.reshape(90, -1), labels)


@pytest.mark.parametrize("name", HERE)
def test_a_loaded_model_predicts_the_same(name: str, tmp_path: Path) -> None:
    estimator, (images, _) = fitted(name), tiny_arrays(60, 1)
    model.save(estimator, tmp_path / "model.skops")
    again = model.load(tmp_path / "model.skops", 784, 3)
    X = images.reshape(60, -1)
    np.testing.assert_array_equal(again.predict(X), estimator.predict(X))


@pytest.mark.slow
def test_the_same_model_is_the_same_bytes_in_another_process_on_another_number_of_cores(tmp_path: Path) -> None:
    code = (
        f"import os, sys; sys.path.insert(0, {str(ROOT / 'tests')!r}); os.cpu_count = lambda: int(sys.argv[2])\n"
        "from pathlib import Path; from threadpoolctl import threadpool_limits; from pipeline import model\n"
        "from test_model import HERE, fitted\n"
        "with threadpool_limits(1):\n"
        "    for name in HERE: model.save(fitted(name), Path(sys.argv[1], name))"
    )
    for cores in ("1", "3"):
        subprocess.run([sys.executable, "-c", code, str(tmp_path / cores), cores], cwd=ROOT, check=True)
    for name in HERE:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "3" / name).read_bytes(), name


def test_arrays_that_are_one_object_stay_one(tmp_path: Path) -> None:
    estimator = fitted("gradient_svm")
    shared = estimator[-1].support_vectors_
    estimator[-1].again_ = shared
    model.save(estimator, tmp_path / "model.skops")
    last = model.load(tmp_path / "model.skops", 784, 3)[-1]
    assert last.again_ is last.support_vectors_
    np.testing.assert_array_equal(last.again_, shared)


def test_sparse_matrices_and_bytes_are_kept_too() -> None:
    content = {"sparse": scipy.sparse.csr_matrix(np.eye(5)), "bytes": b"abc"}
    one, two = (model.stable(skops.io.dumps(content)) for _ in range(2))
    assert one == two
    again = skops.io.loads(one, trusted=["scipy.sparse._csr.csr_matrix"])
    assert (again["sparse"].trace(), again["bytes"]) == (5, b"abc")


def test_a_class_that_is_not_trusted_is_refused_unloaded(tmp_path: Path) -> None:
    estimator = make_pipeline(fitted("logistic_regression"))
    estimator.extra = Validation
    skops.io.dump(estimator, tmp_path / "model.skops")
    with pytest.raises(DataError, match=r"expected a model of this project, found pipeline\.params\.Validation"):
        model.load(tmp_path / "model.skops", 784, 3)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut"])
def test_a_file_that_is_no_model_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.skops").write_bytes(content)
    with pytest.raises(DataError, match=r"model\.skops: expected a skops file"):
        model.load(tmp_path / "model.skops", 784, 3)


def test_a_zip_without_a_schema_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.skops", "w") as archive:
        archive.writestr("other", "")
    with pytest.raises(DataError, match="expected a skops file"):
        model.load(tmp_path / "model.skops", 784, 3)


def test_a_classifier_of_something_else_is_refused(tmp_path: Path) -> None:
    model.save(fitted("logistic_regression"), tmp_path / "model.skops")
    with pytest.raises(DataError, match="of 784 pixels into 10 classes, found Pipeline of 3 classes"):
        model.load(tmp_path / "model.skops", 784, 10)
    skops.io.dump({"a": 1}, tmp_path / "model.skops")
    with pytest.raises(DataError, match="found dict of 0 classes"):
        model.load(tmp_path / "model.skops", 784, 10)


def test_a_missing_model_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"model\.skops: not found; run `dvc repro`"):
        model.load(tmp_path / "model.skops", 784, 3)
