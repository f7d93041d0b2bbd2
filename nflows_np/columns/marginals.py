"""Monotone maps of single columns to normal scores, the frozen part of marginal Gaussianization.

Between knots (x_k, u_k) of slopes d_k a column is mapped by rational quadratics, with t in [0, 1] the place in a bin,
s its mean slope, h its height and q = t (1 - t),

    u = u_k + h (s t^2 + d_k q) / (s + (d_k + d_k+1 - 2 s) q)

and beyond the outer knots, at a distance r from one of slope d, by a line or a logarithm of some reach c,

    u = u_0 -+ d r    or    u = u_0 -+ d c log(1 + r / c)        (c = inf is the line)

A steep line would put a row outside at hundreds of standard deviations; the logarithm is the tail of a lognormal.

Source: Gregory and Delbourgo (1982), "Piecewise rational quadratic interpolation to monotonic data", IMA J. Numer.
Anal. 2(2). Gaussianization: Chen and Gopinath (2000), NeurIPS 13.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MonotoneMap:
    """A map of one column.

    Parameters
    ----------
    x, scores, slopes : ndarray of shape (n_knots,), float64
        The knots: at least two, both increasing, and positive slopes.
    reach : ndarray of shape (2,), float64
        Of the lower and the upper tail: positive, inf for a line.
    """

    x: Floats
    scores: Floats
    slopes: Floats
    reach: Floats

    def __call__(self, x: Floats) -> tuple[Floats, Floats]:
        """Normal scores of some values, and the logarithms of the map's slopes there.

        The engine's streams compute the same (`_streams/marginals.pxi`); this is what maps are chosen by.
        """
        k = np.clip(np.searchsorted(self.x, x, side="right") - 1, 0, len(self.x) - 2)
        h, w = np.diff(self.scores)[k], np.diff(self.x)[k]
        s, low, high = h / w, self.slopes[k], self.slopes[k + 1]
        t = np.clip((x - self.x[k]) / w, 0.0, 1.0)
        q = t * (1.0 - t)
        below = s + (low + high - 2.0 * s) * q
        u = self.scores[k] + h * (s * t * t + low * q) / below
        slope = s * s * (high * t * t + 2.0 * s * q + low * (1.0 - t) ** 2) / (below * below)
        log_slope = np.log(slope)
        for end, sign in ((0, -1.0), (-1, 1.0)):
            outside = sign * (x - self.x[end]) > 0.0
            r, d, c = np.abs(x[outside] - self.x[end]), self.slopes[end], self.reach[end]
            grown = np.log1p(r / c)
            u[outside] = self.scores[end] + sign * d * (r if np.isinf(c) else c * grown)
            log_slope[outside] = np.log(d) - grown
        return u, log_slope

    def log_density(self, x: Floats) -> Floats:
        """Log-density of values whose normal scores are standard normal."""
        u, log_slope = self(x)
        log_density: Floats = log_slope - 0.5 * u * u - 0.5 * np.log(2.0 * np.pi)
        return log_density


@dataclass(frozen=True, eq=False)
class Marginals:
    """The maps of a table's columns, as the engine's streams take them.

    Parameters
    ----------
    begins : ndarray of shape (n_features + 1,), int64
        Column j has the knots ``begins[j]`` to ``begins[j + 1]``, none where it stays as it is.
    x, scores, slopes : ndarray of shape (n_knots,), float64
        The knots of all maps. x is a scaled column, or what others leave of it.
    reach : ndarray of shape (2 * n_features,), float64
        Of the lower and the upper tail of each column.
    """

    begins: NDArray[np.int64]
    x: Floats
    scores: Floats
    slopes: Floats
    reach: Floats

    def __post_init__(self) -> None:
        for array in vars(self).values():
            array.flags.writeable = False

    @classmethod
    def of(cls, maps: Mapping[int, MonotoneMap], n_features: int) -> Marginals:
        """The maps of some columns, by their numbers, among `n_features`."""
        counts, reach = np.zeros(n_features + 1, dtype=np.int64), np.full((n_features, 2), np.inf)
        for j, column in maps.items():
            counts[j + 1], reach[j] = len(column.x), column.reach
        chosen = [maps[j] for j in sorted(maps)]
        x, scores, slopes = (
            np.concatenate([getattr(column, name) for column in chosen]) for name in ("x", "scores", "slopes")
        )
        return cls(np.cumsum(counts), x, scores, slopes, reach.ravel())

    def column(self, j: int) -> MonotoneMap | None:
        """The map of a column, None where it stays as it is."""
        knots = slice(self.begins[j], self.begins[j + 1])
        if knots.start == knots.stop:
            return None
        return MonotoneMap(
            self.x[knots], self.scores[knots], self.slopes[knots], self.reach[2 * j : 2 * j + 2]
        )

    def check(self, n_features: int) -> None:
        """Raise ValueError unless these are maps of `n_features` columns."""
        sizes = np.diff(self.begins)
        if len(self.begins) != n_features + 1 or self.begins[0] != 0 or np.any((sizes < 0) | (sizes == 1)):
            raise ValueError(
                f"marginal_begins are not those of {n_features} columns of two knots or more, or none"
            )
        if not len(self.x) or any(len(a) != self.begins[-1] for a in (self.x, self.scores, self.slopes)):
            raise ValueError(f"the maps have other than {self.begins[-1]} knots, or none")
        within = np.ones(len(self.x) - 1, dtype=bool)
        within[self.begins[(self.begins > 0) & (self.begins < len(self.x))] - 1] = False
        for name, a in (("x", self.x), ("scores", self.scores)):
            if not np.all(np.abs(a) < 1e300) or not np.all(np.diff(a)[within] > 0.0):
                raise ValueError(f"marginal_{name} are not finite, or do not increase")
        if not np.all(self.slopes > 0.0) or not np.all(np.isfinite(self.slopes)):
            raise ValueError("marginal_slopes are not finite and positive")
        if len(self.reach) != 2 * n_features or not np.all(self.reach > 0.0):
            raise ValueError(f"marginal_reach is not of {2 * n_features} positive numbers")
