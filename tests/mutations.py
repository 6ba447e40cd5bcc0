"""Ways in which the MNIST files go wrong, each with the check that must fail. tests/test_mutations.py runs them.

A strength is a round value near the smallest one that is caught. Random changes near a threshold were tried with
several seeds.
"""

import gzip

import mutate_files as files
import numpy as np
from drawn import drawn, drawn_under_labels
from mutate_files import IMAGES, LABELS, OTHER_IMAGES, OTHER_LABELS, PAGE
from mutate_images import (
    blurred,
    bolder,
    bytes_exchanged,
    filled,
    halved,
    images,
    in_turn,
    jpeg,
    line,
    moved,
    noisy,
    of_class,
    pictures,
    pixels,
    rotated,
    salted,
    turned,
    zoomed,
)
from mutate_rows import (
    as_is,
    beside,
    chosen,
    class_from,
    exchanged,
    flipped,
    given,
    labels,
    leaked,
    lost,
    mixed_in,
    other_writers,
    part_of_train,
    permuted,
    put,
    renamed,
    replaced,
    shuffled,
    slipped,
    without,
)
from mutation import Mutation, Spoil

ALL = slice(None)
inverted = pixels(lambda x: 255 - x)
thresholded = pixels(lambda x: np.where(x > 127, 255.0, 0.0))


def of_files(name: str, strength: str, check: str, found: str, spoil: Spoil) -> Mutation:
    """A mutation of bytes."""
    return Mutation(name, strength, f"structure.{check}", found, spoil=spoil)


OF_LABELS = [
    Mutation("labels shuffled", "all", "labels", "unrelated", labels(shuffled())),
    Mutation("labels shuffled, test alone", "all", "labels", "unrelated", labels(shuffled(), "test")),
    Mutation(
        "labels shuffled in a block", "50 rows of train", "suspects", "", labels(shuffled(3000, 3050), "train")
    ),
    Mutation(
        "labels shuffled in a block", "200 rows of train", "probe_error", "", labels(shuffled(3000, 3200), "train")
    ),
    Mutation("labels + 1, modulo 10", "all", "labels", r"changed by \+1", labels(lambda y, _: (y + 1) % 10)),
    Mutation("labels 1 to 10", "all", "label range", "", labels(lambda y, _: y + 1)),
    Mutation("label 255", "3 rows", "label range", "3 rows", labels(put({5: 255, 500: 255, 5000: 255}), "train")),
    Mutation("two classes exchanged", "3 and 5", "labels", "3 is 5, 5 is 3", labels(renamed(_3=5, _5=3))),
    Mutation("labels flipped", "1% of both", "suspects", "", labels(flipped(0.01))),
    Mutation("labels flipped", "0.1% of train", "suspects", "", labels(flipped(0.001), "train")),
    Mutation("labels flipped", "0.2% of test", "suspects", "", labels(flipped(0.002), "test")),
    Mutation(
        "labels of one class flipped",
        "3 of 4 to 9",
        "class_counts",
        "4: 5,839 for",
        labels(given(3, 4, 9), "train"),
    ),
    Mutation(
        "labels of one class flipped",
        "30 of 4 to 9",
        "suspects",
        "9, more like 4",
        labels(given(30, 4, 9), "train"),
    ),
    Mutation(
        "labels of one class flipped", "120 of 4 to 9", "class_errors.9", "", labels(given(120, 4, 9), "train")
    ),
    Mutation("labels exchanged in pairs", "20 of 3 and 5", "suspects", "", labels(given(20, 3, 5, True), "train")),
    Mutation("one label changed", "1 row", "class_counts", "", labels(given(1, 4, 9), "train")),
    Mutation("labels rolled", "by 1", "label_offset", "^1$", labels(lambda y, _: np.roll(y, 1))),
    Mutation("labels rolled", "by 1, test", "label_offset", "^1$", labels(lambda y, _: np.roll(y, 1), "test")),
    Mutation("first image lost", "1 row", "label_offset", "^1$", lost(0, "images")),
    Mutation("first image lost, of test alone", "1 row", "label_offset", "^1$", lost(0, "images", "test")),
    Mutation("first label lost", "1 row", "label_offset", "^-1$", lost(0, "labels")),
    Mutation("a label lost in the middle", "1 row", "label_offset", "^-1$", lost(30000, "labels", "train")),
    Mutation("last label lost", "1 row", "structure.rows", "59,999 labels", lost(59999, "labels", "train")),
    Mutation("a label lost, one added", "1 row of train", "label_offset", "^-1$", labels(slipped, "train")),
]

OF_IMAGES = [
    Mutation("transposed", "all", "transformation", "^transposed$", images(turned(lambda x: x.swapaxes(1, 2)))),
    Mutation("mirrored", "all", "transformation", "left to right", images(turned(lambda x: x[:, :, ::-1]))),
    Mutation("upside down", "all", "transformation", "top to bottom", images(turned(lambda x: x[:, ::-1]))),
    Mutation("rotated", "by 90 degrees", "transformation", "90 degrees, counter", images(rotated(90))),
    Mutation("rotated", "by -90 degrees", "transformation", "90 degrees, clock", images(rotated(-90))),
    Mutation("rotated", "by 180 degrees", "transformation", "180", images(rotated(180))),
    Mutation("rotated", "by 15 degrees", "transformation", "15 degrees, counter", images(rotated(15))),
    Mutation("rotated", "by 5 degrees", "transformation", "5 degrees, counter", images(rotated(5))),
    Mutation("rotated", "by 3 degrees", "transformation", "5 degrees, counter", images(rotated(3))),
    Mutation("rotated", "by 1 degree", "images.box.mean", "", images(rotated(1))),
    Mutation("test alone rotated", "by 5 degrees", "transformation", "5 degrees", images(rotated(5), "test")),
    Mutation("inverted", "all", "transformation", "inverted", images(inverted)),
    Mutation("inverted", "20 images", "images.pixel_mean.each", "^20 rows", images(inverted, some=20)),
    Mutation("thresholded", "at 128", "images.greys.mean", "^0$", images(thresholded)),
    Mutation(
        "thresholded",
        "6,000 images",
        "images.greys.mean",
        "",
        images(thresholded, some=6000),
    ),
    Mutation("blurred", "sigma 0.8", "transformation", "blurred", images(blurred(0.8))),
    Mutation("blurred", "sigma 0.35", "images.bright.mean", "", images(blurred(0.35))),
    Mutation("blurred", "sigma 0.4", "images.sharpness.mean", "", images(blurred(0.4))),
    Mutation("test alone blurred", "sigma 0.4", "images.sharpness.mean", "", images(blurred(0.4), "test")),
    Mutation("bolder", "a quarter of a dilation", "transformation", "bolder", images(bolder(0.25))),
    Mutation("test alone bolder", "half a dilation", "transformation", "bolder", images(bolder(0.5), "test")),
    Mutation("shifted", "by 2 pixels", "transformation", r"shifted by \+0 rows and \+2", images(moved(0, 2))),
    Mutation("shifted", "by 1 pixel", "transformation", r"shifted by -1 rows and \+0", images(moved(-1, 0))),
    Mutation("one class of test shifted", "7, by 1 pixel", "drift", "", of_class(7, moved(1, 0), "test")),
    Mutation("shifted", "20 images, right by 2", "images.centre_x.each", "", images(moved(0, 2), some=20)),
    Mutation("shifted", "20 images, up by 2", "images.centre_y.each", "", images(moved(-2, 0), some=20)),
    Mutation("scaled to 0 to 1", "all", "transformation", "scaled to 0 to 1", images(pixels(lambda x: x / 255))),
    Mutation("scaled to 0 to 127", "all", "transformation", "0 to 127", images(pixels(lambda x: x / 2))),
    Mutation("bytes exchanged", "pairs", "transformation", "groups of 2", images(bytes_exchanged(2))),
    Mutation("bytes exchanged", "groups of 4", "transformation", "groups of 4", images(bytes_exchanged(4))),
    Mutation("salt noise", "0.1% of pixels", "images.specks.mean", "", images(salted(0.001))),
    Mutation("salt noise", "1% of 20 images", "images.specks.each", "", images(salted(0.01), some=20)),
    Mutation("noise", "-8 to +8", "images.pixel_mean.mean", "", images(noisy(8))),
    Mutation("noise", "-20 to +20", "images.ink.mean", "", images(noisy(20))),
    Mutation("grey offset", "+2", "images.pixel_mean.mean", "", images(pixels(lambda x: x + 2))),
    Mutation("gamma", "0.9", "images.ink.mean", "", images(pixels(lambda x: 255 * (x / 255) ** 0.9))),
    Mutation("gamma", "1.1", "images.ink.mean", "", images(pixels(lambda x: 255 * (x / 255) ** 1.1))),
    Mutation("gamma", "1.2", "images.pixel_mean.mean", "", images(pixels(lambda x: 255 * (x / 255) ** 1.2))),
    Mutation("contrast lowered", "to 0.98", "images.pixel_max.mean", "249.9", images(pixels(lambda x: 0.98 * x))),
    Mutation("contrast lowered", "to 0.95", "images.bright.mean", "^0$", images(pixels(lambda x: 0.95 * x))),
    Mutation("contrast raised", "by 1.05", "images.pixel_std.mean", "", images(pixels(lambda x: 1.05 * x))),
    Mutation(
        "posterised", "to 8 levels", "images.greys.mean", "", images(pixels(lambda x: np.floor(x / 32) * 255 / 7))
    ),
    Mutation(
        "posterised",
        "to 16 levels",
        "images.pixel_std.mean",
        "",
        images(pixels(lambda x: np.floor(x / 16) * 255 / 15)),
    ),
    Mutation(
        "a logo in one class of train",
        "3 x 3 pixels at 20",
        "reference_distance",
        "",
        of_class(7, line(slice(1, 4), slice(1, 4), 20), "train"),
    ),
    Mutation("downscaled and back", "14 x 14", "transformation", "blurred", images(pictures(halved))),
    Mutation("zoomed", "by 1.05", "transformation", "in size by 1.05", images(zoomed(1.05))),
    Mutation("zoomed", "by 0.9", "transformation", "in size by 0.9", images(zoomed(0.9))),
    Mutation("dead row", "the 15th", "reference_distance", "", images(line(14, ALL, 0))),
    Mutation("dead column", "the 15th", "reference_distance", "", images(line(ALL, 14, 0))),
    Mutation("hot column", "the 15th", "reference_distance", "", images(line(ALL, 14, 255))),
    Mutation("JPEG", "quality 90", "images.box.each", "", images(jpeg(90))),
    Mutation("JPEG", "quality 80", "images.box.mean", "", images(jpeg(80))),
    Mutation("blank images", "5", "blank", "5 rows", images(filled(0), some=5)),
    Mutation("grey images", "5", "constant", "5 rows", images(filled(40, 128, 220), some=5)),
]

OF_ROWS = [
    Mutation("one image repeated", "20 times", "duplicates", "20 rows", replaced(20, 1)),
    Mutation("one image repeated", "once", "duplicates", "1 row", replaced(1, 1)),
    Mutation(
        "rows repeated",
        "100 appended",
        "duplicates",
        "100 rows",
        chosen(lambda y, _: np.r_[: len(y), :100], "train"),
    ),
    Mutation("one row repeated", "1 row", "rows", "60,001", chosen(lambda y, _: np.r_[: len(y), :1], "train")),
    Mutation("one row dropped", "1 row", "rows", "59,999", chosen(without(1), "train")),
    Mutation("rows dropped", "100 rows", "rows", "59,900", chosen(without(100), "train")),
    Mutation("one class missing", "7", "class_counts", "7: 0 for", chosen(lambda y, _: np.flatnonzero(y != 7))),
    Mutation("images of one class under another's labels", "2 for 7", "labels", "7 is 2", class_from(7, 2)),
    Mutation("test images in train", "50", "shared", "50 rows", leaked(50, as_is)),
    Mutation("test images in train", "1", "shared", "1 row", leaked(1, as_is)),
    Mutation(
        "images of train beside their copy", "50, -3 to +3", "near_duplicates", "50 rows", beside(50, noisy(3))
    ),
    Mutation("images of train beside their copy", "1, moved", "near_duplicates", "1 row", beside(1, moved(0, 1))),
    Mutation("test images in train, shifted", "50", "near", "50 rows", leaked(50, moved(0, 1))),
    Mutation("test images in train, with noise", "50, -3 to +3", "near", "50 rows", leaked(50, noisy(3))),
    Mutation("test images in train, as JPEG", "50, quality 90", "near", "", leaked(50, jpeg(90))),
    Mutation(
        "test images in train, shifted, with noise",
        "50",
        "near",
        "50 rows",
        leaked(50, in_turn(moved(1, 0), noisy(3))),
    ),
    Mutation("test replaced by a part of train", "all", "shared", "10,000 rows", part_of_train),
    Mutation("half of test by writers of train", "5,000 rows", "probe_error", "0.0145", other_writers(5000)),
    Mutation(
        "rows sorted by class",
        "train",
        "label_offset",
        "not measured",
        chosen(lambda y, _: np.argsort(y, kind="stable"), "train"),
    ),
    Mutation("another dataset mixed in", "0.5% of train", "probe_error", "", mixed_in(0.005, drawn_under_labels)),
    Mutation("train and test exchanged", "all", "rows", "10,000", exchanged),
    Mutation("another dataset", "drawn strokes", "transformation", "another dataset", drawn),
    Mutation(
        "another dataset under MNIST's labels",
        "drawn strokes",
        "transformation",
        "another dataset",
        drawn_under_labels,
    ),
    Mutation(
        "random noise",
        "all",
        "transformation",
        "another dataset",
        images(lambda x, random: random.integers(0, 256, x.shape, np.uint8)),
    ),
]

OF_FILES = [
    of_files("cut in mid-image", "100 bytes", "length", "", files.rewritten(IMAGES, lambda b: b[:-100])),
    of_files("bytes added", "1 byte", "length", "", files.rewritten(LABELS, lambda b: b + b"\n")),
    of_files("wrong magic", "1 bit", "magic", "0x0100", files.rewritten(IMAGES, lambda b: b"\x01" + b[1:])),
    of_files("wrong rank", "0", "rank", "^0$", files.rewritten(LABELS, lambda b: b[:3] + b"\0" + b[4:])),
    of_files("cut in the header", "7 bytes left", "header", "7 bytes", files.rewritten(LABELS, lambda b: b[:7])),
    of_files(
        "sizes too large",
        "2^32 - 1",
        "sizes",
        "",
        files.rewritten(IMAGES, lambda b: b[:4] + bytes(4) + b"\xff" * 8),
    ),
    of_files("sizes little-endian", "all", "length", "", files.little_endian(OTHER_IMAGES, 3)),
    of_files(
        "images as float32",
        "all",
        "shape",
        "float32",
        files.as_array(OTHER_IMAGES, lambda x: x.astype(np.float32)),
    ),
    of_files(
        "labels as int32", "all", "shape", "int32", files.as_array(OTHER_LABELS, lambda y: y.astype(np.int32))
    ),
    of_files(
        "images flattened",
        "n x 784",
        "shape",
        "10,000 x 784 ",
        files.as_array(OTHER_IMAGES, lambda x: x.reshape(-1, 784)),
    ),
    of_files("images and labels exchanged", "test", "shape", "", files.swapped(OTHER_IMAGES, OTHER_LABELS)),
    of_files("a web page in its place", "1 file", "magic", "0x3c21444f", files.rewritten(LABELS, lambda _: PAGE)),
    of_files("gzipped under the plain name", "1 file", "magic", "0x1f8b", files.rewritten(LABELS, gzip.compress)),
    of_files("a missing file", "1 file", "file", "none", files.removed(LABELS)),
    of_files("an empty file", "1 file", "magic", "an empty file", files.rewritten(LABELS, lambda _: b"")),
    of_files("gz cut short", "by 1%", "gzip", "cut", files.packed_and_cut(IMAGES, 0.99)),
]

OPERATORS = [*OF_LABELS, *OF_IMAGES, *OF_ROWS, *OF_FILES]

# These pass, though something is wrong; and a strength that is caught. A gate that catches one moves it
# up to the operators.
MISSED = [
    (
        Mutation("labels exchanged in pairs", "3 of 4 and 9", change=labels(given(3, 4, 9, True), "train")),
        "20 of 3 and 5",
    ),
    (Mutation("grey offset", "+1", change=images(pixels(lambda x: x + 1))), "+2"),
    (Mutation("gamma", "0.95", change=images(pixels(lambda x: 255 * (x / 255) ** 0.95))), "0.9"),
    (Mutation("gamma", "1.05", change=images(pixels(lambda x: 255 * (x / 255) ** 1.05))), "1.1"),
    (Mutation("blurred", "sigma 0.3", change=images(blurred(0.3))), "sigma 0.35"),
    (
        Mutation("another dataset mixed in", "0.03% of train", change=mixed_in(0.0003, drawn_under_labels)),
        "0.5% of train",
    ),
    (
        Mutation("test by writers of train", "one writer, 100 rows", change=other_writers(100)),
        "5,000 rows; one row where writers are known",
    ),
]

# These must not fail. The rows are permuted with the seed that deals the folds of the probe.
CLEAN = [
    Mutation("the files as they are", ""),
    Mutation("gzipped", "all four", spoil=files.packed),
    Mutation("rows permuted together", "both splits", change=permuted),
    Mutation("grey levels changed", "-1 to +1, every pixel", change=images(noisy(1))),
]
