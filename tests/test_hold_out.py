"""The hold-out is stratified and repeatable, and no row is in both parts."""

from typing import Literal

import numpy as np
import pytest

from pipeline.base.errors import ConfigError, DataError
from pipeline.base.params import Validation
from pipeline.models.hold_out import hold_out, part

LABELS = np.repeat(np.arange(3, dtype=np.uint8), [600, 300, 100])


def test_every_row_is_on_one_side() -> None:
    rows, held = hold_out(LABELS, Validation(rows=100, seed=0))
    np.testing.assert_array_equal(np.sort(np.concatenate([rows, held])), np.arange(1000))


def test_the_hold_out_has_the_classes_in_proportion() -> None:
    _, held = hold_out(LABELS, Validation(rows=100, seed=0))
    np.testing.assert_array_equal(np.bincount(LABELS[held]), [60, 30, 10])


def test_the_seed_decides_which_rows() -> None:
    first, again, other = (hold_out(LABELS, Validation(rows=100, seed=seed))[1] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("rows", [1000, 5000, 2])
def test_a_hold_out_that_cannot_be_is_a_wrong_parameter(rows: int) -> None:
    with pytest.raises(ConfigError, match=r"train\.validation\.rows"):
        hold_out(LABELS, Validation(rows=rows, seed=0))


@pytest.mark.parametrize("by", [None, "writer"])
def test_a_class_of_one_row_cannot_be_on_both_sides_and_is_named(by: Literal["writer"] | None) -> None:
    labels = np.append(LABELS, [np.uint8(7), np.uint8(9)])
    expected = "label: expected 2 rows or more of each class, to hold out a part of it, found 1 of 7, 1 of 9"
    with pytest.raises(DataError, match=f"^train: {expected}$"):
        hold_out(labels, Validation(rows=100, seed=0, by=by), np.arange(len(labels), dtype=np.int16))
    with pytest.raises(DataError, match=f"^train: {expected}$"):
        part(labels, 100)


WRITERS = np.random.default_rng(0).permutation(np.repeat(np.arange(40, dtype=np.int16), 25))


@pytest.mark.parametrize("rows", [100, 250, 700])
def test_no_writer_is_on_both_sides_of_a_hold_out_by_writer(rows: int) -> None:
    fit, held = hold_out(LABELS, Validation(rows=rows, seed=0, by="writer"), WRITERS)
    assert not set(WRITERS[fit]) & set(WRITERS[held])
    np.testing.assert_array_equal(np.sort(np.concatenate([fit, held])), np.arange(1000))
    assert abs(len(held) - rows) <= 25
    np.testing.assert_allclose(np.bincount(LABELS[held]) / len(held), [0.6, 0.3, 0.1], atol=0.04)


def test_the_seed_decides_which_writers() -> None:
    found = [hold_out(LABELS, Validation(rows=250, seed=seed, by="writer"), WRITERS)[1] for seed in (0, 0, 1, 2)]
    np.testing.assert_array_equal(found[0], found[1])
    assert len({tuple(held) for held in found}) == 3


def test_a_writer_unlike_the_others_is_held_out_by_some_seeds_alone() -> None:
    odd = np.where(LABELS == 2, np.int16(99), WRITERS)  # wrote one class, all of it
    held = [hold_out(LABELS, Validation(rows=250, seed=seed, by="writer"), odd)[1] for seed in range(8)]
    assert 0 < sum(99 in odd[rows] for rows in held) < 8


@pytest.mark.parametrize("rows", [24, 976])
def test_a_hold_out_is_of_a_writer_or_more(rows: int) -> None:
    with pytest.raises(ConfigError, match="by writer: expected 25 to 975, found"):
        hold_out(LABELS, Validation(rows=rows, seed=0, by="writer"), WRITERS)


def test_a_hold_out_by_writer_needs_to_know_them() -> None:
    with pytest.raises(ConfigError, match=r"train\.validation\.by: writer: .* `provenance: true`"):
        hold_out(LABELS, Validation(rows=100, seed=0, by="writer"))
