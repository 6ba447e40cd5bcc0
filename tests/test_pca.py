"""Principal components are those of scikit-learn, but whole numbers: the same bytes on any machine."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from pipeline import idx
from pipeline.estimators.gradients import GradientHistograms
from pipeline.estimators.pca import UNIT, ExactPCA


@pytest.fixture(scope="module")
def digits(mnist: Path) -> NDArray[np.uint8]:
    """The first 1,200 digits of train, uint8[1200, 784]."""
    return np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:1200]).reshape(1200, 784)


def test_principal_components_are_those_of_scikit_learn(digits: NDArray[np.uint8]) -> None:
    histograms = GradientHistograms().fit_transform(digits)
    ours = ExactPCA(10).fit(histograms)
    theirs = PCA(10, svd_solver="full").fit(histograms.astype(np.float64))
    lengths = np.linalg.norm(ours.components_, axis=1)
    cosines = np.abs((ours.components_ * theirs.components_).sum(axis=1)) / lengths
    np.testing.assert_allclose(cosines, 1, atol=1e-6)
    np.testing.assert_allclose(lengths * theirs.explained_variance_**0.25, UNIT, rtol=1e-3)


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
        "from pipeline.estimators.gradients import GradientHistograms\n"
        "from pipeline.estimators.pca import ExactPCA\n"
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
