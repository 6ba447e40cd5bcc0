"""Changes of labels, of which rows there are, and of which images stand in which split."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from mutate_images import ImagesChange
from mutation import Change, Data, Images, Labels, Random
from numpy.typing import NDArray

from pipeline.base.dataset import Split

BOTH: tuple[Split, ...] = ("train", "test")
Rows = NDArray[np.int64]


def labels(change: Callable[[Labels, Random], Labels], *splits: Split) -> Change:
    """The change of the labels of these splits, or of both."""

    def changed(data: Data, random: Random) -> Data:
        return data | {split: (data[split][0], change(data[split][1], random)) for split in splits or BOTH}

    return changed


def shuffled(start: int = 0, stop: int | None = None) -> Callable[[Labels, Random], Labels]:
    """The labels of these rows in random order."""

    def change(labels: Labels, random: Random) -> Labels:
        labels = labels.copy()
        labels[start:stop] = random.permutation(labels[start:stop])
        return labels

    return change


def renamed(**names: int) -> Callable[[Labels, Random], Labels]:
    """Labels renamed: `renamed(_3=5, _5=3)` exchanges two."""
    table = np.arange(256, dtype=np.uint8)
    for old, new in names.items():
        table[int(old[1:])] = new
    return lambda labels, random: table[labels]


def flipped(share: float) -> Callable[[Labels, Random], Labels]:
    """This share of labels changed to a random other one."""

    def change(labels: Labels, random: Random) -> Labels:
        labels = labels.copy()
        rows = random.choice(len(labels), round(share * len(labels)), replace=False)
        labels[rows] = (labels[rows] + random.integers(1, 10, len(rows))) % 10
        return labels

    return change


def given(count: int, one: int, other: int, back: bool = False) -> Callable[[Labels, Random], Labels]:
    """`count` random labels of one class changed to another class. back: and as many of the other to the one."""

    def change(labels: Labels, random: Random) -> Labels:
        result = labels.copy()
        for old, new in [(one, other), (other, one)] if back else [(one, other)]:
            result[random.choice(np.flatnonzero(labels == old), count, replace=False)] = new
        return result

    return change


def put(values: dict[int, int]) -> Callable[[Labels, Random], Labels]:
    """Rows given these labels."""

    def change(labels: Labels, random: Random) -> Labels:
        labels = labels.copy()
        labels[list(values)] = list(values.values())
        return labels

    return change


def lost(row: int, file: Literal["images", "labels"], *splits: Split) -> Change:
    """A row lost in one of the two files of these splits, or of both."""

    def change(data: Data, random: Random) -> Data:
        result = dict(data)
        for split in splits or BOTH:
            images, labels = data[split]
            pair = (np.delete(images, row, 0), labels) if file == "images" else (images, np.delete(labels, row))
            result[split] = pair
        return result

    return change


def slipped(labels: Labels, random: Random) -> Labels:
    """A label lost in the middle and one added at the end."""
    return np.append(np.delete(labels, len(labels) // 2), labels[-1])


def chosen(choose: Callable[[Labels, Random], Rows], *splits: Split) -> Change:
    """Only the rows that `choose` names, in its order, in both files."""

    def change(data: Data, random: Random) -> Data:
        result = dict(data)
        for split in splits or BOTH:
            images, labels = data[split]
            rows = choose(labels, random)
            result[split] = images[rows], labels[rows]
        return result

    return change


def without(count: int) -> Callable[[Labels, Random], Rows]:
    """All rows except `count` random ones."""
    return lambda labels, random: np.sort(random.permutation(len(labels))[count:])


def permuted(data: Data, random: Random) -> Data:
    """The rows of each split in random order, in both files alike."""
    return chosen(lambda labels, random: random.permutation(len(labels)))(data, random)


def replaced(count: int, sources: int) -> Change:
    """`count` rows of train overwritten with copies of `sources` rows of the same class; labels are kept."""

    def change(data: Data, random: Random) -> Data:
        images, labels = data["train"]
        rows = random.permutation(np.flatnonzero(labels == labels[0]))
        images = images.copy()
        images[rows[sources : sources + count]] = images[np.resize(rows[:sources], count)]
        return data | {"train": (images, labels)}

    return change


def class_from(old: int, new: int) -> Change:
    """The images of one class overwritten with images of another class, in both splits; labels are kept."""

    def change(data: Data, random: Random) -> Data:
        result = dict(data)
        for split, (before, labels) in data.items():
            own, other = np.flatnonzero(labels == old), np.flatnonzero(labels == new)
            images = before.copy()
            images[own] = images[np.resize(other, len(own))]
            result[split] = images, labels
        return result

    return change


def leaked(count: int, change: ImagesChange) -> Change:
    """`count` random images of test, changed, in place of images of train of the same class."""

    def changed(data: Data, random: Random) -> Data:
        images, labels = data["train"]
        images = images.copy()
        others, names = data["test"]
        rows = random.choice(len(others), count, replace=False)
        for row, image in zip(rows, change(others[rows], random), strict=True):
            images[random.choice(np.flatnonzero(labels == names[row]))] = image
        return data | {"train": (images, labels)}

    return changed


def other_writers(count: int) -> Change:
    """The last `count` images of test, exchanged with random images of train of the same classes.

    The second half of test is by writers of its own; each of them wrote about a hundred images in a row.
    """

    def changed(data: Data, random: Random) -> Data:
        (images, labels), (others, names) = data["train"], data["test"]
        images, others = images.copy(), others.copy()
        for label in range(10):
            theirs = len(names) - count + np.flatnonzero(names[-count:] == label)
            own = random.choice(np.flatnonzero(labels == label), len(theirs), replace=False)
            images[own], others[theirs] = others[theirs], images[own]
        return {"train": (images, labels), "test": (others, names)}

    return changed


def beside(count: int, change: ImagesChange) -> Change:
    """`count` images of train overwritten with changed copies of others of the same class; labels are kept."""

    def changed(data: Data, random: Random) -> Data:
        images, labels = data["train"]
        rows = random.permutation(np.flatnonzero(labels == labels[0]))
        images = images.copy()
        images[rows[count : 2 * count]] = change(images[rows[:count]], random)
        return data | {"train": (images, labels)}

    return changed


def mixed_in(share: float, other: Change) -> Change:
    """This share of the images of train from another dataset, under the labels that they have."""

    def changed(data: Data, random: Random) -> Data:
        images, labels = data["train"]
        rows = random.choice(len(labels), round(share * len(labels)), replace=False)
        part: Data = {"train": (images[rows], labels[rows])}
        images = images.copy()
        images[rows] = other(part, random)["train"][0]
        return data | {"train": (images, labels)}

    return changed


def part_of_train(data: Data, random: Random) -> Data:
    """Test made of random rows of train. Each class has as many rows as before."""
    images, labels = data["train"]
    rows = [
        random.choice(np.flatnonzero(labels == label), count, replace=False)
        for label, count in enumerate(np.bincount(data["test"][1]))
    ]
    chosen = random.permutation(np.concatenate(rows))
    return data | {"test": (images[chosen], labels[chosen])}


def exchanged(data: Data, random: Random) -> Data:
    """Train and test in each other's place."""
    return {"train": data["test"], "test": data["train"]}


def as_is(images: Images, random: Random) -> Images:
    """The images unchanged."""
    return images
