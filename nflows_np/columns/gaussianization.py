"""Which map brings a column to normal scores: candidates, judged by folds.

A. *Quantiles.* Knots at evenly spaced shares of the rows, halved towards the ends, at their normal scores. Each bin
   has some distinct values: an atom is no steep bin, and neither is a step of the grid that a column was rounded to.
B. *Tails* have the slope under which the mean score of the rows beyond the outer knot is a normal's; wild rows, too
   far for a tail, count as if they were nearer.
C. *Mixtures* of two and three normals are for modes far apart: between them no row says where the score has to be,
   and quantiles guess. Their distribution function is tabulated.
D. *A normal* has the benefit of the doubt: the column stays as it is unless another candidate is better on the rows
   left out by more than two standard errors.

Everything counts distinct values, and weights by their shares: what a user repeats is not more evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, logsumexp, ndtri, ndtri_exp

from .empirical import Empirical, evenly_spread
from .marginals import Floats, Marginals, MonotoneMap

FOLDS, FEWEST = 5, 25
"""Folds, and rows below which a fold has not enough for any map."""

BINS = (4, 8, 16, 32)

REACHES = (3.0, 30.0, np.inf)
"""Reaches of a tail that are tried, in median distances of its rows from the outer knot."""

WILDEST = 20.0
"""Median distances from the outer knot that a row of the tail counts at most: a wild one is no tail."""

STEEPEST = 2.0
"""Slope of a straight tail, in scores per scale of the column, beyond which a row outside would be hopeless."""

COMPONENTS = (2, 3)

JUDGED_ROWS, EM_VALUES = 8192, 256
"""Rows that choose among candidates, and values that a mixture is fitted to."""

EVIDENCE, LARGEST_GAIN = 2.0, 10.0
"""Standard errors that a map has to gain, and what a row's gain counts at most, as in training."""

_HALF = np.array([0.5])
_FAR = 1e100  # beyond it squares would overflow

Fit = Callable[[Empirical], MonotoneMap | None]


def gaussianize(
    z: Floats, sample_weight: NDArray[np.float64] | None, as_they_are: Sequence[int] = ()
) -> Marginals | None:
    """Choose the maps of scaled columns.

    Parameters
    ----------
    z : ndarray of shape (n_rows, n_features)
        Scaled columns, finite.
    sample_weight : ndarray of shape (n_rows,), optional
        Positive weights of the rows.
    as_they_are : sequence of int, default=()
        Columns that are left out.

    Returns
    -------
    Marginals, or None where all columns stay as they are.
    """
    maps = {}
    for j in range(z.shape[1]):
        chosen = None if j in as_they_are else choose_map(np.ascontiguousarray(z[:, j]), sample_weight)
        if chosen is not None:
            maps[j] = chosen
    return Marginals.of(maps, z.shape[1]) if maps else None


def choose_map(z: Floats, sample_weight: NDArray[np.float64] | None = None) -> MonotoneMap | None:
    """The map of one column, or None where a normal is as good."""
    if len(z) < FEWEST:
        return None
    z = np.clip(z, -_FAR, _FAR)
    judged = evenly_spread(len(z), JUDGED_ROWS)
    folds = _Folds(z[judged], None if sample_weight is None else sample_weight[judged])
    best = _best(folds)
    return None if best is None else best(Empirical.of(z, sample_weight))


def _best(folds: _Folds) -> Fit | None:
    """The candidate that rows left out speak for."""
    normal, tails = folds.log_density(normal_map), folds.tails()
    if normal is None or tails is None:
        return None
    fits: list[Fit] = [quantile_map(bins, tails) for bins in BINS]
    judged = [(fit, folds.log_density(fit)) for fit in fits]
    if any(found is not None and folds.gain(found, normal)[0] > 0.0 for _, found in judged):
        judged += [(fit, folds.log_density(fit)) for fit in (mixture_map(k, tails) for k in COMPONENTS)]
    able = [(fit, found) for fit, found in judged if found is not None]
    if not able:
        return None
    best, found = max(able, key=lambda one: folds.gain(one[1], normal)[0])
    gain, error = folds.gain(found, normal)
    return best if gain > EVIDENCE * error else None


class _Folds:
    """Rows in turns left out and scored by what the others say."""

    def __init__(self, z: Floats, weights: NDArray[np.float64] | None) -> None:
        self.z = z
        self.weights = np.ones(len(z)) if weights is None else weights
        self.fold = np.arange(len(z)) % FOLDS
        self.learnt = [Empirical.of(z[self.fold != k], self.weights[self.fold != k]) for k in range(FOLDS)]

    def log_density(self, fit: Fit) -> Floats | None:
        """Of each row by the map of the other folds; None where some have none."""
        out = np.empty(len(self.z))
        for k, column in enumerate(self.learnt):
            fitted = fit(column)
            if fitted is None:
                return None
            out[self.fold == k] = fitted.log_density(self.z[self.fold == k])
        return out

    def gain(self, found: Floats, other: Floats) -> tuple[float, float]:
        """Mean gain of one candidate over another, and its standard error."""
        gain = np.clip(found - other, -LARGEST_GAIN, LARGEST_GAIN)
        share = self.weights / self.weights.sum()
        mean = float(share @ gain)
        return mean, float(np.sqrt(np.sum(np.square(share * (gain - mean)))))

    def tails(self) -> tuple[float, float] | None:
        """The reach of each tail that rows on its side of the median speak for; None where no map has a tail."""
        found = [self.log_density(quantile_map(BINS[0], (reach, reach))) for reach in REACHES]
        upper = self.z > np.median(self.z)
        sums = [
            [-np.inf if f is None else float(self.weights[side] @ f[side]) for f in found]
            for side in (~upper, upper)
        ]
        lower, higher = (REACHES[int(np.argmax(of_side))] for of_side in sums)
        return None if max(map(max, sums)) == -np.inf else (lower, higher)


def least_values(column: Empirical) -> int:
    """Distinct values that a bin has at least."""
    return max(5, round(len(column.values) ** (1 / 3)))


def normal_map(column: Empirical) -> MonotoneMap | None:
    """The line of a normal's mean and standard deviation."""
    mean, sd = np.average(column.values, weights=column.weights), column.spread()
    scores = np.array([-1.0, 1.0])
    return MonotoneMap(mean + sd * scores, scores, np.full(2, 1.0 / sd), np.full(2, np.inf)) if sd else None


def quantile_map(bins: int, reaches: tuple[float, float]) -> Fit:
    """The fit of a map through quantiles."""

    def fit(column: Empirical) -> MonotoneMap | None:
        knots = _quantile_knots(column, bins)
        if knots is None:
            return None
        x, u = knots
        return _with_tails(column, x, u, np.r_[0.0, _inner_slopes(x, u), 0.0], reaches)

    return fit


def _quantile_knots(column: Empirical, bins: int) -> tuple[Floats, Floats] | None:
    """Quantiles and their normal scores; None where a bin would have too few distinct values."""
    n, least = len(column.values), least_values(column)
    ends: list[float] = []
    while len(ends) < 4 and 0.5 ** (len(ends) + 1) / bins >= least / n:
        ends.insert(0, 0.5 ** (len(ends) + 1) / bins)
    p = np.r_[ends, np.arange(1, bins) / bins, 1.0 - np.array(ends[::-1])]
    cumulative = np.cumsum(column.weights)
    share = (cumulative - 0.5 * column.weights) / cumulative[-1]
    places = np.asarray(np.interp(p, share, np.arange(n)))
    kept: list[int] = []
    for i, place in enumerate(places.tolist()):
        if least - 1 <= place <= n - least and (not kept or place - places[kept[-1]] >= least):
            kept.append(i)
    if n < bins * least or len(kept) < 3:
        return None
    x: Floats = np.interp(p[kept], share, column.values)
    return x, ndtri(p[kept])


def _inner_slopes(x: Floats, u: Floats) -> Floats:
    """Slopes at the inner knots: weighted harmonic means of the bins' (Brodlie 1980)."""
    w = np.diff(x)
    s = np.diff(u) / w
    left, right = w[:-1] + 2.0 * w[1:], 2.0 * w[:-1] + w[1:]
    slopes: Floats = (left + right) / (left / s[:-1] + right / s[1:])
    return slopes


def _with_tails(
    column: Empirical, x: Floats, u: Floats, slopes: Floats, reaches: tuple[float, float]
) -> MonotoneMap | None:
    """The map through some knots, with the tails that the rows beyond them ask for; None where a line is too steep."""
    slopes, reach = slopes.copy(), np.empty(2)
    for end, distances in ((0, x[0] - column.values), (-1, column.values - x[-1])):
        outside = distances > 0.0
        r, share = distances[outside], column.weights[outside] / column.weights[outside].sum()
        usual = float(Empirical.of(r, share).quantiles(_HALF)[0])
        r = np.minimum(r, WILDEST * usual)
        c = reach[end] = reaches[end] * usual
        grown = float(share @ (r if np.isinf(c) else c * np.log1p(r / c)))
        slopes[end] = _mean_score(abs(u[end])) / grown
        if np.isinf(c) and slopes[end] > STEEPEST:
            return None
    return MonotoneMap(x, u, slopes, reach)


def _mean_score(u: float) -> float:
    """The mean distance from u of standard normal numbers beyond it."""
    return float(np.exp(-0.5 * u * u - 0.5 * np.log(2.0 * np.pi) - log_ndtr(-u))) - u


def mixture_map(components: int, reaches: tuple[float, float]) -> Fit:
    """The fit of a mixture of normals, whose distribution function is tabulated."""

    def fit(column: Empirical) -> MonotoneMap | None:
        if len(column.values) < 20 * components:
            return None
        shares, means, sds = _fit_mixture(column, components)
        x = np.unique(means[:, None] + sds[:, None] * _STEPS)
        t = (x - means[:, None]) / sds[:, None]
        log_shares = np.log(shares)[:, None]
        below, above = (logsumexp(log_ndtr(sign * t) + log_shares, axis=0) for sign in (1.0, -1.0))
        u = np.where(below < above, ndtri_exp(np.minimum(below, 0.0)), -ndtri_exp(np.minimum(above, 0.0)))
        log_density = logsumexp(-0.5 * t * t + log_shares - np.log(sds)[:, None], axis=0)
        slopes = np.exp(log_density + 0.5 * u * u)
        # Knots beyond which few rows are, or that rounding has merged, say nothing of the slope.
        least = least_values(column)
        within = (x >= column.values[least - 1]) & (x <= column.values[-least]) & (slopes > 0.0)
        kept: list[int] = []
        for i in np.flatnonzero(within):
            if not kept or u[i] - u[kept[-1]] > _SAME:
                kept.append(int(i))
        return _with_tails(column, x[kept], u[kept], slopes[kept], reaches) if len(kept) >= 3 else None

    return fit


# Knots of a mixture's map, in standard deviations from each mean, and how close scores are taken for the same.
_STEPS = np.array([-3.2, -2.4, -1.8, -1.3, -0.8, -0.4, 0.0, 0.4, 0.8, 1.3, 1.8, 2.4, 3.2])
_SAME = 1e-9


def _fit_mixture(column: Empirical, components: int) -> tuple[Floats, Floats, Floats]:
    """Shares, means and standard deviations by expectation and maximisation, from evenly spread quantiles.

    No standard deviation is below a quarter of the narrowest span of `least_values` distinct values.
    """
    least = least_values(column)
    floor = 0.25 * float(np.min(column.values[least:] - column.values[:-least]))
    cumulative = np.cumsum(column.weights)
    places = (np.arange(EM_VALUES) + 0.5) / EM_VALUES * cumulative[-1]
    x = column.values[np.searchsorted(cumulative, places)]
    means = x[(np.arange(components) * 2 + 1) * EM_VALUES // (2 * components)]
    sds = np.full(components, max(floor, float(x.std()) / components))
    shares = np.full(components, 1.0 / components)
    previous = -np.inf
    for _ in range(100):
        t = (x - means[:, None]) / sds[:, None]
        log_density = np.log(shares / sds)[:, None] - 0.5 * t * t
        largest = log_density.max(axis=0)
        density = np.exp(log_density - largest)
        total = density.sum(axis=0)
        score = float(np.mean(np.log(total) + largest))
        if score - previous < 1e-5:
            break
        previous = score
        responsible = density / total
        counts = np.maximum(responsible.sum(axis=1), 1e-9)
        means = responsible @ x / counts
        variances = np.sum(responsible * np.square(x - means[:, None]), axis=1) / counts
        sds, shares = np.sqrt(np.maximum(variances, floor * floor)), counts / counts.sum()
    return shares, means, sds
