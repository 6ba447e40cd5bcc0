"""The paired comparison of two classifiers, against binomial sums, published numbers and simulated draws."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from scipy.stats import binom

from pipeline.history.compare.paired import Paired, discordant, of


def exact(worse: int, better: int) -> Fraction:
    """Twice the smaller tail of `worse + better` throws of a fair coin."""
    throws, smaller = worse + better, min(worse, better)
    tail = sum(comb(throws, k) for k in range(smaller + 1))
    return min(Fraction(1), Fraction(2 * tail, 2**throws))


def test_the_p_value_is_the_sum_of_binomials() -> None:
    pairs = [(b, c) for b in range(26) for c in range(26)] + [(47, 73), (120, 80), (900, 1000)]
    for worse, better in pairs:
        found = Paired(10_000, worse, better).p_value
        assert found == pytest.approx(float(exact(worse, better)), rel=1e-9), (worse, better)


def test_the_p_value_is_the_published_one() -> None:
    # M. P. Fay, "Exact McNemar's Test and Matching Confidence Intervals", vignette of R's exact2x2: 21 2 9 12
    assert Paired(44, 9, 2).p_value == pytest.approx(0.06543, abs=5e-6)


def test_the_interval_is_the_published_one() -> None:
    # D. G. Bonett, R's statpsych, the example of ci.prop.ps: 12 26 4 6
    assert Paired(48, 26, 4).interval() == pytest.approx((0.2548067, 0.6251933), abs=5e-8)


def test_the_interval_of_a_large_table_is_the_published_one_of_wald() -> None:
    # A. Agresti, Categorical Data Analysis (1990), p. 350, in two digits: 794 150 86 570
    approval = Paired(1600, 150, 86)
    assert approval.difference == pytest.approx(0.04)
    assert [round(end, 2) for end in approval.interval()] == [0.02, 0.06]


@pytest.mark.parametrize(("worse", "better"), [(0, 0), (6, 0), (17, 3), (60, 0), (30, 30)])
def test_base_and_head_exchanged_change_only_the_sign(worse: int, better: int) -> None:
    one, other = Paired(60, worse, better), Paired(60, better, worse)
    assert one.p_value == other.p_value
    assert one.difference == -other.difference
    assert one.interval() == pytest.approx(tuple(-end for end in reversed(other.interval())))


def test_without_discordant_rows_nothing_is_significant_and_the_interval_is_around_zero() -> None:
    same = Paired(60, 0, 0)
    assert (same.difference, same.p_value) == (0, 1)
    assert same.interval()[0] < 0 < same.interval()[1]
    assert not same.is_worse(0.0, 0.999)


@pytest.mark.parametrize("n", [1, 2, 60, 10_000])
def test_with_all_rows_discordant_the_interval_stays_within_one(n: int) -> None:
    worst = Paired(n, n, 0)
    low, high = worst.interval(1e-9)
    assert -1 <= low < high <= 1 == worst.difference
    assert worst.p_value == pytest.approx(min(1.0, 2.0 ** (1 - n)))


def test_the_predictions_are_paired_by_row() -> None:
    actual = np.array([0, 1, 2, 0, 1, 2])
    base = np.array([0, 1, 2, 1, 1, 0])
    head = np.array([0, 2, 1, 0, 1, 1])
    assert of(actual, base, head) == Paired(6, 2, 1)
    assert [rows.tolist() for rows in discordant(actual, base, head)] == [[1, 2], [3]]


# n, P(only base right), P(only head right), the expected coverage. The interval adds two rows. If few rows are
# discordant, the added rows make it wider than necessary; it must never be too narrow.
DRAWS = [
    (10_000, 0.0010, 0.0010, 0.959),  # two models of about 0.5% errors
    (10_000, 0.0020, 0.0010, 0.956),
    (10_000, 0.0030, 0.0001, 0.952),
    (10_000, 0.0045, 0.0050, 0.953),  # no error in common
    (10_000, 0.0002, 0.0002, 0.995),
    (60, 0.10, 0.02, 0.963),
    (60, 0.20, 0.05, 0.960),
    (60, 0.30, 0.30, 0.951),
    (60, 0.02, 0.02, 0.999),
]


@pytest.mark.parametrize(("n", "worse", "better", "expected"), DRAWS)
def test_the_interval_holds_the_true_difference_in_95_of_100_draws(
    n: int, worse: float, better: float, expected: float
) -> None:
    draws = np.random.default_rng(0).multinomial(n, [worse, better, 1 - worse - better], 50_000)
    kinds, times = np.unique(draws[:, :2], axis=0, return_counts=True)
    intervals = [Paired(n, int(b), int(c)).interval() for b, c in kinds]
    held = [low <= worse - better <= high for low, high in intervals]
    coverage = float(times[held].sum() / len(draws))
    assert coverage == pytest.approx(expected, abs=0.003)
    assert coverage > 0.949


def turns(rows: int, alpha: float) -> int:
    """The fewest discordant rows that only head gets right so that the exact test is not significant."""
    better = int(binom.ppf(alpha / 2, rows, 0.5))
    assert exact(rows - better, better) >= Fraction(alpha)
    assert not better or exact(rows - better + 1, better - 1) < Fraction(alpha)
    return better


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.1])
def test_with_no_tolerance_worse_is_what_the_exact_test_says(alpha: float) -> None:
    for rows in range(1, 201):
        better = turns(rows, alpha)
        assert not Paired(10_000, rows - better, better).is_worse(0.0, alpha), (rows, better)
        if better:
            assert Paired(10_000, rows - better + 1, better - 1).is_worse(0.0, alpha), (rows, better - 1)


@pytest.mark.parametrize("n", [200, 10_000, 10**7])
def test_the_interval_leaves_out_zero_where_the_exact_test_is_significant_but_for_one_table(n: int) -> None:
    differ = set()
    for alpha in (0.01, 0.05, 0.1):
        for rows in range(1, 201):
            for better in range(turns(rows, alpha)):
                if Paired(n, rows - better, better).interval(alpha)[0] <= 0:
                    differ.add((alpha, rows - better, better))
    assert differ == {(0.01, 8, 0)}


def test_a_rise_within_the_tolerance_is_accepted() -> None:
    rise = Paired(10_000, 40, 10)  # 0.3 percentage points; the interval begins at 0.16
    assert rise.is_worse(0.0, 0.05)
    assert rise.is_worse(0.001, 0.05)
    assert not rise.is_worse(0.002, 0.05), "the rise itself is beyond, but not significantly"
    assert not rise.is_worse(0.003, 0.05)
    assert rise.is_worse(0.0014, 0.05)
    assert not rise.is_worse(0.0014, 0.01), "the interval is as strict as alpha"


def test_a_stricter_alpha_or_a_larger_tolerance_never_makes_worse_what_was_not() -> None:
    for worse in range(0, 61, 3):
        paired = Paired(1_000, worse, 8)
        by_alpha = [paired.is_worse(0.005, alpha) for alpha in (0.0, 1e-300, 1e-17, 0.01, 0.05, 0.5, 0.999)]
        by_tolerance = [paired.is_worse(tolerance, 0.05) for tolerance in (0.9, 0.05, 0.01, 0.001, 0.0)]
        assert by_alpha == sorted(by_alpha)
        assert by_tolerance == sorted(by_tolerance)


def test_at_alpha_0_nothing_is_worse_and_near_1_any_more_errors_are() -> None:
    assert not Paired(60, 60, 0).is_worse(0.0, 0.0)
    assert not Paired(60, 6, 0).is_worse(0.0, 2 / 2**6), "p is alpha, not below it"
    assert Paired(60, 60, 0).is_worse(0.5, 1e-15)
    assert Paired(10_000, 200, 0).is_worse(0.001, 1e-20)
    assert Paired(60, 6, 2).is_worse(0.0, 0.999)
    assert not Paired(60, 2, 6).is_worse(0.0, 0.999)
    assert not Paired(60, 5, 5).is_worse(0.0, 0.999)
