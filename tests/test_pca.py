"""ExactPCA finds the principal components that scikit-learn finds, but as whole numbers."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from pipeline.estimators.gradients import GradientHistograms
from pipeline.estimators.pca import ExactPCA
from pipeline.features.components import UNIT, principal_axes, project
from pipeline.rows import idx


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


def test_the_transformer_gives_what_the_functions_give(digits: NDArray[np.uint8]) -> None:
    histograms = GradientHistograms().fit_transform(digits)
    pca = ExactPCA(10).fit(histograms[:1000])
    mean, axes = principal_axes(histograms[:1000], 10)
    np.testing.assert_array_equal(pca.transform(histograms), project(histograms, mean, axes))
