"""The robust location and scale of each column: of its finite cells, after its link.

An atom at an end, which is infinite there, and a gap say nothing about where the other cells are.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nflows_np._weights import scaled

from .degenerate import is_discrete
from .empirical import IQR_OF_NORMAL, Empirical, evenly_spread
from .known import Cells, Known

MAX_ROWS = 2**17
"""Rows that quartiles are computed from. Their standard error there is below 0.4 % of the scale, which
changes nothing that training does not correct; sorting more would be the longest part of a short fit."""

_QUARTILES = np.array([0.25, 0.5, 0.75])
_BLOCK_SIZE = 2**23  # numbers of the table held as float64 at a time: 64 MiB
_WHOLE = 2.0**53  # from this number of steps on every float64 is a whole number of them

Indices = NDArray[np.int64] | None  # of rows; None are all
Floats = NDArray[np.float64]


class Found(NamedTuple):
    """Location and scale of every column, which are constant or discrete, and the rows looked at with weights."""

    loc: Floats
    scale: Floats
    constant: list[int]
    discrete: list[int]
    sample: Indices
    weights: Floats | None


def robust_scales(X: NDArray[Any], rows: Indices, weights: Floats | None, known: Known) -> Found:
    """Location and scale of every column from rows of positive weights, as `ColumnScaler.fit` describes."""
    n_rows, n_features = len(X) if rows is None else len(rows), X.shape[1]
    if n_rows == 0:
        raise ValueError("ColumnScaler: no row has a positive weight.")
    sample, sample_weights = rows, weights
    if n_rows > MAX_ROWS:
        chosen = evenly_spread(n_rows, MAX_ROWS)
        sample = chosen if rows is None else rows[chosen]
        sample_weights = None if weights is None else weights[chosen]
    sample_size = n_rows if sample is None else len(sample)

    loc, scale = np.zeros(n_features), np.ones(n_features)
    constant, discrete = [], []
    width = max(1, _BLOCK_SIZE // sample_size)
    for first in range(0, n_features, width):
        columns = slice(first, first + width)
        block = np.asarray(X[:, columns] if sample is None else X[sample, columns], dtype=np.float64)
        for j, x in enumerate(block.T, start=first):
            if j in known.coded:
                continue
            cells = known.cells(x, j, sample_weights)
            column = _distribution(cells)
            if sample_size < n_rows and (column is None or _quartiles(column)[1] == 0.0):
                cells = known.cells(X[:, j] if rows is None else X[rows, j], j, weights)
                column = _distribution(cells)
            if column is None:
                continue
            loc[j], scale[j] = _quartiles(column)
            if scale[j] == 0.0:
                scale[j] = column.spread()
            if scale[j] == 0.0 or _is_constant(cells, X.dtype):
                scale[j] = 1.0
                constant.append(j)
            elif not known.steps[j] and is_discrete(column, len(cells.x)):
                discrete.append(j)
    stepped = np.flatnonzero(known.steps)
    step, at = known.steps[stepped], loc[stepped]
    near = np.abs(at) / _WHOLE < step
    loc[stepped[near]] = np.round(at[near] / step[near]) * step[near]
    scale[stepped] = np.maximum(scale[stepped], 0.5 * step)
    loc[known.unscaled], scale[known.unscaled] = 0.0, 1.0
    return Found(loc, scale, constant, discrete, sample, sample_weights)


def weighted_rows(
    X: NDArray[Any], rows: Indices, sample_weight: Floats | None
) -> tuple[Indices, Floats | None]:
    """Return the rows of positive weight (None: all rows of the table) and their weights (None: one each)."""
    if sample_weight is None:
        return rows, None
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.shape != (len(X),):
        raise ValueError(f"ColumnScaler: sample_weight must have shape ({len(X)},); got {weights.shape}.")
    weights = weights if rows is None else weights[rows]
    bad = weights[~(np.isfinite(weights) & (weights >= 0.0))]
    if len(bad):
        raise ValueError(f"ColumnScaler: sample_weight must be finite and not negative; it holds {bad[0]}.")
    weights = scaled(weights)
    if weights.all():
        return rows, weights
    positive = np.flatnonzero(weights)
    return (positive if rows is None else rows[positive]), weights[positive]


def _distribution(cells: Cells) -> Empirical | None:
    return Empirical.of(cells.u, cells.weights) if len(cells.u) else None


def _quartiles(column: Empirical) -> tuple[float, float]:
    """Return the median and the interquartile range over 1.349, without overflow."""
    lower, median, upper = column.quantiles(_QUARTILES)
    half = (0.5 * upper - 0.5 * lower) / IQR_OF_NORMAL
    return float(median), min(2.0 * float(half), sys.float_info.max)


def _is_constant(cells: Cells, dtype: np.dtype[Any]) -> bool:
    """Whether all values are one number up to its rounding in the table."""
    eps = np.finfo(dtype).eps if dtype.kind == "f" else 0.0
    low, high = cells.x.min(), cells.x.max()
    return bool(0.5 * high - 0.5 * low <= max(eps, np.finfo(float).eps) * max(abs(low), abs(high)))
