"""The robust standardisation of the columns that is part of the model.

    y_j = (u_j - loc_j) / scale_j,        log|det dy/du| = -sum_j log scale_j        for every row alike

with the weighted median as location and the weighted interquartile range over 1.349 as scale: for a normal
column these are its mean and standard deviation, and a few wild rows move neither (the median and the
quartiles of a Cauchy column are as good as anyone's; its mean and standard deviation are noise).

u_j is x_j itself, or its link where the column has one (`links.py`). Maps to normal scores may follow
(`marginals.py`). Cells that are NaN or infinite after the link go through all of it unchanged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nflows_np._stream import Gather, Scatter

from .degenerate import probe_columns, warn_of_degenerate_columns
from .known import Known
from .links import Links
from .marginals import Marginals
from .residuals import Residuals, find_residuals
from .robust import MAX_ROWS as MAX_ROWS
from .robust import robust_scales, weighted_rows


@dataclass(frozen=True, eq=False)
class ColumnScaler:
    """Location and scale of every column.

    Parameters
    ----------
    loc : ndarray of shape (n_features,), float64
        Locations, in the units of the linked columns; finite.
    scale : ndarray of shape (n_features,), float64
        Scales, in the units of the linked columns; finite and positive.
    residuals : Residuals, optional
        Columns that others nearly determine, and what is left of them.
    marginals : Marginals, optional
        Monotone maps of single columns, or of what is left of them, to normal scores.
    links : Links, optional
        Elementary maps of single columns, which come before everything else.

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
    links: Links | None = None

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
        """What is added to every row's log-density, in nats: ``-sum(log(scale))``, and the residuals' share.

        What links and maps add differs from row to row, and is what `gather` leaves.
        """
        of_residuals = 0.0 if self.residuals is None else self.residuals.log_jacobian
        counted = self.scale if self.links is None else self.scale[self.links.apart == 0]
        return of_residuals - math.fsum(np.log(counted))

    def gather(
        self,
        X: NDArray[Any],
        rows: NDArray[np.int64] | slice,
        dtype: Any,
        log_jacobian: NDArray[np.float64] | None = None,
    ) -> Gather:
        """Rows of a table as panels of scaled columns.

        ``log_jacobian`` is where each row's share of links and maps is left, zero without them.
        """
        return Gather(
            X, rows, self.loc, self.scale, dtype, self.residuals, self.marginals, log_jacobian, self.links
        )

    def scatter(self, out: NDArray[Any], dtype: Any) -> Scatter:
        """Panels of scaled columns as the rows of a table."""
        return Scatter(out, self.loc, self.scale, dtype, self.residuals, self.marginals, self.links)

    @classmethod
    def fit(
        cls,
        X: NDArray[Any],
        rows: NDArray[np.int64] | None = None,
        *,
        sample_weight: NDArray[np.float64] | None = None,
        feature_names: Sequence[str | int] | None = None,
        as_they_are: Sequence[int] = (),
        links: Links | None = None,
        steps: NDArray[np.float64] | None = None,
        coded: Sequence[int] = (),
        gaps: Sequence[int] = (),
        told: Sequence[int] = (),
    ) -> ColumnScaler:
        """Return the robust location and scale of every column.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            Any boolean, integer or real dtype, strides or memory map. Read a block at a time. Finite but for
            columns that are linked, coded or have gaps.
        rows : ndarray of int64, optional
            Rows to use, the training rows; all if not given.
        sample_weight : ndarray of shape (n_rows,), optional
            Non-negative finite weights of the rows of `X`; one each if not given.
        feature_names : sequence of str, optional
            Names of the columns for warnings; "column 0", ... if not given.
        as_they_are : sequence of int, default=()
            Columns that are not scaled, such as angles: their location is 0, their scale 1.
        links : Links, optional
            Elementary maps of the columns: locations and scales are those of linked values.
        steps : ndarray of shape (n_features,), optional
            The step of each column that has one, 0 for others. The location is rounded to a multiple of it, and
            the scale is at least half of it.
        coded : sequence of int, default=()
            Columns of category codes: their location is 0, their scale 1.
        gaps : sequence of int, default=()
            Columns that may hold NaN and infinities.
        told : sequence of int, default=()
            Columns of which the user has been told already that they are discrete.

        Returns
        -------
        scaler : ColumnScaler

        Warns
        -----
        DegenerateColumnWarning
            Once for each kind of column on which a density is unbounded: constant, repeating another column
            up to scale and shift, linearly dependent, or of few distinct values. The message names the
            columns. Columns with a step are not called discrete, and nothing is said of codes. Relations
            are looked for among columns that are scaled, without steps, and finite where they are probed.

        Raises
        ------
        ValueError
            If a used value has to be finite and is not, no row has a positive weight, or a weight, `links` or
            `steps` are not valid.

        Notes
        -----
        Where the interquartile range is zero the scale is the weighted standard deviation, and where the
        column is constant (up to rounding) it is 1. Cells that are NaN or infinite after the link are left out;
        a column of such cells alone has location 0 and scale 1.

        A row of weight 2 counts exactly like the same row twice, a row of weight 0 like none. Beyond
        `MAX_ROWS` rows of positive weight the quartiles come from that many of them, spread evenly over the
        table by the golden ratio: nothing is drawn at random, and no period of the table can coincide with
        the choice. A column whose interquartile range vanishes there is judged by all its rows.
        """
        known = Known.of(X.shape[1], links, steps, as_they_are, coded, gaps)
        rows, weights = weighted_rows(X, rows, sample_weight)
        loc, scale, constant, discrete, sample, weights = robust_scales(X, rows, weights, known)
        probe = probe_columns(X, sample, loc, scale, {*constant, *known.alone}, weights, links)
        discrete = [j for j in discrete if j not in told]
        warn_of_degenerate_columns(probe, constant, discrete, feature_names)
        whole = [
            k for k, j in enumerate(probe.columns) if j not in known.gaps
        ]  # nothing is left of a left-out cell
        found = find_residuals(probe.z[whole], probe.weights, probe.tolerance[whole])
        if found is None:
            return cls(loc, scale, links=links)
        residuals, shifts = found[0].among([probe.columns[k] for k in whole], X.shape[1]), found[1]
        loc[residuals.columns] += shifts * scale[residuals.columns]
        return cls(loc, scale, residuals, links=links)
