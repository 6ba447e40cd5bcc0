"""The time that parts of the methods take on this machine, beside scikit-learn if it has the same part.

    python -m benchmarks.methods
    python -m benchmarks.methods --runs 1 nearest

It needs data/raw (`make repro`). Each figure is the median of some runs. Ours and theirs run in one process, in
turn, on all cores. A ratio below 1 means that ours takes less time.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from pipeline.estimators.gradients import GradientHistograms
from pipeline.estimators.images import Deskewing, Subsampling
from pipeline.estimators.nearest import NearestNeighbours
from pipeline.models import registry
from pipeline.rows import idx

RAW = Path(__file__).parent.parent / "data/raw"
Digits = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def split(name: str) -> Digits:
    """Images uint8[n, 784] and labels uint8[n] of "train" or "t10k"."""
    images, labels = (idx.read(RAW / f"{name}-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
    return np.asarray(images).reshape(len(images), -1), np.asarray(labels)


def in_turn(actions: list[Callable[[], Any]], runs: int) -> tuple[list[float], list[Any]]:
    """The median seconds of each action, and its last result. The actions run in turn."""
    seconds: list[list[float]] = [[] for _ in actions]
    results = [None] * len(actions)
    for _ in range(runs):
        for number, action in enumerate(actions):
            begin = time.perf_counter()
            results[number] = action()
            seconds[number].append(time.perf_counter() - begin)
    return [median(taken) for taken in seconds], results


def features(train: Digits, test: Digits, runs: int) -> None:
    """Time the transformers of images."""
    images = np.concatenate([train[0], test[0]])
    for transformer in (GradientHistograms(), Deskewing(), Subsampling()):
        transform = partial(transformer.fit(images[:1]).transform, images)
        (seconds,), _ = in_turn([transform], runs)
        print(f"{type(transformer).__name__} of {len(images):,} images: {seconds:.2f} s")


def nearest(train: Digits, test: Digits, runs: int) -> None:
    """Time the nearest neighbours by L2 and L3; scikit-learn only by L2, because by L3 it takes an hour."""
    ours = NearestNeighbours(3).fit(*train)
    theirs = KNeighborsClassifier(3, algorithm="brute").fit(train[0].astype(np.float32), train[1])
    actions = [lambda: ours.predict(test[0]), lambda: theirs.predict(test[0].astype(np.float32))]
    compared(f"L2, {len(train[0]):,} x {len(test[0]):,}", *in_turn(actions, runs))
    cubes = NearestNeighbours(3, p=3).fit(*train)
    (seconds,), _ = in_turn([lambda: cubes.predict(test[0])], 1)
    print(f"L3, {len(train[0]):,} x {len(test[0]):,}: {seconds:.2f} s")


def svm(train: Digits, test: Digits, runs: int) -> None:
    """Time the support vector machine of the default method on the test images."""
    method = registry.build("gradient_svm", {}).fit(*train)
    projected, machine = method[:-1].transform(test[0]), method[-1]
    libsvm = partial(SVC._dense_predict, machine, projected)  # MatrixSVC overrides this method
    actions = [lambda: machine.predict(projected), lambda: machine.classes_[libsvm().astype(int)]]
    compared(f"SVM, {len(machine.support_):,} vectors x {len(projected):,}", *in_turn(actions, runs))


def compared(what: str, seconds: list[float], results: list[Any]) -> None:
    """Print our seconds, theirs, the ratio, and the number of labels that differ."""
    ours, theirs = seconds
    differ = int((results[0] != results[1]).sum())
    print(
        f"{what}: {ours:.2f} s, {ours / theirs:.2f} times scikit-learn's ({theirs:.2f} s), {differ} labels differ"
    )


def main() -> None:
    """Print one line for each figure."""
    parts = {"features": features, "nearest": nearest, "svm": svm}
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=f"some of {', '.join(parts)}; the default is all")
    parser.add_argument("--runs", type=int, default=3, help="the number of runs; the median is printed")
    arguments = parser.parse_args()
    if arguments.runs < 1 or not parts.keys() >= set(arguments.parts):
        parser.error(f"expected parts of {', '.join(parts)}, and 1 run or more")
    train, test = split("train"), split("t10k")
    for name in arguments.parts or parts:
        parts[name](train, test, arguments.runs)


if __name__ == "__main__":
    main()
