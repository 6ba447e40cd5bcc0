"""The ONNX file gives the labels of the model, and its features to the last bit."""

import csv
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, Run, edit
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline

from pipeline.base.errors import ConfigError
from pipeline.estimators.gradients import GradientHistograms
from pipeline.estimators.pca import ExactPCA
from pipeline.estimators.svm import MatrixSVC
from pipeline.models import onnx as own_onnx
from pipeline.models import registry
from pipeline.rows import idx

pytestmark = pytest.mark.skipif(
    not (importlib.util.find_spec("skl2onnx") and importlib.util.find_spec("onnxruntime")),
    reason="the extra `onnx` is not installed",
)


@pytest.fixture(scope="module")
def digits(mnist: Path) -> NDArray[np.uint8]:
    """The first 3,000 digits of train, a blank image and 99 of noise: uint8[3100, 784]."""
    images = np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:3000]).reshape(-1, 784)
    noise = np.random.default_rng(0).integers(0, 256, (99, 784), np.uint8)
    return np.concatenate([images, np.zeros((1, 784), np.uint8), noise])


@pytest.fixture(scope="module")
def model(mnist: Path, digits: NDArray[np.uint8]) -> Any:
    """The default method, but with two scales of cells, fitted on 1,500 digits."""
    labels = np.asarray(idx.read(mnist / "train-labels-idx1-ubyte")[:1500])
    svm = MatrixSVC(C=5.0, gamma=2.7e-7)
    return make_pipeline(GradientHistograms(((5, 9, 0), (4, 8, 2))), ExactPCA(40), svm).fit(digits[:1500], labels)


def test_labels_are_the_model_s(model: Any, digits: NDArray[np.uint8]) -> None:
    expected = model.predict(digits)
    assert len(set(expected)) == 10
    np.testing.assert_array_equal(own_onnx.predict(own_onnx.export(model, {}), digits), expected)


@pytest.mark.parametrize(("output", "step"), [("features", 1), ("components", 2)])
def test_features_are_the_model_s_to_the_last_bit(
    model: Any, digits: NDArray[np.uint8], output: str, step: int
) -> None:
    import onnx
    from onnxruntime import InferenceSession

    graph = onnx.load_from_string(own_onnx.export(model, {}))
    graph.graph.output.append(onnx.ValueInfoProto(name=output))
    found = InferenceSession(graph.SerializeToString()).run([output], {"images": digits})[0]
    expected = model[:step].transform(digits)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("labels", [[3, 7], [3, 7, 8]])
def test_any_number_of_classes_and_a_gamma_found_on_the_rows(labels: list[int]) -> None:
    X = np.random.default_rng(0).integers(0, 256, (60, 9), np.uint8)
    y = np.resize(labels, 60)
    model = make_pipeline(ExactPCA(4), MatrixSVC(gamma="scale")).fit(X, y)
    expected = model.predict(X)
    assert np.mean(expected == y) > 0.6
    np.testing.assert_array_equal(own_onnx.predict(own_onnx.export(model, {}), X), expected)


@pytest.mark.parametrize("shape", [(20, 30), (8, 8, 3), (9, 7, 4)])
def test_images_of_any_shape_have_the_features_and_labels_of_the_model(shape: tuple[int, ...]) -> None:
    X = np.random.default_rng(0).integers(0, 256, (60, int(np.prod(shape))), np.uint8)
    y = np.resize([3, 7, 8], 60)
    model = registry.build("gradient_svm", {"components": 20}, shape).fit(X, y)
    assert np.mean(model.predict(X) == y) > 0.6
    np.testing.assert_array_equal(own_onnx.predict(own_onnx.export(model, {}), X), model.predict(X))


@pytest.mark.parametrize("offsets", [(9.0, -9.0, 9.0), (-9.0, 9.0, -9.0)])
def test_ties_between_votes_go_to_the_first_class(offsets: tuple[float, ...]) -> None:
    X = np.array([[28, 28], [228, 28], [128, 228]], np.uint8)
    model = make_pipeline(ExactPCA(2), MatrixSVC(gamma=1e-6)).fit(X, [5, 6, 9])
    model[-1].intercept_ = model[-1]._intercept_ = np.array(offsets)  # each class wins against one of the others
    found = own_onnx.predict(own_onnx.export(model, {}), X)
    assert found.tolist() == model.predict(X).tolist() == [5, 5, 5]


def test_the_file_is_valid_says_what_it_is_and_is_the_same_bytes_each_time(model: Any) -> None:
    import onnx

    content = own_onnx.export(model, {"dataset": "tiny"})
    assert own_onnx.export(model, {"dataset": "tiny"}) == content
    read = onnx.load_from_string(content)
    onnx.checker.check_model(read, full_check=True)
    assert {item.key: item.value for item in read.metadata_props} == {"dataset": "tiny"}
    assert read.doc_string == "Labels of images: uint8[n, 784], row by row, to int64[n]."
    assert [value.name for value in read.graph.output] == ["label"]
    assert {item.domain for item in read.opset_import} == {""}


def test_other_steps_are_refused(digits: NDArray[np.uint8]) -> None:
    model = registry.build("logistic_regression", {"iterations": 1}).fit(digits[:50], np.arange(50) % 10)
    expected = "expected a model of GradientHistograms, ExactPCA, MatrixSVC, found MaxAbsScaler, LogisticRegr"
    with pytest.raises(ConfigError, match=expected):
        own_onnx.export(model, {})


def test_another_kernel_is_refused() -> None:
    X = np.array([[28, 28], [228, 28]], np.uint8)
    model = make_pipeline(ExactPCA(2), MatrixSVC(kernel="poly")).fit(X, [5, 6])
    with pytest.raises(ConfigError, match="kernel: expected 'rbf', found 'poly'; no other"):
        own_onnx.export(model, {})


def test_only_rows_that_passed_the_gate_are_compared(reproduced: Path, here: Run) -> None:
    edit(reproduced / "params.yaml", train__method="gradient_svm")
    for stage in ("method", "train", "evaluate"):
        assert here(stage).returncode == 0
    assert "all 60 test rows get the model's label" in here("onnx").stderr
    assert (reproduced / "model.onnx").is_file()
    (reproduced / "other.json").write_text("{}")
    done = here("onnx", "--passed", "other.json")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "data/parquet/test.parquet: has not passed the gate" in done.stderr


@pytest.mark.slow
def test_all_test_rows_get_the_recorded_predictions(mnist: Path, tmp_path: Path) -> None:
    """The command on the project's own model, in two processes."""
    if not (ROOT / "data/model/model.skops").is_file():
        pytest.skip("the model is not here; `dvc repro` makes it")
    for name in ("one.onnx", "two.onnx"):
        command = [sys.executable, "-m", "pipeline", "onnx", "--output", str(tmp_path / name)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert "all 10,000 test rows get the model's label" in done.stderr
    content = (tmp_path / "one.onnx").read_bytes()
    assert content == (tmp_path / "two.onnx").read_bytes()
    with (ROOT / "metrics/predictions.csv").open(newline="") as file:
        expected = [int(row["predicted"]) for row in csv.DictReader(file)]
    images = np.asarray(idx.read(mnist / "t10k-images-idx3-ubyte")).reshape(-1, 784)
    np.testing.assert_array_equal(own_onnx.predict(content, images), expected)
