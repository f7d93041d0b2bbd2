"""Which map brings a column to normal scores: candidates, judged by folds.

Quantiles in few bins and in many, and mixtures of two and three normals (`monotone_fits.py`). A normal has the benefit
of the doubt: the column stays as it is unless another candidate is better on the rows left out by more than two
standard errors.

All candidates take some time a column. One of them, roughly, is enough to tell whether they are worth it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nflows_np._weights import scaled

from .empirical import Empirical, evenly_spread
from .marginals import Floats, Marginals, MonotoneMap
from .monotone_fits import Fit, mixture_map, normal_map, quantile_map
from .robust import MAX_ROWS
from .scaling import ColumnScaler

FOLDS, FEWEST = 5, 25
"""Folds, and rows below which a fold has not enough for any map."""

BINS = (4, 8, 16, 32)

REACHES = (3.0, 30.0, np.inf)
"""Reaches of a tail that are tried, in median distances of its rows from the outer knot."""

COMPONENTS = (2, 3)

ROUGH = (8, 30.0)
"""Bins and reach of the one candidate of a rough map."""

JUDGED_ROWS = 8192
"""Rows that choose among candidates."""

EVIDENCE, LARGEST_GAIN = 2.0, 10.0
"""Standard errors that a map has to gain, and what a row's gain counts at most, as in training."""

_FAR = 1e100  # beyond it squares would overflow


def gaussianized(
    scaler: ColumnScaler,
    X: NDArray[Any],
    rows: NDArray[np.int64],
    sample_weight: NDArray[np.float64] | None = None,
    as_they_are: Sequence[int] = (),
    *,
    rough: bool = False,
) -> ColumnScaler | None:
    """A scaling followed by maps of its columns to normal scores; None where no column needs one.

    Parameters
    ----------
    scaler : ColumnScaler
        Without maps.
    X : ndarray of shape (n_rows, n_features)
        A table as `ColumnScaler.fit` takes it. Cells that are NaN or infinite after the link are left out.
    rows : ndarray of int64
        Rows to learn the maps from; at most `MAX_ROWS` of them are used.
    sample_weight : ndarray of shape (n_rows,), optional
        Positive weights of the rows of `X`; one each if not given.
    as_they_are : sequence of int, default=()
        Columns that are not mapped.
    rough : bool, default=False
        Whether one candidate will do, in a tenth of the time.
    """
    some = rows[evenly_spread(len(rows), MAX_ROWS)]
    stream = scaler.gather(X, some, np.float64)
    panels = stream.move(np.empty(stream.shape))
    weights = None if sample_weight is None else scaled(sample_weight[some])
    maps = {}
    for j in set(range(scaler.n_features)).difference(as_they_are):
        z = panels[:, j].ravel()[: len(some)]
        finite = np.isfinite(z)
        if finite.all():
            chosen = choose_map(z, weights, rough=rough)
        else:
            chosen = choose_map(z[finite], None if weights is None else weights[finite], rough=rough)
        if chosen is not None:
            maps[j] = chosen
    if not maps:
        return None
    return dataclasses.replace(scaler, marginals=Marginals.of(maps, scaler.n_features))


def choose_map(
    z: Floats, sample_weight: NDArray[np.float64] | None = None, *, rough: bool = False
) -> MonotoneMap | None:
    """The map of one column, or None where a normal is as good."""
    if len(z) < FEWEST:
        return None
    z = np.clip(z, -_FAR, _FAR)
    judged = evenly_spread(len(z), JUDGED_ROWS)
    folds = _Folds(z[judged], None if sample_weight is None else sample_weight[judged])
    best = _best(folds, rough)
    return None if best is None else best(Empirical.of(z, sample_weight))


def _best(folds: _Folds, rough: bool) -> Fit | None:
    """The candidate that rows left out speak for; roughly, of one alone, if there are values enough for it."""
    normal = folds.log_density(normal_map)
    if normal is None:
        return None
    if rough:
        bins, reach = ROUGH
        fit = quantile_map(bins, (reach, reach))
        found = folds.log_density(fit)
        if found is not None:
            return fit if folds.clear(found, normal) else None
    tails = folds.tails()
    if tails is None:
        return None
    fits: list[Fit] = [quantile_map(bins, tails) for bins in BINS]
    judged = [(fit, folds.log_density(fit)) for fit in fits]
    if any(found is not None and folds.gain(found, normal)[0] > 0.0 for _, found in judged):
        judged += [(fit, folds.log_density(fit)) for fit in (mixture_map(k, tails) for k in COMPONENTS)]
    able = [(fit, found) for fit, found in judged if found is not None]
    if not able:
        return None
    best, found = max(able, key=lambda one: folds.gain(one[1], normal)[0])
    return best if folds.clear(found, normal) else None


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

    def clear(self, found: Floats, other: Floats) -> bool:
        """Whether one candidate gains over another by more than chance."""
        gain, error = self.gain(found, other)
        return gain > EVIDENCE * error

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
