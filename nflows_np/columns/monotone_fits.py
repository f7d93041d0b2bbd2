"""Monotone maps of one column to normal scores, fitted to its distribution: what gaussianization.py chooses among.

A. *Quantiles.* Knots at evenly spaced shares of the rows, halved towards the ends, at their normal scores. Each bin
   has some distinct values: an atom is no steep bin, and neither is a step of the grid that a column was rounded to.
B. *Mixtures* of normals are for modes far apart: between them no row says where the score has to be, and quantiles
   guess. Their distribution function is tabulated.
C. *Tails* have the slope under which the mean score of the rows beyond the outer knot is a normal's; wild rows, too
   far for a tail, count as if they were nearer.

Everything counts distinct values, and weights by their shares: what a user repeats is not more evidence.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import log_ndtr, logsumexp, ndtri, ndtri_exp

from .empirical import Empirical
from .marginals import Floats, MonotoneMap

STEEPEST = 2.0
"""Slope of a straight tail, in scores per scale of the column, beyond which a row outside would be hopeless."""

WILDEST = 20.0
"""Median distances from the outer knot that a row of the tail counts at most: a wild one is no tail."""

EM_VALUES = 256
"""Values that a mixture is fitted to."""

_HALF = np.array([0.5])

Fit = Callable[[Empirical], MonotoneMap | None]


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
        if score - previous < 1e-4:
            break
        previous = score
        responsible = density / total
        counts = np.maximum(responsible.sum(axis=1), 1e-9)
        means = responsible @ x / counts
        variances = np.sum(responsible * np.square(x - means[:, None]), axis=1) / counts
        sds, shares = np.sqrt(np.maximum(variances, floor * floor)), counts / counts.sum()
    return shares, means, sds
