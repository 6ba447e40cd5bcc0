"""Features are exact: the same bytes in any chunk, thread count and BLAS kernel, and what the formula says."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from pipeline import features, idx
from pipeline.features import ExactPCA, GradientHistograms, cell_weights, direction_planes


@pytest.fixture(scope="module")
def digits(mnist: Path) -> NDArray[np.uint8]:
    """The first 1,200 digits of train, uint8[1200, 784]."""
    return np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:1200]).reshape(1200, 784)


def edge(rows: slice, columns: slice) -> NDArray[np.float32]:
    """The direction planes' sums for one bright rectangle."""
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, rows, columns] = 255
    return np.asarray(direction_planes(image)[0].sum(axis=(1, 2)))


def test_an_edge_to_the_right_lies_in_the_first_direction() -> None:
    sums = edge(slice(0, 28), slice(14, 28))
    assert sums.argmax() == 0
    assert sums[0] == 255 * 4 * 2 * 26 + 255 * 3 * 2 * 2 - sums[[1, 7]].sum()


def test_turning_the_image_turns_the_directions() -> None:
    right, below = edge(slice(0, 28), slice(14, 28)), edge(slice(14, 28), slice(0, 28))
    np.testing.assert_array_equal(below, right[[2, 1, 0, 7, 6, 5, 4, 3]])


def test_planes_add_up_to_the_larger_component_of_the_sobel_gradient(digits: NDArray[np.uint8]) -> None:
    from scipy.ndimage import sobel

    images = digits[:20].reshape(-1, 28, 28)
    for image, planes in zip(images.astype(np.int32), direction_planes(images), strict=True):
        gradients = [sobel(image, axis, mode="constant") for axis in (0, 1)]
        np.testing.assert_array_equal(planes.sum(axis=0), np.maximum(*np.abs(gradients)))


def test_cells_are_whole_numbered_symmetric_and_cover_the_image() -> None:
    weights = cell_weights(28, 5, 9, 0).reshape(28, 28, 5, 5)
    np.testing.assert_array_equal(weights, np.rint(weights))
    np.testing.assert_array_equal(weights, weights[::-1, ::-1, ::-1, ::-1])
    assert (weights.sum(axis=(2, 3)) > 0).all()


def test_no_sum_can_leave_the_range_in_which_float32_is_exact() -> None:
    largest = max(cell_weights(28, *scale).sum(axis=0).max() for scale in GradientHistograms().scales)
    assert largest * 4 * 255 < 2**24


def test_features_do_not_depend_on_the_chunk(digits: NDArray[np.uint8]) -> None:
    whole = GradientHistograms().fit(digits).transform(digits)
    single = np.concatenate([GradientHistograms().fit(digits).transform(row[None]) for row in digits[:50]])
    np.testing.assert_array_equal(whole[:50], single)


def test_features_share_out_the_image_s_gradient_so_contrast_does_not_count(digits: NDArray[np.uint8]) -> None:
    even = digits[:50] // 2 * 2
    full, half = (GradientHistograms().fit_transform(images) for images in (even, even // 2))
    np.testing.assert_array_equal(full, half)


def test_a_blank_image_has_no_features() -> None:
    assert not GradientHistograms().fit_transform(np.zeros((1, 784), np.uint8)).any()


def test_principal_components_are_those_of_scikit_learn(digits: NDArray[np.uint8]) -> None:
    histograms = GradientHistograms().fit_transform(digits)
    ours = ExactPCA(10).fit(histograms)
    theirs = PCA(10, svd_solver="full").fit(histograms.astype(np.float64))
    lengths = np.linalg.norm(ours.components_, axis=1)
    cosines = np.abs((ours.components_ * theirs.components_).sum(axis=1)) / lengths
    np.testing.assert_allclose(cosines, 1, atol=1e-6)
    np.testing.assert_allclose(lengths * theirs.explained_variance_**0.25, features.UNIT, rtol=1e-3)


def test_projections_are_whole_numbers_of_the_centred_features(digits: NDArray[np.uint8]) -> None:
    histograms = GradientHistograms().fit_transform(digits)
    pca = ExactPCA(10).fit(histograms)
    projected = pca.transform(histograms)
    np.testing.assert_array_equal(projected, np.rint(projected))
    np.testing.assert_allclose(projected, (histograms - pca.mean_) @ pca.components_.T, atol=0.5)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_result_does_not_depend_on_the_number_of_threads(digits: NDArray[np.uint8], threads: int) -> None:
    histograms = GradientHistograms().fit_transform(digits)
    expected = ExactPCA(40).fit_transform(histograms)
    with threadpool_limits(threads):
        np.testing.assert_array_equal(ExactPCA(40).fit_transform(histograms), expected)


@pytest.mark.parametrize("kernel", ["Haswell", "SkylakeX", "Zen", "Sandybridge"])
def test_the_result_does_not_depend_on_the_blas_kernel(mnist: Path, kernel: str) -> None:
    code = (
        "import hashlib, sys, pathlib, numpy as np\n"
        "from pipeline import idx\n"
        "from pipeline.features import ExactPCA, GradientHistograms\n"
        "X = np.asarray(idx.read(pathlib.Path(sys.argv[1]))[:1200]).reshape(1200, 784)\n"
        "H = GradientHistograms().fit_transform(X)\n"
        "print(hashlib.sha256(H.tobytes() + ExactPCA(40).fit_transform(H).tobytes()).hexdigest())"
    )
    call = [sys.executable, "-c", code, str(mnist / "train-images-idx3-ubyte")]
    environment = os.environ | {"OPENBLAS_CORETYPE": kernel}
    done = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    digits = np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:1200]).reshape(1200, 784)
    histograms = GradientHistograms().fit_transform(digits)
    here = hashlib.sha256(histograms.tobytes() + ExactPCA(40).fit_transform(histograms).tobytes())
    assert done.stdout.strip() == here.hexdigest()


def test_transformers_are_cloned_with_their_parameters() -> None:
    assert clone(ExactPCA(7)).n_components == 7
    assert clone(GradientHistograms(scales=((4, 9, 2),))).scales == ((4, 9, 2),)
