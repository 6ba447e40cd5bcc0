"""UnitRotation gives the coordinates that scikit-learn's Normalizer and TruncatedSVD give."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer

from pipeline.estimators.rotation import UnitRotation, unit
from pipeline.features.images import CHUNK
from pipeline.rows import idx


@pytest.fixture(scope="module")
def digits(mnist: Path) -> NDArray[np.uint8]:
    """The first 1,200 digits of train, uint8[1200, 784]."""
    return np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:1200]).reshape(-1, 784)


def test_axes_are_those_of_scikit_learn(digits: NDArray[np.uint8]) -> None:
    theirs = make_pipeline(
        FunctionTransformer(lambda X: X.astype(float)), Normalizer(), TruncatedSVD(12, algorithm="arpack")
    )
    np.testing.assert_allclose(
        np.abs(UnitRotation(12).fit_transform(digits)), np.abs(theirs.fit_transform(digits)), atol=1e-9
    )


def test_with_all_axes_products_stay_what_they_were(digits: NDArray[np.uint8]) -> None:
    turned = UnitRotation(784).fit_transform(digits[:300])
    np.testing.assert_allclose(turned @ turned.T, unit(digits[:300]) @ unit(digits[:300]).T, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(turned, axis=1), 1)


def test_a_hundred_axes_hold_nearly_all(digits: NDArray[np.uint8]) -> None:
    shares = np.square(UnitRotation(100).fit_transform(digits)).sum(axis=1)
    assert 0.93 < shares.mean() < 1


def test_an_axis_points_where_its_largest_coordinate_is_positive(digits: NDArray[np.uint8]) -> None:
    axes = UnitRotation(30).fit(digits).components_
    np.testing.assert_array_equal(axes.max(axis=1), np.abs(axes).max(axis=1))


def test_a_blank_image_stays_blank_and_the_chunk_does_not_count(digits: NDArray[np.uint8]) -> None:
    rotation = UnitRotation(20).fit(digits)
    assert not rotation.transform(np.zeros((1, 784), np.uint8)).any()
    assert len(digits) > 2 * CHUNK
    np.testing.assert_array_equal(rotation.transform(digits)[:CHUNK], rotation.transform(digits[:CHUNK]))
