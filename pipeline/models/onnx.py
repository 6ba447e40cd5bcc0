"""A fitted pipeline as an ONNX file, which gives the same labels without Python: uint8[n, values] -> int64[n].

skl2onnx makes the graph. This module adds the project's own estimators to it, with the same operations in the same
order: exact results (sums of integers, single operations) are therefore exact in the graph too.
"""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.base.errors import ConfigError, listed
from pipeline.estimators.gradients import GradientHistograms
from pipeline.estimators.pca import ExactPCA
from pipeline.estimators.svm import MatrixSVC
from pipeline.features.gradients import DIRECTIONS, LEVEL, cell_weights
from pipeline.features.images import image_shape

OPSET = 18
CHUNK = 500  # images that the runtime gets at a time; it needs 8 bytes for each image and support vector
SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32)


def export(estimator: Any, about: dict[str, str]) -> bytes:
    """The ONNX file of a fitted pipeline, always the same bytes. about: is added to the metadata of the file.

    Raises ConfigError if the pipeline has a step that is not in CONVERTERS, or another kernel than rbf.
    """
    from onnx import helper
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import UInt8TensorType
    from sklearn.pipeline import Pipeline

    steps = [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else [estimator]
    if unknown := [type(step).__name__ for step in steps if type(step) not in CONVERTERS]:
        expected = listed(kind.__name__ for kind in CONVERTERS)
        raise ConfigError(f"expected a model of {expected}, found {listed(unknown)}; no other can be exported")
    pixels = estimator.n_features_in_
    model = convert_sklearn(
        estimator,
        name="labels of images",
        initial_types=[("images", UInt8TensorType([None, pixels]))],
        doc_string=f"Labels of images: uint8[n, {pixels}], row by row, to int64[n].",
        target_opset=OPSET,
        custom_conversion_functions=CONVERTERS,
        custom_shape_calculators=dict.fromkeys(CONVERTERS, _no_shape),
        custom_parsers=dict.fromkeys(CONVERTERS, _parsed),
        model_optim=False,
    )
    model.producer_name, model.producer_version, model.domain = "mnist-pipeline", "", ""
    helper.set_model_props(model, dict(sorted(about.items())))
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def predict(content: bytes, images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The labels, int64[n], that ONNX Runtime finds for images, uint8[n, values]. content: of an ONNX file."""
    from onnxruntime import InferenceSession

    session = InferenceSession(content, providers=["CPUExecutionProvider"])
    starts = range(0, max(len(images), 1), CHUNK)
    return np.concatenate([session.run(["label"], {"images": images[i : i + CHUNK]})[0] for i in starts])


def _parsed(scope: Any, estimator: Any, inputs: list[Any], custom_parsers: Any = None) -> list[Any]:
    """Tell skl2onnx that a step has one output."""
    from skl2onnx.common.data_types import DoubleTensorType, Int64TensorType, UInt8TensorType

    step = scope.declare_local_operator(type(estimator).__name__, estimator)
    step.inputs = inputs
    name, kind = {
        GradientHistograms: ("features", UInt8TensorType()),
        ExactPCA: ("components", DoubleTensorType()),
        MatrixSVC: ("label", Int64TensorType([None])),
    }[type(estimator)]
    step.outputs.append(scope.declare_local_variable(name, kind))
    return list(step.outputs)


def _no_shape(operator: Any) -> None:
    """Leave the shape of the output of a step open, because nothing needs it."""


class _Graph:
    """Adds the nodes of an estimator to the graph: a call adds one operation and returns the name of its output.

    Its inputs are names of outputs, or arrays.
    """

    def __init__(self, scope: Any, operator: Any, container: Any) -> None:
        self.scope, self.container = scope, container
        self.input, self.output = operator.inputs[0].full_name, operator.outputs[0].full_name

    def __call__(self, kind: str, *inputs: str | NDArray[Any], output: str = "", **attributes: Any) -> str:
        names = [item if isinstance(item, str) else self._constant(item) for item in inputs]
        output = output or self.scope.get_unique_variable_name(kind)
        name = self.scope.get_unique_operator_name(kind)
        self.container.add_node(kind, names, output, op_version=OPSET, name=name, **attributes)
        return output

    def cast(self, value: str | NDArray[Any], kind: Any, output: str = "") -> str:
        from onnx.helper import np_dtype_to_tensor_dtype

        return self("Cast", value, to=np_dtype_to_tensor_dtype(np.dtype(kind)), output=output)

    def _constant(self, array: NDArray[Any]) -> str:
        from onnx.numpy_helper import from_array

        name: str = self.scope.get_unique_variable_name("constant")
        self.container.add_initializer(name, None, None, from_array(array))
        return name


def _gradient_histograms(scope: Any, operator: Any, container: Any) -> None:
    node, estimator = _Graph(scope, operator, container), operator.raw_operator
    shape = image_shape(estimator.n_features_in_, estimator.shape)
    rows, columns, *channels = shape
    weights = np.concatenate([cell_weights((rows, columns), *scale) for scale in estimator.scales], axis=1)
    level = (LEVEL / np.sqrt(np.maximum(weights.sum(axis=0), 1))).astype(np.float32)
    zero, one = np.zeros((), np.float32), np.ones((), np.float32)

    grey = node.input
    if channels:  # the rounded mean of whole numbers, as in `pipeline.features.images.grey`
        apart = node("Reshape", node.cast(grey, np.int64), np.array([-1, *shape]))
        total = node("ReduceSum", apart, np.array([3]), keepdims=0)
        grey = node("Div", node("Add", total, np.array(channels[0] // 2)), np.array(channels[0]))
    images = node("Reshape", node.cast(grey, np.float32), np.array([-1, 1, rows, columns]))
    gx, gy = (node("Conv", images, kernel[None, None], pads=[1, 1, 1, 1]) for kernel in (SOBEL, SOBEL.T.copy()))
    right, below = (node.cast(node("Greater", value, zero), np.float32) for value in (gx, gy))
    left, above = (node("Sub", one, value) for value in (right, below))
    horizontal, vertical = node("Abs", gx), node("Abs", gy)
    diagonal = node("Min", horizontal, vertical)
    across, along = node("Sub", horizontal, diagonal), node("Sub", vertical, diagonal)
    planes = [
        node("Mul", across, right),
        node("Mul", diagonal, node("Mul", right, below)),
        node("Mul", along, below),
        node("Mul", diagonal, node("Mul", left, below)),
        node("Mul", across, left),
        node("Mul", diagonal, node("Mul", left, above)),
        node("Mul", along, above),
        node("Mul", diagonal, node("Mul", right, above)),
    ]
    flat = node("Reshape", node("Concat", *planes, axis=1), np.array([-1, DIRECTIONS, len(weights)]))
    whole = node("Max", node("ReduceSum", flat, np.array([1, 2]), keepdims=1), one)
    shares = node("Div", node("MatMul", flat, weights), whole)
    # The root of a float32, computed in float64 and then rounded, is the exact root rounded, in any runtime.
    roots = node.cast(node("Sqrt", node.cast(shares, np.float64)), np.float32)
    values = node("Min", node("Round", node("Mul", roots, level)), np.full((), 255, np.float32))
    features = node("Reshape", values, np.array([-1, DIRECTIONS * len(level)]))
    node.cast(features, np.uint8, output=node.output)


def _exact_pca(scope: Any, operator: Any, container: Any) -> None:
    node, estimator = _Graph(scope, operator, container), operator.raw_operator
    centred = node("Sub", node.cast(node.input, np.float64), estimator.mean_)
    node("Round", node("MatMul", centred, estimator.components_.T.copy()), output=node.output)


def _matrix_svc(scope: Any, operator: Any, container: Any) -> None:
    node, estimator = _Graph(scope, operator, container), operator.raw_operator
    if estimator.kernel != "rbf":
        raise ConfigError(f"kernel: expected 'rbf', found {estimator.kernel!r}; no other can be exported")
    vectors, classes = estimator.support_vectors_, len(estimator.classes_)
    small = vectors.astype(np.int16)  # a quarter of the bytes, if the values fit
    kept = node.cast(small, np.float64) if np.array_equal(small, vectors) else vectors
    pairs = list(combinations(range(classes), 2))
    one, other = (np.eye(classes, dtype=np.float32)[list(side)] for side in zip(*pairs, strict=True))

    products = node("MatMul", node.input, node("Transpose", kept, perm=[1, 0]))
    own = node("ReduceSumSquare", node.input, np.array([1]), keepdims=1)
    squares = np.square(vectors).sum(axis=1)
    nearness = node("Sub", node("Sub", node("Mul", products, np.array(2.0)), squares), own)
    kernel = node("Exp", node("Mul", nearness, np.array(estimator._gamma)))
    # If there are two classes, the public intercept_ and dual_coef_ have the other sign.
    decisions = node("Add", node("MatMul", kernel, _pair_weights(estimator, pairs)), estimator._intercept_)
    wins = node.cast(node("Greater", decisions, np.array(0.0)), np.float32)
    losses = node("Sub", np.ones((), np.float32), wins)
    votes = node("Add", node("MatMul", wins, one), node("MatMul", losses, other))
    winner = node("ArgMax", votes, axis=1, keepdims=0)  # the first class with the most votes
    node("Gather", estimator.classes_.astype(np.int64), winner, output=node.output)


def _pair_weights(machine: MatrixSVC, pairs: list[tuple[int, int]]) -> NDArray[np.float64]:
    """The dual coefficient of each support vector in each pair of classes: float64[vectors, pairs]."""
    ends = np.cumsum(machine.n_support_)
    own = [slice(end - count, end) for count, end in zip(machine.n_support_, ends, strict=True)]
    weights = np.zeros((len(machine.support_vectors_), len(pairs)))
    for pair, (one, other) in enumerate(pairs):
        weights[own[one], pair] = machine._dual_coef_[other - 1, own[one]]
        weights[own[other], pair] = machine._dual_coef_[one, own[other]]
    return weights


CONVERTERS: dict[type, Callable[[Any, Any, Any], None]] = {
    GradientHistograms: _gradient_histograms,
    ExactPCA: _exact_pca,
    MatrixSVC: _matrix_svc,
}
