"""Repeats are found as a slow loop finds them; copies, moved or encoded again, are found among all of MNIST."""

import io
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from pipeline.base import records
from pipeline.gates.evidence import leakage
from pipeline.gates.evidence.leakage import Pairs, Searched, digests
from pipeline.rows import idx


def first_seen(images: NDArray[np.uint8]) -> NDArray[np.int64]:
    return leakage.first_seen(digests(images))


def shared(images: NDArray[np.uint8], others: NDArray[np.uint8]) -> Pairs:
    return leakage.shared(digests(images), digests(others), np.unique(first_seen(others)))


def near(images: NDArray[np.uint8], others: NDArray[np.uint8], distance: float) -> Pairs:
    """The pairs of images in two blocks and others in three blocks."""
    own, other = (
        Searched.of(np.array_split(part, pieces), digests(part)) for part, pieces in ((images, 2), (others, 3))
    )
    return leakage.near(own, other, distance)


def nearly_repeated(images: NDArray[np.uint8]) -> Pairs:
    """The near repeats among images in three blocks."""
    return leakage.nearly_repeated(Searched.of(np.array_split(images, 3), digests(images)), DISTANCE)


Images = NDArray[np.uint8]
MEASURED = records.load("mnist").expect
assert MEASURED
DISTANCE = MEASURED.near_distance
MOVES = [move for move in product((-1, 0, 1), repeat=2) if move != (0, 0)]
SHAPES = st.tuples(st.integers(0, 12), st.just(2), st.just(2))
FEW_IMAGES = arrays(np.uint8, SHAPES, elements=st.integers(0, 1))


@pytest.fixture(scope="module")
def train(mnist: Path) -> Images:
    """The images of train."""
    return np.asarray(idx.read(mnist / "train-images-idx3-ubyte"))


@pytest.fixture(scope="module")
def test(mnist: Path) -> Images:
    """The images of test."""
    return np.asarray(idx.read(mnist / "t10k-images-idx3-ubyte"))


@given(FEW_IMAGES)
@settings(max_examples=200, deadline=None)
def test_the_first_row_with_an_image_is_named(images: Images) -> None:
    expected = [next(k for k, other in enumerate(images) if (other == image).all()) for image in images]
    found = first_seen(images)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, expected)


@given(FEW_IMAGES, FEW_IMAGES)
@settings(max_examples=200, deadline=None)
def test_rows_that_stand_in_both_are_named_with_the_first_of_their_kind(images: Images, others: Images) -> None:
    pairs = [(row, k) for row, image in enumerate(images) for k, o in enumerate(others) if (o == image).all()]
    expected = dict(reversed(pairs))
    found = shared(images, others)
    assert dict(zip(found.rows.tolist(), found.others.tolist(), strict=True)) == expected
    assert found.rows.tolist() == sorted(expected)
    assert not found.distances.any()


def moved(image: Images, down: int, right: int) -> Images:
    """An image moved by a pixel each way; what comes in is blank."""
    framed = np.pad(image, 1)
    return np.asarray(framed[1 - down : 29 - down, 1 - right : 29 - right])


def noisy(image: Images, seed: int) -> Images:
    """An image with noise of up to 3 levels."""
    noise = np.random.default_rng(seed).integers(-3, 4, image.shape)
    return np.asarray(np.clip(image + noise, 0, 255), np.uint8)


def encoded(image: Images, quality: int) -> Images:
    """An image through JPEG."""
    out = io.BytesIO()
    Image.fromarray(image).save(out, "jpeg", quality=quality)
    return np.asarray(Image.open(out), np.uint8)


Copy = Callable[[Images, int], Images]
COPIES: dict[str, Copy] = {
    "as it is": lambda image, k: image,
    "moved": lambda image, k: moved(image, *MOVES[k % 8]),
    "noisy": noisy,
    "moved and noisy": lambda image, k: noisy(moved(image, *MOVES[k % 8]), k),
    "JPEG 90": lambda image, k: encoded(image, 90),
    "moved, JPEG 90": lambda image, k: encoded(moved(image, *MOVES[k % 8]), 90),
}


@pytest.mark.parametrize("kind", COPIES)
def test_copies_are_found_with_the_image_that_they_are_of(train: Images, kind: str) -> None:
    touching = np.flatnonzero(train[:, [0, -1]].any(axis=(1, 2)) | train[:, :, [0, -1]].any(axis=(1, 2)))
    rows = np.append(np.random.default_rng(0).choice(60000, 600, replace=False), touching[:80])
    copies = np.stack([COPIES[kind](train[row], k) for k, row in enumerate(rows)])
    found = near(copies, train, DISTANCE)
    np.testing.assert_array_equal(found.rows, np.arange(len(rows)))
    np.testing.assert_array_equal(found.others, rows)
    assert found.distances.max() <= DISTANCE
    assert (found.distances == 0).all() == (kind in {"as it is", "moved"})


@pytest.mark.parametrize("kind", COPIES)
def test_copies_within_a_split_are_found_beside_their_image(train: Images, kind: str) -> None:
    rows = np.random.default_rng(0).choice(60000, 600, replace=False)
    copies = np.stack([COPIES[kind](train[row], k) for k, row in enumerate(rows)])
    found = nearly_repeated(np.concatenate([train, copies]))
    if kind == "as it is":  # those are found by their digests
        assert len(found.rows) == 0
    else:
        assert len(found.rows) >= 597
    np.testing.assert_array_equal(found.others, rows[found.rows - 60000])


def test_no_split_holds_an_image_nearly_twice(train: Images, test: Images) -> None:
    assert [len(nearly_repeated(images).rows) for images in (train, test)] == [0, 0]


def test_of_many_images_that_are_nearly_alike_only_the_nearest_are_compared(
    train: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    images = np.clip(np.repeat(train[:1], 3000, axis=0) + random.integers(0, 4, (3000, 28, 28)), 0, 255)
    monkeypatch.setattr(leakage, "COMPARED", 100 * 784)
    assert 50 < len(nearly_repeated(images.astype(np.uint8)).rows) <= 100


def test_the_test_split_holds_no_image_of_train(train: Images, test: Images) -> None:
    assert len(near(test, train, DISTANCE).rows) == len(shared(test, train).rows) == 0


def test_what_is_found_is_as_far_as_a_slow_loop_says(train: Images) -> None:
    rows = np.arange(0, 400, 4)
    copies = np.stack([noisy(moved(train[row], *MOVES[row % 8]), row) for row in rows.tolist()])
    found = near(copies, train[:400], DISTANCE)
    for row, other, distance in zip(*found, strict=True):
        differences = [moved(train[other], *move).astype(float) - copies[row] for move in [*MOVES, (0, 0)]]
        inner = [difference[1:-1, 1:-1] for difference in differences]
        assert distance == pytest.approx(min(np.sqrt(np.sum(d**2) / 784) for d in inner))


def test_of_several_that_are_near_the_nearest_is_named_and_of_equals_the_first(train: Images) -> None:
    image = train[7]
    others = np.stack([train[3], noisy(image, 0), image, noisy(image, 1), image, train[9]])
    found = near(image[None], others, DISTANCE)
    assert (found.rows.tolist(), found.others.tolist(), found.distances.tolist()) == ([0], [2], [0])


def test_two_pixels_are_too_far(train: Images) -> None:
    copies = np.stack([moved(moved(image, 1, 0), 1, 0) for image in train[:300]])
    assert len(near(copies, train[:300], DISTANCE).rows) == 0


def test_chunks_do_not_show(train: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    copies = np.stack([noisy(image, 0) for image in train[:50]])
    whole = near(copies, train[:300], DISTANCE)
    monkeypatch.setattr(leakage, "FEW", 7)
    for mine, theirs in zip(near(copies, train[:300], DISTANCE), whole, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_block_may_be_empty(train: Images) -> None:
    """That is so where no image of a block is whole."""
    images = np.stack([train[0], train[1], noisy(train[0], 0)])
    own = Searched.of([images[:0], images[:2], images[:0], images[2:]], digests(images))
    assert [part.tolist() for part in leakage.nearly_repeated(own, DISTANCE)[:2]] == [[2], [0]]
    assert leakage.near(own, own, DISTANCE).rows.tolist() == [0, 1, 2]


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_few_images_are_no_repeats(train: Images, rows: int) -> None:
    assert len(nearly_repeated(train[:rows]).rows) == 0


@pytest.mark.parametrize(("rows", "others"), [(0, 5), (5, 0), (0, 0), (5, 5)])
def test_no_image_is_near_no_image(train: Images, rows: int, others: int) -> None:
    found = near(train[:rows], train[100 : 100 + others], DISTANCE)
    assert [part.dtype for part in found] == [np.int64, np.int64, np.float64]
    assert {len(part) for part in found} == {0}


@pytest.mark.parametrize("shape", [(20, 30), (8, 8), (5, 9), (4, 4), (3, 3), (2, 9), (9, 1)])
def test_copies_are_found_in_images_of_any_size(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    others = random.integers(17, 256, (40, *shape), np.uint8)
    images = np.clip(others[[3, 30, 11]] + random.integers(-3, 4, (3, *shape)), 17, 255).astype(np.uint8)
    found = near(images, others, 5.0)
    assert found.rows.tolist() == [0, 1, 2]
    assert found.others.tolist() == [3, 30, 11]
    far = near((images.astype(int) // 2).astype(np.uint8), others, 5.0)
    assert len(far.rows) == 0


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ["blank", "nearly blank", "alike", "nearly alike"])
def test_thousands_of_images_that_are_alike_take_no_longer(train: Images, kind: str) -> None:
    random = np.random.default_rng(0)
    images = np.zeros((8000, 28, 28), np.uint8) if "blank" in kind else np.repeat(train[:1], 8000, axis=0)
    if kind.startswith("nearly"):
        images = np.minimum(images + random.integers(0, 4, images.shape), 255).astype(np.uint8)
    found = near(images[:2000], images[2000:], DISTANCE)
    np.testing.assert_array_equal(found.rows, np.arange(2000))
