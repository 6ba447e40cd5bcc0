"""The hold-out is stratified, repeatable, and its parts do not meet."""

import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.params import Validation
from pipeline.training import hold_out

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
