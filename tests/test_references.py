"""Real digits, really transformed, relabelled or misaligned, are recognised by their classes' mean images."""

import base64
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.base import records
from pipeline.base.errors import ConfigError
from pipeline.gates.evidence import references
from pipeline.gates.evidence.changes import AS_IS, transformations
from pipeline.gates.evidence.references import OWN, UNKNOWN, ClassSums, Likeness, decode, encode, ends, offset
from pipeline.rows import idx

MEASURED = records.load("mnist").expect
assert MEASURED
TOLERANCE = MEASURED.reference_tolerance
# A PNG header that claims 60,000 x 60,000 pixels.
SIZES = b"IHDR" + struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
HEADER = (
    b"\x89PNG\r\n\x1a\n"
    + struct.pack(">I", 13)
    + SIZES
    + struct.pack(">I", zlib.crc32(SIZES))
    + bytes(4)
    + b"IDAT"
)
BOMB = base64.b64encode(HEADER).decode()
# A PNG with more pixels than it says.
WHOLE = base64.b64decode(encode(np.zeros((1, 28, 28)))[0])
SHORT = base64.b64encode(WHOLE.replace(b"\x10IDAT", b"\x06IDAT")).decode()
# The width of a stroke does not change linearly, so these two are only approximate on a mean image.
NAMES = [name for name in transformations((28, 28)) if name not in {"made bolder", "made thinner"}]
CHOSEN = np.random.default_rng(0).permutation(60000) < 6000  # random: the sources of digits alternate
Digits = tuple[NDArray[np.uint8], NDArray[np.uint8]]
Floats = NDArray[np.float64]


def class_means(images: NDArray[np.uint8], labels: NDArray[np.integer[Any]], classes: int) -> Floats:
    return ClassSums.of(images, labels, classes).means


def liken(images: NDArray[np.uint8], labels: NDArray[np.integer[Any]], own: Floats, tolerance: float) -> Likeness:
    return references.liken(ClassSums.of(images, labels, len(own)), own, tolerance)


@pytest.fixture(scope="module")
def train(mnist: Path) -> Digits:
    """Images and labels of train."""
    return (
        np.asarray(idx.read(mnist / "train-images-idx3-ubyte")),
        np.asarray(idx.read(mnist / "train-labels-idx1-ubyte")),
    )


@pytest.fixture(scope="module")
def digits(train: Digits) -> Digits:
    """A tenth of the images and labels of train."""
    return train[0][CHOSEN], train[1][CHOSEN]


@pytest.fixture(scope="module")
def own(train: Digits) -> Floats:
    """The mean image of each class in the other nine tenths, as a record holds it."""
    return decode(encode(class_means(train[0][~CHOSEN], train[1][~CHOSEN], 10)), (28, 28))


def changed(images: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """Images that were transformed, back in whole grey levels."""
    return np.rint(np.clip(transformations((28, 28))[name](images.astype(float)), 0, 255)).astype(np.uint8)


@pytest.mark.parametrize("name", NAMES)
def test_every_transformation_of_the_images_is_recognised(digits: Digits, own: Floats, name: str) -> None:
    images, labels = changed(digits[0], name), digits[1]
    likeness = liken(images, labels, own, TOLERANCE)
    assert (likeness.transformation, likeness.labels) == (name, OWN)
    assert (likeness.distances.max() > TOLERANCE / 2) == (name != AS_IS)
    assert offset(images, labels, own) == 0


@pytest.mark.parametrize("name", NAMES[:12])
def test_a_transformation_is_recognised_under_wrong_labels_too(digits: Digits, own: Floats, name: str) -> None:
    images, labels = changed(digits[0], name), (digits[1] + 1) % 10
    likeness = liken(images, labels, own, TOLERANCE)
    assert (likeness.transformation, likeness.labels) == (name, "every label changed by +1")


@pytest.mark.parametrize("width", [2, 4, 8])
def test_bytes_exchanged_in_transposed_files_are_recognised(digits: Digits, own: Floats, width: int) -> None:
    stored = digits[0].swapaxes(1, 2).reshape(len(digits[0]), -1, width)[:, :, ::-1].reshape(digits[0].shape)
    sums = ClassSums.of(stored.swapaxes(1, 2), digits[1], 10)
    expected = (f"byte order exchanged in groups of {width}", OWN)
    assert references.liken(sums, own, TOLERANCE, transposed=True)[:2] == expected
    assert references.liken(sums, own, TOLERANCE)[0] != expected[0]


@pytest.mark.parametrize(("step", "said"), [(1, "+1"), (9, "-1"), (3, "+3"), (5, "+5"), (6, "-4")], ids=str)
def test_labels_that_all_changed_alike_are_named(digits: Digits, own: Floats, step: int, said: str) -> None:
    likeness = liken(digits[0], (digits[1] + step) % 10, own, TOLERANCE)
    assert (likeness.transformation, likeness.labels) == (AS_IS, f"every label changed by {said}")


def test_changed_labels_are_named_where_the_classes_are_of_unequal_size(digits: Digits, own: Floats) -> None:
    some = (digits[1] < 5) | (np.arange(6000) % 6 == 0)
    for name in (AS_IS, "transposed"):
        likeness = liken(changed(digits[0][some], name), (digits[1][some] + 5) % 10, own, TOLERANCE)
        assert (likeness.transformation, likeness.labels) == (name, "every label changed by +5")


def test_two_labels_that_are_exchanged_are_named(digits: Digits, own: Floats) -> None:
    exchange = np.array([0, 1, 2, 3, 9, 5, 6, 7, 8, 4])
    likeness = liken(digits[0], exchange[digits[1]], own, TOLERANCE)
    assert (likeness.transformation, likeness.labels) == (AS_IS, "exchanged: 4 is 9, 9 is 4")
    assert set(np.flatnonzero(likeness.distances > TOLERANCE)) == {4, 9}


@pytest.mark.parametrize("seed", range(6))
def test_a_class_of_few_rows_is_not_taken_for_another(digits: Digits, own: Floats, seed: int) -> None:
    rows = np.random.default_rng(seed).permutation(6000)[:40]
    assert liken(digits[0][rows], digits[1][rows], own, 60).labels == OWN


def test_shuffled_labels_are_named(digits: Digits, own: Floats) -> None:
    likeness = liken(digits[0], np.random.default_rng(0).permutation(digits[1]), own, TOLERANCE)
    assert (likeness.transformation, likeness.labels) == (AS_IS, "unrelated to the images: shuffled?")


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2, 0.3])
def test_some_wrong_labels_are_left_to_the_probe(digits: Digits, own: Floats, share: float) -> None:
    wrong = np.random.default_rng(0).random(6000) < share
    labels = np.where(wrong, (digits[1] + 1) % 10, digits[1])
    assert liken(digits[0], labels, own, TOLERANCE)[:2] == (AS_IS, OWN)


def test_the_hands_of_other_writers_are_not_a_transformation(train: Digits, own: Floats, mnist: Path) -> None:
    images = np.asarray(idx.read(mnist / "t10k-images-idx3-ubyte"))
    labels = np.asarray(idx.read(mnist / "t10k-labels-idx1-ubyte"))
    assert liken(images, labels, own, TOLERANCE)[:2] == (AS_IS, OWN)
    for start in (0, 20000, 40000):
        part = slice(start, start + 6000)
        assert liken(train[0][part], train[1][part], own, TOLERANCE)[:2] == (AS_IS, OWN)


def test_shuffled_labels_of_images_that_are_all_nearly_black_are_named_too(digits: Digits, own: Floats) -> None:
    labels = np.random.default_rng(0).permutation(digits[1])
    likeness = liken(changed(digits[0], "scaled to 0 to 1"), labels, own, TOLERANCE)
    assert likeness[:2] == ("scaled to 0 to 1", "unrelated to the images: shuffled?")


def test_images_of_something_else_are_unknown(digits: Digits, own: Floats) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (6000, 28, 28)).astype(np.uint8)
    assert liken(noise, digits[1], own, TOLERANCE)[:2] == (UNKNOWN, "not compared")


def test_classes_without_rows_are_not_compared(digits: Digits, own: Floats) -> None:
    some = digits[1] < 4
    likeness = liken(digits[0][some], digits[1][some], own, TOLERANCE)
    assert likeness[:2] == (AS_IS, OWN)
    np.testing.assert_array_equal(np.isnan(likeness.distances), np.arange(10) >= 4)


@pytest.mark.filterwarnings("error")
def test_no_image_is_like_nothing(own: Floats) -> None:
    images, labels = np.zeros((0, 28, 28), np.uint8), np.zeros(0, int)
    likeness = liken(images, labels, own, TOLERANCE)
    assert likeness[:2] == (UNKNOWN, "no image")
    assert np.isnan(likeness.distances).all()
    assert offset(images, labels, own) is None


@pytest.mark.parametrize("step", range(-3, 4))
def test_labels_that_slipped_by_some_rows_are_found(digits: Digits, own: Floats, step: int) -> None:
    assert offset(digits[0], np.roll(digits[1], step), own) == step
    cut = slice(10, -10)  # labels that leave one end need not come back at the other
    assert offset(digits[0][cut], np.roll(digits[1], step)[cut], own) == step


@pytest.mark.parametrize("labels", ["shuffled", "too far"])
def test_labels_that_fit_at_no_offset_have_none(digits: Digits, own: Floats, labels: str) -> None:
    random = np.random.default_rng(0)
    own_labels = digits[1]
    wrong = {"shuffled": random.permutation(own_labels), "too far": np.roll(own_labels, 4)}
    assert offset(digits[0], wrong[labels], own) == 0


@pytest.mark.parametrize("step", [0, 1])
def test_labels_in_the_order_of_the_classes_tell_no_offset(digits: Digits, own: Floats, step: int) -> None:
    order = np.argsort(digits[1], kind="stable")
    assert offset(digits[0][order], np.roll(digits[1][order], step), own) is None
    one_end = np.append(np.argsort(digits[1][:5000], kind="stable"), np.arange(5000, len(order)))
    assert offset(digits[0][one_end], np.roll(digits[1][one_end], step), own) == step


def test_sums_of_two_halves_are_those_of_the_whole(digits: Digits) -> None:
    whole = ClassSums.of(*digits, 10)
    halves = [ClassSums.of(digits[0][half], digits[1][half], 10) for half in (slice(2500), slice(2500, None))]
    for found, expected in zip(halves[0].plus(halves[1]), whole, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("rows", [0, 1500, 2000, 2001, 6000])
def test_the_ends_are_all_that_tells_an_offset(digits: Digits, own: Floats, rows: int) -> None:
    images, labels = digits[0][:rows], np.roll(digits[1][:rows], 2)
    assert len(ends(images)) == min(rows, 2000)
    assert offset(ends(images), ends(labels), own) == offset(images, labels, own) == (2 if rows else None)


def test_class_means_are_the_means_of_the_classes(digits: Digits) -> None:
    means = class_means(digits[0], digits[1], 12)
    for label in range(10):
        np.testing.assert_allclose(means[label], digits[0][digits[1] == label].astype(float).mean(axis=0))
    assert np.isnan(means[10:]).all()


def test_means_are_the_same_in_any_order_of_the_rows(digits: Digits, own: Floats) -> None:
    order = np.random.default_rng(0).permutation(6000)
    before, after = (liken(digits[0][rows], digits[1][rows], own, TOLERANCE) for rows in (slice(None), order))
    assert after[:2] == before[:2]
    np.testing.assert_array_equal(after.distances, before.distances)


def test_what_is_encoded_is_decoded_to_half_a_grey_level(digits: Digits) -> None:
    means = class_means(digits[0], digits[1], 10)
    texts = encode(means)
    np.testing.assert_array_equal(decode(texts, (28, 28)), np.rint(means))
    assert encode(decode(texts, (28, 28))) == texts
    assert np.abs(decode(texts, (28, 28)) - means).max() <= 0.5


def test_of_transformations_that_fit_equally_the_first_is_named(own: Floats) -> None:
    ring = np.broadcast_to(np.hypot(*np.mgrid[-13.5:14, -13.5:14]) // 2 % 2 * 255, (10, 28, 28))
    images, labels = np.repeat(ring, 3, axis=0).astype(np.uint8), np.repeat(np.arange(10), 3)
    assert liken(images, labels, np.asarray(ring), TOLERANCE).transformation == AS_IS
    assert NAMES[0] == AS_IS


@pytest.mark.parametrize(
    "text",
    [
        "no base64!",
        base64.b64encode(b"no PNG").decode(),
        encode(np.zeros((1, 28, 28)))[0][:60],
        encode(np.zeros((1, 27, 28)))[0],
        BOMB,
        SHORT,
    ],
)
def test_what_is_no_reference_is_the_records_fault(text: str) -> None:
    with pytest.raises(ConfigError, match="references: expected"):
        decode([text], (28, 28))
