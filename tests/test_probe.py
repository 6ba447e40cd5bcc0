"""The probe judges rows that it was not fitted on, exactly as new fits would, and knows how sure it is."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_digits, make_blobs
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits

from pipeline.features.components import principal_axes, project
from pipeline.features.gradients import histograms
from pipeline.gates.evidence import probe as module
from pipeline.gates.evidence.probe import FOLDS, SHRINKAGE, Densities, Sums
from pipeline.rows import idx

Images = NDArray[np.uint8]
Labels = NDArray[np.uint8]


class Judged(NamedTuple):
    """The probabilities, float64[n, classes], of train and of test."""

    train: NDArray[np.float64]
    test: NDArray[np.float64]


def probe(train: Images, labels: NDArray[np.integer[Any]], test: Images, classes: int, seed: int) -> Judged:
    """What the probe says of images in two blocks."""
    judged = module.probe(np.array_split(train, 2), labels, np.array_split(test, 2), classes, seed)
    return Judged(*(np.concatenate(list(part)) for part in judged))


@pytest.fixture(scope="module")
def data(mnist: Path) -> tuple[Images, Labels, Images, Labels]:
    """Images and labels of train and of test."""
    names = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"]
    images, labels, others, given = (np.asarray(idx.read(mnist / f"{name}-ubyte")) for name in names)
    return images, labels, others, given


@pytest.fixture(scope="module")
def few(data: tuple[Images, Labels, Images, Labels]) -> tuple[Images, Labels, Images]:
    """4,000 images of train, their labels, 1,000 images of test."""
    return data[0][:4000], data[1][:4000], data[2][:1000]


@pytest.fixture(scope="module")
def judged(few: tuple[Images, Labels, Images]) -> Judged:
    """What the probe says of them."""
    return probe(*few, 10, 0)


@pytest.fixture(scope="module")
def points(few: tuple[Images, Labels, Images]) -> NDArray[np.float64]:
    """The features of those of train."""
    features = histograms(few[0])
    return project(features, *principal_axes(features, module.COMPONENTS))


def test_leaving_a_fold_out_is_fitting_anew_without_it(points: NDArray[np.float64], few: list[Labels]) -> None:
    labels, fold = few[1], np.arange(4000) % FOLDS
    whole = Sums.of(points, labels, 10)
    for k in range(FOLDS):
        inside, outside = fold == k, fold != k
        left = whole.without(Sums.of(points[inside], labels[inside], 10))
        anew = Sums.of(points[outside], labels[outside], 10)
        for mine, theirs in zip(left, anew, strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_the_probe_is_that_loop(points: NDArray[np.float64], few: list[Labels], judged: Judged) -> None:
    labels, fold = few[1], np.random.default_rng([0, FOLDS]).permutation(4000) % FOLDS
    scores = np.empty((4000, 10))
    for k in range(FOLDS):
        anew = Sums.of(points[fold != k], labels[fold != k], 10)
        scores[fold == k] = Densities.of(anew).logs(points[fold == k])
    losses = {factor / 1000: log_loss(labels, softmax(factor / 1000 * scores)) for factor in range(20, 400, 4)}
    sharpness = min(losses, key=losses.__getitem__)
    np.testing.assert_array_equal(judged.train.argmax(axis=1), scores.argmax(axis=1))
    assert log_loss(labels, judged.train) <= losses[sharpness] + 1e-6
    np.testing.assert_allclose(judged.train, softmax(sharpness * scores), atol=0.02)


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same in the plain way."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def test_log_likelihoods_are_those_of_normal_densities() -> None:
    from scipy.stats import multivariate_normal

    points, labels = make_blobs([300, 100], n_features=5, random_state=0)
    points = np.rint(points * 100)
    own = [points[labels == label] for label in (0, 1)]
    covariances = [np.cov(part.T, bias=True) for part in own]
    pooled = (3 * covariances[0] + covariances[1]) / 4
    pooled += np.eye(5) * (1 + 1e-3 * np.trace(pooled) / 5)
    expected = [
        multivariate_normal(part.mean(axis=0), (1 - SHRINKAGE) * covariance + SHRINKAGE * pooled).logpdf(points)
        + np.log(share)
        for part, covariance, share in zip(own, covariances, (0.75, 0.25), strict=True)
    ]
    found = Densities.of(Sums.of(points, labels, 2)).logs(points)
    constant = 5 / 2 * np.log(2 * np.pi)  # the same for every class
    np.testing.assert_allclose(found - constant, np.transpose(expected), rtol=1e-9)


def test_it_is_no_worse_than_scikit_learn(points: NDArray[np.float64], few: list[Labels], judged: Judged) -> None:
    labels, fold = few[1], np.random.default_rng([0, FOLDS]).permutation(4000) % FOLDS
    theirs = np.empty(4000)
    for k in range(FOLDS):
        model = QuadraticDiscriminantAnalysis(reg_param=0.01).fit(points[fold != k], labels[fold != k])
        theirs[fold == k] = model.predict(points[fold == k])
    assert (judged.train.argmax(axis=1) == labels).mean() >= (theirs == labels).mean()


def log_odds(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much likelier each class is than the last."""
    return np.log(probabilities[:, :-1]) - np.log(probabilities[:, -1:])


def test_a_row_s_own_label_counts_for_nothing_but_the_sharpness(few: list[Labels], judged: Judged) -> None:
    images, labels, others = few
    fold = np.random.default_rng([0, FOLDS]).permutation(4000) % FOLDS
    wrong = np.where(fold == 1, (labels + 1) % 10, labels)  # a whole fold, which is left out when it is judged
    after = probe(images, wrong, others, 10, 0).train[fold == 1]
    factors = log_odds(after) / log_odds(judged.train[fold == 1])
    np.testing.assert_allclose(factors, factors[0, 0], rtol=1e-6)
    np.testing.assert_array_equal(after.argmax(axis=1), judged.train[fold == 1].argmax(axis=1))


def test_a_single_wrong_label_hardly_moves_the_sharpness(few: list[Labels], judged: Judged) -> None:
    images, labels, others = few
    row = int(judged.train.max(axis=1).argmax())
    after = probe(images, np.where(np.arange(4000) == row, (labels + 1) % 10, labels), others, 10, 0).train[[row]]
    np.testing.assert_allclose(log_odds(after), log_odds(judged.train[[row]]), rtol=0.1)


def test_probabilities_are_such(judged: Judged) -> None:
    for part, rows in [(judged.train, 4000), (judged.test, 1000)]:
        assert part.shape == (rows, 10)
        assert part.min() >= 0
        np.testing.assert_allclose(part.sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_result_does_not_depend_on_the_number_of_threads(
    few: tuple[Images, Labels, Images], judged: Judged, threads: int
) -> None:
    with threadpool_limits(threads):
        again = probe(*few, 10, 0)
    np.testing.assert_array_equal(again.train, judged.train)
    np.testing.assert_array_equal(again.test, judged.test)


def test_blocks_do_not_show(few: tuple[Images, Labels, Images], judged: Judged, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "BLOCK", 700)
    again = probe(*few, 10, 0)
    np.testing.assert_allclose(again.train, judged.train, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(again.test, judged.test)


def test_another_seed_deals_other_folds(few: tuple[Images, Labels, Images], judged: Judged) -> None:
    again = probe(*few, 10, 1)
    assert (again.train != judged.train).mean() > 0.9
    assert (again.train.argmax(axis=1) == judged.train.argmax(axis=1)).mean() > 0.98


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("rows", [8, 40, 400])
@pytest.mark.parametrize("labels", ["single", "absent", "one class"])
def test_classes_of_one_row_or_none_are_judged_too(few: list[Images], rows: int, labels: str) -> None:
    dealt = {"single": few[1] % 9, "absent": few[1] % 5, "one class": few[1] * 0}[labels][:rows]
    if labels == "single":
        dealt[0] = 9
    judged = probe(few[0][:rows], dealt, few[2][:10], 10, 0)
    for part in judged:
        assert np.isfinite(part).all()
        np.testing.assert_allclose(part.sum(axis=1), 1, rtol=1e-12)
    absent = np.bincount(dealt, minlength=10) == 0
    assert not judged.test[:, absent].any()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("blank", [0, 255])
def test_images_that_are_all_alike_are_judged_by_the_classes_shares(blank: int) -> None:
    images, labels = np.full((100, 28, 28), blank, np.uint8), np.arange(100) % 2
    judged = probe(images, labels, images[:5], 3, 0)
    np.testing.assert_allclose(judged.test, [[0.5, 0.5, 0]] * 5, atol=0.02)


@pytest.mark.filterwarnings("error")
def test_no_image_of_test_has_no_probabilities(few: tuple[Images, Labels, Images], judged: Judged) -> None:
    images, labels, others = few
    empty = probe(images, labels, others[:0], 10, 0)
    assert empty.test.shape == (0, 10)
    np.testing.assert_array_equal(empty.train, judged.train)


def test_images_of_another_size_are_judged_too() -> None:
    images, labels = load_digits(return_X_y=True)
    images = np.kron((images * 15).astype(np.uint8).reshape(-1, 8, 8), np.ones((2, 2), np.uint8))  # 16 x 16
    judged = probe(images[:1200], labels[:1200], images[1200:], 10, 0)
    assert (judged.test.argmax(axis=1) == labels[1200:]).mean() > 0.85


def test_on_mnist_it_errs_in_less_than_three_rows_of_two_hundred_and_knows_in_how_many(
    data: tuple[Images, Labels, Images, Labels],
) -> None:
    images, labels, others, given = data
    judged = probe(images, labels, others, 10, 0)
    for part, own in [(judged.train, labels), (judged.test, given)]:
        right = (part.argmax(axis=1) == own).mean()
        assert right > 0.985
        assert abs(part.max(axis=1).mean() - right) < 0.005


@pytest.mark.parametrize(("enough", "off"), [(100_000, 0.0005), (2000, 0.02)])
def test_the_sharpness_is_that_with_the_least_loss(
    enough: int, off: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ENOUGH", enough)
    random = np.random.default_rng(0)
    true = random.normal(0, 2, (6000, 5))
    labels = np.array([random.choice(5, p=row) for row in softmax(true)])
    scores = true * 4  # four times too sure
    scores[:7, 0], labels[:7] = -np.inf, 0  # as of a class that is missing in the other folds
    given = module.Probabilities(5)
    given.append(scores)
    factors = np.arange(200, 320) / 1000
    losses = [-np.log(softmax(factor * scores[7:])[np.arange(5993), labels[7:]]).mean() for factor in factors]
    found = module._inverse_temperature(given, labels)
    assert found == pytest.approx(factors[int(np.argmin(losses))], abs=off)
