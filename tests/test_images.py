"""Upright and smaller images, of any shape, the same in any chunk."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from pipeline.estimators.distortions import Distortions
from pipeline.estimators.gradients import GradientHistograms
from pipeline.estimators.images import Deskewing, ImageEstimator, Subsampling
from pipeline.estimators.tangent import TangentNeighbours
from pipeline.estimators.virtual_svm import VirtualSVC
from pipeline.features.images import CHUNK, grey, slants
from pipeline.models import store
from pipeline.rows import idx


@pytest.fixture(scope="module")
def digits(mnist: Path) -> NDArray[np.uint8]:
    """The first 1,200 digits of train, uint8[1200, 28, 28]."""
    return np.asarray(idx.read(mnist / "train-images-idx3-ubyte")[:1200])


def test_an_upright_digit_stands_in_the_middle(digits: NDArray[np.uint8]) -> None:
    upright = Deskewing().fit_transform(digits.reshape(-1, 784)).reshape(-1, 28, 28)
    centres, leans = slants(upright)
    before = np.abs(slants(digits)[1]).mean()
    np.testing.assert_allclose(centres, 13.5, atol=0.1)
    assert np.abs(leans).mean() < 0.01 < 0.2 < before


def test_the_chunk_does_not_count(digits: NDArray[np.uint8]) -> None:
    flat = digits.reshape(-1, 784)
    assert len(flat) > 2 * CHUNK
    deskewing = Deskewing().fit(flat)
    np.testing.assert_array_equal(deskewing.transform(flat)[600:700], deskewing.transform(flat[600:700]))


def test_a_blank_image_and_one_of_a_single_row_stay_as_they_are() -> None:
    blank = np.zeros((1, 784), np.uint8)
    np.testing.assert_array_equal(Deskewing().fit_transform(blank), blank)
    line = np.array([[0, 9, 0]], np.uint8)
    np.testing.assert_array_equal(Deskewing(shape=(1, 3)).fit_transform(line), line)


def test_it_must_be_fitted_and_keep_to_the_size() -> None:
    with pytest.raises(NotFittedError):
        Deskewing().transform(np.zeros((1, 4), np.uint8))
    with pytest.raises(ValueError, match="expecting 9 features"):
        Deskewing().fit(np.zeros((1, 9), np.uint8)).transform(np.zeros((1, 4), np.uint8))


def test_subsampling_takes_the_mean_of_the_area(digits: NDArray[np.uint8]) -> None:
    smaller = Subsampling(side=16, margin=2).fit_transform(digits.reshape(-1, 784))
    fine = np.kron(digits[:9, 2:-2, 2:-2], np.ones((2, 2)))  # 48 x 48, so that 3 x 3 of them are a new pixel
    expected = fine.reshape(9, 16, 3, 16, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(smaller[:9].reshape(9, 16, 16), expected, atol=0.501)
    assert smaller.shape == (1200, 256)


def test_subsampling_keeps_what_is_small_enough(digits: NDArray[np.uint8]) -> None:
    flat = digits[:5].reshape(-1, 784)
    np.testing.assert_array_equal(Subsampling(side=28, margin=0).fit_transform(flat), flat)
    np.testing.assert_array_equal(
        Subsampling(side=9, margin=9, shape=(1, 3)).fit_transform(flat[:, :3]), flat[:, 1:2]
    )


KINDS = [Deskewing, Subsampling, GradientHistograms, Distortions, TangentNeighbours, VirtualSVC]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_shape_is_a_parameter_that_clones_and_files_keep(kind: type[ImageEstimator]) -> None:
    plain, wide = kind(), kind(shape=(20, 30))
    assert (plain.get_params()["shape"], wide.get_params()["shape"]) == (None, (20, 30))
    assert (clone(plain).shape, clone(wide).shape) == (None, (20, 30))
    trusted = [f"{kind.__module__}.{kind.__name__}"]
    loaded = [skops.io.loads(store.dumps(estimator), trusted=trusted) for estimator in (plain, wide)]
    assert [estimator.get_params()["shape"] for estimator in loaded] == [None, (20, 30)]
    assert clone(loaded[0]).shape is None


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_file_of_a_model_of_square_images_holds_no_shape(kind: type[ImageEstimator]) -> None:
    plain, again = kind(), kind(shape=(20, 30)).set_params(shape=None)
    assert store.dumps(again) == store.dumps(plain)
    with zipfile.ZipFile(io.BytesIO(store.dumps(plain))) as archive:
        assert b'"shape"' not in archive.read("schema.json")
    with zipfile.ZipFile(io.BytesIO(store.dumps(kind(shape=(20, 30))))) as archive:
        assert b'"shape"' in archive.read("schema.json")


@pytest.mark.parametrize("kind", [Deskewing, Subsampling, GradientHistograms], ids=lambda kind: kind.__name__)
def test_rows_of_3072_values_are_never_taken_for_images_of_one_line(kind: Any) -> None:
    rows = np.zeros((2, 3072), np.uint8)
    with pytest.raises(ValueError, match="expected the shape of an image of 3072 values, which is no square"):
        kind().fit(rows)
    assert kind(shape=(32, 32, 3)).fit_transform(rows).shape[1] < 3072


def test_tangents_distortions_and_virtual_vectors_need_the_shape_too() -> None:
    rows, labels = np.random.default_rng(0).integers(0, 256, (6, 3072), np.uint8), np.arange(6) % 2
    calls: list[Callable[[], object]] = [
        lambda: Distortions().draw(rows, np.random.default_rng(0)),
        lambda: TangentNeighbours(1).fit(rows, labels).predict(rows),
        lambda: VirtualSVC().fit(rows, labels),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="of an image of 3072 values"):
            call()


@pytest.mark.parametrize("shape", [(20, 30), (30, 20), (9, 9, 3)])
def test_deskewing_works_on_images_of_any_shape(shape: tuple[int, ...]) -> None:
    images = np.zeros((1, *shape), np.uint8)
    for row in range(2, 7):
        images[0, row, row - 1 : row + 2] = 200
    flat = images.reshape(1, -1)
    deskewing = Deskewing(shape=shape)
    upright = deskewing.fit_transform(flat).reshape(1, *shape[:2])
    assert deskewing.shape_after(shape) == shape[:2]
    centres, leans = slants(upright)
    np.testing.assert_allclose(centres[0], (np.array(shape[:2]) - 1) / 2, atol=0.1)
    assert abs(leans[0]) < 0.15
    assert abs(slants(grey(images))[1][0]) > 0.9


@pytest.mark.parametrize(
    ("shape", "after"), [((20, 30), (16, 16)), ((8, 30), (4, 16)), ((8, 8, 3), (4, 4)), ((28, 28), (16, 16))]
)
def test_the_shape_after_subsampling_is_the_shape_of_its_images(
    shape: tuple[int, ...], after: tuple[int, int]
) -> None:
    smaller = Subsampling(shape=shape)
    assert smaller.shape_after(shape) == after
    images = np.full((3, int(np.prod(shape))), 77, np.uint8)
    np.testing.assert_array_equal(smaller.fit_transform(images), np.full((3, after[0] * after[1]), 77))
