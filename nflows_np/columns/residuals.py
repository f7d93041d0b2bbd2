"""Columns that others nearly determine are replaced by what those leave of them.

    r_j = (z_j - sum_i B_ji z_i) / width_j        log|det| = -sum_j log width_j

z are scaled columns, and i runs over columns that stay as they are. A column that is another one plus a millionth of
noise has lost that noise in float32, and a millionth of a standard deviation is a step that no training takes safely:
here the difference is taken in float64, before the engine sees a row, and has a scale of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from .empirical import IQR_OF_NORMAL, Empirical

NEARLY = 0.02
"""A column is nearly determined where others leave less than this share of its scale."""

MAX_FEATURES = 128
"""Near dependence is looked for among at most this many columns: it costs their number squared a row."""

MOST_WIDTHS = 25.0
"""Widths within which all but a hundredth of the rows have to be: a relation that many rows break is not one."""

ROWS_PER_COLUMN = 3
"""Fewer rows than this for each column determine columns by chance."""

_FAR = 1e100  # beyond it sums of scaled columns would overflow
_QUANTILES = np.array([0.005, 0.25, 0.5, 0.75, 0.995])


@dataclass(frozen=True, eq=False)
class Residuals:
    """Columns that stand for their residuals.

    Parameters
    ----------
    columns : ndarray of shape (k,), int64
        In increasing order.
    weights : ndarray of shape (k, n_features), float64
        B; zero for all of `columns`.
    widths : ndarray of shape (k,), float64
        Scales of the residuals, positive.
    """

    columns: NDArray[np.int64]
    weights: NDArray[np.float64]
    widths: NDArray[np.float64]

    def __post_init__(self) -> None:
        for array in (self.columns, self.weights, self.widths):
            array.flags.writeable = False

    @property
    def log_jacobian(self) -> float:
        """What the residuals add to every row's log-density, in nats."""
        return -math.fsum(np.log(self.widths))

    def among(self, columns: Sequence[int], n_features: int) -> Residuals:
        """The same residuals where these are some of the `columns` of a wider table."""
        weights = np.zeros((len(self.columns), n_features))
        weights[:, columns] = self.weights
        return Residuals(np.asarray(columns)[self.columns], weights, self.widths)

    def terms(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """The same as the engine's streams take it.

        Returns
        -------
        begins : ndarray of shape (n_features + 1,), int64
            Column j subtracts the terms ``begins[j]`` to ``begins[j + 1]``, none where it stays as it is.
        others, weights : ndarray of shape (n_terms,)
            Of each term the column and its weight.
        widths : ndarray of shape (n_features,), float64
            1 for columns that stay as they are.
        """
        d = self.weights.shape[1]
        places, others = np.nonzero(self.weights)
        counts, widths = np.zeros(d + 1, dtype=np.int64), np.ones(d)
        counts[self.columns + 1] = np.bincount(places, minlength=len(self.columns))
        widths[self.columns] = self.widths
        return np.cumsum(counts), np.ascontiguousarray(others), self.weights[places, others], widths


def find_residuals(
    z: NDArray[np.float64],
    sample_weight: NDArray[np.float64] | None,
    tolerance: NDArray[np.float64],
) -> tuple[Residuals, NDArray[np.float64]] | None:
    """Find the columns that others before them nearly determine, and shifts that centre their residuals.

    A column is regressed on those before it that are not nearly determined themselves. Rows are scaled to one size,
    so that a wild row counts no more than any other. What is left is measured by its quartiles, and has to be narrow
    for nearly all rows.

    Parameters
    ----------
    z : ndarray of shape (n_features, n_rows)
        Scaled columns.
    sample_weight : ndarray of shape (n_rows,), optional
        Positive weights of the rows.
    tolerance : ndarray of shape (n_features,)
        Relative rounding error of each column: no narrower residual is taken for more than rounding.

    Returns
    -------
    residuals : Residuals
    shifts : ndarray of shape (k,), float64
        Medians of what is left of the scaled columns. None where no column is nearly determined.
    """
    d, n = z.shape
    if not 2 <= d <= MAX_FEATURES or n < ROWS_PER_COLUMN * (d + 1):
        return None
    z = np.clip(z, -_FAR, _FAR)
    row = (1.0 if sample_weight is None else np.sqrt(sample_weight)) / (1.0 + np.abs(z).max(axis=0))
    basis = [row / np.linalg.norm(row)]
    kept: list[int] = []
    upper = np.zeros((d + 1, d + 1))  # [1, the kept columns], row by row scaled, are upper.T @ basis
    upper[0, 0] = np.linalg.norm(row)
    found = []
    for j in range(d):
        k, q, column = len(basis), np.stack(basis), z[j] * row
        along, rest = np.zeros(k), column
        for _ in range(2):  # the second time takes what rounding left
            part = q @ rest
            along, rest = along + part, rest - part @ q
        weights = np.zeros(d)
        weights[kept] = solve_triangular(upper[:k, :k], along)[1:]
        _, width, reach = _spread(z[j] - weights @ z, sample_weight)
        if kept and 4.0 * tolerance[j] < width < NEARLY and reach < MOST_WIDTHS * width:
            weights[np.abs(weights) < 0.01 * width] = 0.0
            found.append((j, weights, *_spread(z[j] - weights @ z, sample_weight)[:2]))
        elif width >= NEARLY:
            length = np.linalg.norm(rest)
            upper[:k, k], upper[k, k] = along, length
            basis.append(rest / length)
            kept.append(j)
    if not found:
        return None
    columns, all_weights, shifts, widths = zip(*found, strict=True)
    return Residuals(np.array(columns), np.array(all_weights), np.array(widths)), np.array(shifts)


def _spread(x: NDArray[np.float64], sample_weight: NDArray[np.float64] | None) -> tuple[float, float, float]:
    """The median, the interquartile range in standard deviations of a normal, the reach of all but a hundredth."""
    lowest, low, median, high, highest = Empirical.of(x, sample_weight).quantiles(_QUANTILES)
    return float(median), float(high - low) / IQR_OF_NORMAL, float(max(median - lowest, highest - median))
