"""The empirical distribution of one column: its distinct values and the weight of each.

Everything that is learnt about a column is a function of this distribution. A row of weight 2 and the same
row twice are the same distribution, and so are a row of weight 0 and no row: sample weights mean what they
should by construction, to the last bit wherever the sums of the weights are exact (integer weights always).
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IQR_OF_NORMAL = 1.3489795003921634
"""The interquartile range of the standard normal distribution."""

# Cumulative weights closer than this, relative to the total, count as equal. Rounding of the sums stays far
# below, and a single row reaches it only among 10^12.
_TIE = 1e-12


@dataclass(frozen=True)
class Empirical:
    """Distinct values of a column in increasing order, and their weights.

    Parameters
    ----------
    values : ndarray of shape (n_values,), float64
        At least one, all finite.
    weights : ndarray of shape (n_values,), float64
        All positive.
    """

    values: NDArray[np.float64]
    weights: NDArray[np.float64]

    @classmethod
    def of(cls, x: NDArray[np.float64], sample_weight: NDArray[np.float64] | None = None) -> Empirical:
        """Return the distribution of the numbers `x` with positive weights (one each if not given)."""
        if sample_weight is None:
            values, counts = np.unique(x, return_counts=True)
            return cls(values, counts.astype(np.float64))
        order = np.argsort(x, kind="stable")
        x = x[order]
        starts = np.flatnonzero(np.r_[True, x[1:] != x[:-1]])
        return cls(x[starts], np.add.reduceat(sample_weight[order], starts))

    def quantiles(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return quantiles: the inverse of the distribution function, averaged where it jumps over a gap.

        The q-quantile is the least value v with F(v) >= q, and where F(v) = q exactly, the midpoint of v and
        the next value. For q = 1/2 and unit weights this is the usual median.
        """
        cumulative = np.cumsum(self.weights.astype(np.longdouble))
        reached, total = cumulative / cumulative[-1], len(self.values) - 1
        low = np.minimum(np.searchsorted(reached, q - _TIE), total)
        high = np.minimum(np.searchsorted(reached, q + _TIE), total)
        return 0.5 * self.values[low] + 0.5 * self.values[high]

    def spread(self) -> float:
        """Return the standard deviation (weights normalised by their sum), without overflow."""
        deviations = 0.5 * self.values - 0.5 * self.values[len(self.values) // 2]
        largest = float(np.abs(deviations).max())
        if largest == 0.0:
            return 0.0
        deviations /= largest
        deviations -= np.average(deviations, weights=self.weights)
        relative = float(np.sqrt(np.average(deviations**2, weights=self.weights)))
        return min(2.0 * relative * largest, sys.float_info.max)

    def largest_share(self) -> float:
        """Return the share of the total weight that the most frequent value holds."""
        return float(self.weights.max() / self.weights.sum())


def evenly_spread(n: int, size: int) -> NDArray[np.int64]:
    """Return at most `size` of the indices 0, ..., n-1 in increasing order.

    All of them where they fit; otherwise multiples of the golden ratio modulo 1 choose, the most even spread
    there is without a period: nothing is drawn at random, and no period of the table can coincide with the
    choice.
    """
    if n <= size:
        return np.arange(n)
    golden = (math.sqrt(5.0) - 1.0) / 2.0
    return np.unique((n * np.modf(np.arange(size) * golden)[0]).astype(np.int64))
