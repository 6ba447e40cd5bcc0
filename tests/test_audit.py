"""Contradicted labels are the rows off the diagonal of the confident joint, as the paper defines it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.gates.evidence.audit import Suspects, suspects, thresholds

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

# Limits 0.6, 0.7 and 0.4875: the means of each class's own probability.
LABELS = np.array([0, 0, 0, 1, 1, 2, 2])
PROBABILITIES = np.array(
    [
        [0.9, 0.1, 0.0],
        [0.8, 0.1, 0.1],
        [0.1, 0.2, 0.7],  # says 0, confidently a 2
        [0.1, 0.9, 0.0],
        [0.45, 0.5, 0.05],  # not confident of anything
        [0.2, 0.1, 0.7],
        [0.625, 0.1, 0.275],  # says 2, confidently a 0
    ]
)


def by_the_paper(labels: Labels, probabilities: Floats) -> set[tuple[int, int]]:
    """(row, suggested label) off the diagonal of the confident joint, from equations 1 and 2 as they stand."""
    classes = range(probabilities.shape[1])
    found = set()
    limits = {j: np.mean(probabilities[labels == j, j]) for j in classes if (labels == j).any()}
    for row, own in enumerate(probabilities):
        confident = [j for j in limits if own[j] >= limits[j]]
        if confident and (best := max(confident, key=lambda j: own[j])) != labels[row]:
            found.add((row, best))
    return found


def judge(labels: Labels, probabilities: Floats) -> Suspects:
    """The suspects by limits from the same rows, which come in two blocks."""
    blocks = np.array_split(probabilities, 2)
    return suspects(labels, blocks, thresholds(labels, blocks, probabilities.shape[1]))


def test_the_example_by_hand() -> None:
    np.testing.assert_allclose(thresholds(LABELS, [PROBABILITIES], 3), [0.6, 0.7, 0.4875])
    found = judge(LABELS, PROBABILITIES)
    assert (found.rows.tolist(), found.suggested.tolist(), found.scores.tolist()) == ([2, 6], [2, 0], [0.6, 0.35])


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(0, 60))
@settings(max_examples=200, deadline=None)
def test_the_suspects_are_those_of_the_definition(seed: int, classes: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, rows)
    probabilities = random.dirichlet(np.full(classes, 0.5), rows)
    found, expected = judge(labels, probabilities), by_the_paper(labels, probabilities)
    assert set(zip(found.rows.tolist(), found.suggested.tolist(), strict=True)) == expected


def test_of_several_confident_classes_the_likeliest_counts_and_it_alone() -> None:
    probabilities = np.array([[0.4, 0.35, 0.25], [0.3, 0.4, 0.3]])
    found = suspects(np.array([0, 0]), [probabilities], np.array([0.3, 0.3, 0.2]))
    assert (found.rows.tolist(), found.suggested.tolist()) == ([1], [1])


def test_a_likelier_class_that_is_below_its_limit_does_not_count() -> None:
    found = suspects(np.array([2]), [np.array([[0.5, 0.4, 0.1]])], np.array([0.9, 0.3, 0.9]))
    assert (found.rows.tolist(), found.suggested.tolist(), found.scores.tolist()) == ([0], [1], [0.3])


def test_flipped_labels_come_before_all_others() -> None:
    random = np.random.default_rng(0)
    truth = random.integers(0, 10, 5000)
    probabilities = 0.9 * np.eye(10)[truth] + 0.1 * random.dirichlet(np.ones(10), 5000)
    unclear = random.choice(5000, 500, replace=False)  # where the model is not sure
    other = np.eye(10)[(truth[unclear] + 1) % 10]
    probabilities[unclear] = 0.4 * np.eye(10)[truth[unclear]] + 0.55 * other + 0.005
    flipped = np.setdiff1d(np.arange(0, 5000, 50), unclear)
    labels = truth.copy()
    labels[flipped] = (labels[flipped] + 3) % 10
    limits = np.full(10, 0.5)
    found = suspects(labels, [probabilities], limits)
    assert set(found.rows[: len(flipped)]) == set(flipped)
    np.testing.assert_array_equal(found.suggested[: len(flipped)], truth[found.rows[: len(flipped)]])
    assert set(found.rows[len(flipped) :]) == set(unclear)


def test_the_most_certain_come_first_and_equals_by_row() -> None:
    probabilities = np.array([[0.3, 0.7], [0.1, 0.9], [0.3, 0.7], [0.29998, 0.70002], [0.9, 0.1]])
    found = suspects(np.zeros(5, int), [probabilities], np.array([0.5, 0.5]))
    assert found.rows.tolist() == [1, 0, 2, 3]
    assert found.scores.tolist() == [0.8, 0.4, 0.4, 0.4]


@pytest.mark.filterwarnings("error")
def test_a_class_without_rows_suggests_nothing() -> None:
    labels, probabilities = np.array([0, 0]), np.array([[0.1, 0.9], [0.2, 0.8]])
    assert thresholds(labels, [probabilities], 2).tolist() == [pytest.approx(0.15), np.inf]
    assert len(judge(labels, probabilities).rows) == 0


@pytest.mark.filterwarnings("error")
def test_no_row_is_no_suspect() -> None:
    found = judge(np.zeros(0, int), np.zeros((0, 3)))
    assert [part.dtype for part in found] == [np.int64, np.int64, np.float64]
    assert {len(part) for part in found} == {0}
