"""The robust standardisation of the columns that is part of the model.

    y_j = (x_j - loc_j) / scale_j,        log|det dy/dx| = -sum_j log scale_j        for every row alike

with the weighted median as location and the weighted interquartile range over 1.349 as scale: for a normal
column these are its mean and standard deviation, and a few wild rows move neither (the median and the
quartiles of a Cauchy column are as good as anyone's; its mean and standard deviation are noise).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nflows_np._stream import Gather, Scatter
from nflows_np._weights import scaled

from .degenerate import is_discrete, probe_columns, warn_of_degenerate_columns
from .empirical import IQR_OF_NORMAL, Empirical, evenly_spread
from .marginals import Marginals
from .residuals import Residuals, find_residuals

MAX_ROWS = 2**17
"""Rows that quartiles are computed from. Their standard error there is below 0.4 % of the scale, which
changes nothing that training does not correct; sorting more would be the longest part of a short fit."""

_QUARTILES = np.array([0.25, 0.5, 0.75])
_BLOCK_SIZE = 2**23  # numbers of the table held as float64 at a time: 64 MiB


@dataclass(frozen=True, eq=False)
class ColumnScaler:
    """Location and scale of every column.

    Parameters
    ----------
    loc : ndarray of shape (n_features,), float64
        Locations, in the units of the columns; finite.
    scale : ndarray of shape (n_features,), float64
        Scales, in the units of the columns; finite and positive.
    residuals : Residuals, optional
        Columns that others nearly determine, and what is left of them.
    marginals : Marginals, optional
        Monotone maps of single columns, or of what is left of them, to normal scores.

    Raises
    ------
    ValueError
        If the two are not vectors of one length, or a value is not valid.

    Examples
    --------
    >>> import numpy as np
    >>> from nflows_np.columns import ColumnScaler
    >>> X = np.column_stack([np.arange(101.0), 1e6 * np.arange(101.0) ** 2])
    >>> scaler = ColumnScaler.fit(X)
    >>> scaler.loc
    array([5.0e+01, 2.5e+09])
    >>> scaler.scale.round(-1)
    array([4.00000000e+01, 3.70650555e+09])
    >>> round(scaler.log_jacobian, 2)
    -25.65
    """

    loc: NDArray[np.float64]
    scale: NDArray[np.float64]
    residuals: Residuals | None = None
    marginals: Marginals | None = None

    def __post_init__(self) -> None:
        for name, value in (("loc", self.loc), ("scale", self.scale)):
            array = np.array(value, dtype=np.float64)
            if array.ndim != 1 or len(array) != np.size(self.loc):
                raise ValueError(f"ColumnScaler: {name} must be a vector like loc; got shape {array.shape}.")
            bad = np.flatnonzero(~np.isfinite(array) | ((array <= 0.0) & (name == "scale")))
            if len(bad):
                wanted = "finite and positive" if name == "scale" else "finite"
                raise ValueError(f"ColumnScaler: {name}[{bad[0]}] must be {wanted}; got {array[bad[0]]}.")
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @property
    def n_features(self) -> int:
        """The number of columns."""
        return len(self.loc)

    @property
    def log_jacobian(self) -> float:
        """What is added to every row's log-density, in nats: ``-sum(log(scale))``, and the residuals' share."""
        of_residuals = 0.0 if self.residuals is None else self.residuals.log_jacobian
        return of_residuals - math.fsum(np.log(self.scale))

    def gather(
        self,
        X: NDArray[Any],
        rows: NDArray[np.int64] | slice,
        dtype: Any,
        log_jacobian: NDArray[np.float64] | None = None,
    ) -> Gather:
        """Rows of a table as panels of scaled columns.

        ``log_jacobian`` is where each row's share of the maps is left, zero without maps.
        """
        return Gather(X, rows, self.loc, self.scale, dtype, self.residuals, self.marginals, log_jacobian)

    def scatter(self, out: NDArray[Any], dtype: Any) -> Scatter:
        """Panels of scaled columns as the rows of a table."""
        return Scatter(out, self.loc, self.scale, dtype, self.residuals, self.marginals)

    @classmethod
    def fit(
        cls,
        X: NDArray[Any],
        rows: NDArray[np.int64] | None = None,
        *,
        sample_weight: NDArray[np.float64] | None = None,
        feature_names: Sequence[str] | None = None,
        as_they_are: Sequence[int] = (),
    ) -> ColumnScaler:
        """Return the robust location and scale of every column.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            Any boolean, integer or real dtype, strides or memory map; finite. Read a block at a time.
        rows : ndarray of int64, optional
            Rows to use, the training rows; all if not given.
        sample_weight : ndarray of shape (n_rows,), optional
            Non-negative finite weights of the rows of `X`; one each if not given.
        feature_names : sequence of str, optional
            Names of the columns for warnings; "column 0", ... if not given.
        as_they_are : sequence of int, default=()
            Columns that are not scaled, such as angles: their location is 0, their scale 1.

        Returns
        -------
        scaler : ColumnScaler

        Warns
        -----
        DegenerateColumnWarning
            Once for each kind of column on which a density is unbounded: constant, repeating another column
            up to scale and shift, linearly dependent, or of few distinct values. The message names the
            columns.

        Raises
        ------
        ValueError
            If a used value is not finite, no row has a positive weight, or a weight is not valid.

        Notes
        -----
        Where the interquartile range is zero the scale is the weighted standard deviation, and where the
        column is constant (up to rounding) it is 1.

        A row of weight 2 counts exactly like the same row twice, a row of weight 0 like none. Beyond
        `MAX_ROWS` rows of positive weight the quartiles come from that many of them, spread evenly over the
        table by the golden ratio: nothing is drawn at random, and no period of the table can coincide with
        the choice. A column whose interquartile range vanishes there is judged by all its rows.
        """
        rows, weights = _weighted_rows(X, rows, sample_weight)
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
                column = Empirical.of(_finite(x, j), sample_weights)
                if sample_size < n_rows and _quartiles(column)[1] == 0.0:
                    whole = X[:, j] if rows is None else X[rows, j]
                    column = Empirical.of(_finite(np.asarray(whole, dtype=np.float64), j), weights)
                loc[j], scale[j] = _quartiles(column)
                if scale[j] == 0.0:
                    scale[j] = column.spread()
                if scale[j] == 0.0 or _is_constant(column, X.dtype):
                    scale[j] = 1.0
                    constant.append(j)
                elif is_discrete(column, sample_size):
                    discrete.append(j)
        probe = probe_columns(X, sample, loc, scale, constant, sample_weights)
        warn_of_degenerate_columns(probe, constant, discrete, feature_names)
        loc[list(as_they_are)], scale[list(as_they_are)] = 0.0, 1.0
        found = find_residuals(
            probe.z,
            probe.weights,
            probe.tolerance,
            [probe.columns.index(j) for j in as_they_are if j in probe.columns],
        )
        if found is None:
            return cls(loc, scale)
        residuals, shifts = found[0].among(probe.columns, n_features), found[1]
        loc[residuals.columns] += shifts * scale[residuals.columns]
        return cls(loc, scale, residuals)


def _weighted_rows(
    X: NDArray[Any], rows: NDArray[np.int64] | None, sample_weight: NDArray[np.float64] | None
) -> tuple[NDArray[np.int64] | None, NDArray[np.float64] | None]:
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


def _quartiles(column: Empirical) -> tuple[float, float]:
    """Return the median and the interquartile range over 1.349, without overflow."""
    lower, median, upper = column.quantiles(_QUARTILES)
    half = (0.5 * upper - 0.5 * lower) / IQR_OF_NORMAL
    return float(median), min(2.0 * float(half), sys.float_info.max)


def _is_constant(column: Empirical, dtype: np.dtype[Any]) -> bool:
    """Whether all values are one number up to its rounding in the table."""
    eps = np.finfo(dtype).eps if dtype.kind == "f" else 0.0
    low, high = column.values[0], column.values[-1]
    return bool(0.5 * high - 0.5 * low <= max(eps, np.finfo(float).eps) * max(abs(low), abs(high)))


def _finite(x: NDArray[np.float64], j: int) -> NDArray[np.float64]:
    if not np.isfinite(x).all():
        raise ValueError(f"ColumnScaler: X must be finite; column {j} holds {x[~np.isfinite(x)][0]}.")
    return x
