"""Two classifiers on the same rows: the paired difference of their error rates."""

from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.integer[Any]]


class Paired(NamedTuple):
    """Two classifiers, base and head, on the same n rows: the number of rows that only one of them gets right."""

    n: int
    only_base_right: int
    only_head_right: int

    @property
    def difference(self) -> float:
        """Head's error rate minus base's, as a fraction."""
        return (self.only_base_right - self.only_head_right) / self.n

    @property
    def p_value(self) -> float:
        """The exact two-sided McNemar test of equal error rates. Source: Q. McNemar, Psychometrika 12 (1947)."""
        from scipy.stats import binomtest

        discordant = self.only_base_right + self.only_head_right
        return float(binomtest(self.only_base_right, discordant).pvalue) if discordant else 1.0

    def interval(self, alpha: float = 0.05) -> tuple[float, float]:
        """The 1 - alpha interval of the difference.

        Source: D. G. Bonett and R. M. Price, J. Educ. Behav. Stat. 37 (2012): add one row to each of the two kinds
        of discordant rows, then take the Wald interval.
        """
        z, n = -NormalDist().inv_cdf(alpha / 2), self.n + 2
        worse, better = (self.only_base_right + 1) / n, (self.only_head_right + 1) / n
        centre, margin = worse - better, z * ((worse + better - (worse - better) ** 2) / n) ** 0.5
        return max(centre - margin, -1.0), min(centre + margin, 1.0)

    def is_worse(self, tolerance: float, alpha: float) -> bool:
        """Whether head is worse by more than `tolerance` (a fraction), significantly at `alpha`.

        Without a tolerance, this is the exact test. The interval may disagree with it if few rows are discordant.
        """
        worse = self.difference > 0 and self.p_value < alpha
        return worse and (not tolerance or self.interval(alpha)[0] > tolerance)


def of(actual: Labels, base: Labels, head: Labels) -> Paired:
    """The comparison of the predictions of base and head, int[n] each, with the actual labels int[n]."""
    return Paired(len(actual), *map(len, discordant(actual, base, head)))


def discordant(actual: Labels, base: Labels, head: Labels) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows that only base gets right, and the rows that only head gets right."""
    return np.flatnonzero((base == actual) & (head != actual)), np.flatnonzero((base != actual) & (head == actual))
