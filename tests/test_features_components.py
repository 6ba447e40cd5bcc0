"""Principal components as whole numbers: the same bytes on any machine."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pipeline.features.components import GRID, principal_axes, project
from pipeline.features.gradients import histograms
from pipeline.rows import idx


@pytest.fixture(scope="module")
def features(mnist: Path) -> NDArray[np.uint8]:
    """The gradient histograms of the first 1,200 digits of train: uint8[1200, 200]."""
    return histograms(np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:1200]))


def test_projections_are_whole_numbers_of_the_centred_features(features: NDArray[np.uint8]) -> None:
    mean, axes = principal_axes(features, 10)
    projected = project(features, mean, axes)
    np.testing.assert_array_equal(projected, np.rint(projected))
    np.testing.assert_allclose(projected, (features - mean) @ axes.T, atol=0.5)


def test_axes_are_on_a_grid_and_their_largest_coordinate_is_positive(features: NDArray[np.uint8]) -> None:
    _, axes = principal_axes(features, 10)
    np.testing.assert_array_equal(axes * GRID, np.rint(axes * GRID))
    np.testing.assert_array_equal(axes.max(axis=1), np.abs(axes).max(axis=1))


@pytest.mark.parametrize("threads", [1, 2])
def test_the_result_does_not_depend_on_the_number_of_threads(features: NDArray[np.uint8], threads: int) -> None:
    expected = project(features, *principal_axes(features, 40))
    with threadpool_limits(threads):
        np.testing.assert_array_equal(project(features, *principal_axes(features, 40)), expected)


@pytest.mark.parametrize("kernel", ["Haswell", "SkylakeX", "Zen", "Sandybridge"])
def test_the_result_does_not_depend_on_the_blas_kernel(mnist: Path, kernel: str) -> None:
    processor = Path("/proc/cpuinfo")
    if kernel == "SkylakeX" and processor.is_file() and "avx512f" not in processor.read_text():
        pytest.skip("this processor has no AVX-512, which the kernel needs")
    code = (
        "import hashlib, sys, pathlib, numpy as np\n"
        "from pipeline.features.components import principal_axes, project\n"
        "from pipeline.features.gradients import histograms\n"
        "from pipeline.rows import idx\n"
        "H = histograms(np.asarray(idx.read(pathlib.Path(sys.argv[1]))[:1200]))\n"
        "print(hashlib.sha256(H.tobytes() + project(H, *principal_axes(H, 40)).tobytes()).hexdigest())"
    )
    call = [sys.executable, "-c", code, str(mnist / "train-images-idx3-ubyte")]
    environment = os.environ | {"OPENBLAS_CORETYPE": kernel}
    done = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    here = histograms(np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:1200]))
    expected = hashlib.sha256(here.tobytes() + project(here, *principal_axes(here, 40)).tobytes())
    assert done.stdout.strip() == expected.hexdigest()
