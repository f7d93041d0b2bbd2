"""Columns on which a density is unbounded: found at fit, named in one warning for each kind.

Maximum likelihood has no maximum where the data lie on a lower-dimensional set. A flow can put an ever
narrower spike on a constant, on each of a few repeated values, or on the plane of linearly dependent columns:
the log-likelihood grows without end and says nothing about the data. Nothing is refused or changed here; the
user is told.

All tests are on the standardised columns, and up to the rounding of the table's own type, so that they mean
the same at every scale.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nflows_np import _warnings
from nflows_np._stream import Gather

from .empirical import Empirical, evenly_spread
from .keys import key_of
from .keys import named as name_of
from .links import Links

MANY_VALUES = 32
"""More distinct values than this are not called few: a flow of usual size cannot put a spike on each."""

LARGE_SHARE = 0.25
"""A column is also called discrete when a single value holds this share of the weight (mostly zeros, say)."""

PROBE_ROWS = 4096
"""Rows on which relations between columns are looked for."""

MAX_DEPENDENT = 128
"""Linear dependence is looked for among at most this many columns: it costs their number squared a row."""

_LISTED = 10  # columns named in a message before "and ... more"


class DegenerateColumnWarning(UserWarning):
    """Warns of columns on which the density is unbounded, by name."""


def is_discrete(column: Empirical, n_rows: int) -> bool:
    """Whether a column's values repeat so often that a density should not be fitted to it as it is."""
    few = len(column.values) <= MANY_VALUES and n_rows >= 4 * len(column.values)
    return few or (n_rows >= 20 and column.largest_share() >= LARGE_SHARE)


@dataclass(frozen=True)
class Probe:
    """Scaled columns on some rows.

    Left out are columns that do not vary on those rows, those so close to constant that the table's own
    rounding blurs them, and those with gaps: nothing can be told there.

    Parameters
    ----------
    z : ndarray of shape (n_columns, n_rows)
        The scaled columns.
    tolerance : ndarray of shape (n_columns,)
        Relative rounding error of each.
    columns : list of int
        Which columns of the table they are.
    weights : ndarray of shape (n_rows,), optional
        Weights of the rows.
    """

    z: NDArray[np.float64]
    tolerance: NDArray[np.float64]
    columns: list[int]
    weights: NDArray[np.float64] | None


def warn_of_degenerate_columns(
    probe: Probe, constant: Sequence[int], discrete: Sequence[int], feature_names: Sequence[str | int] | None
) -> None:
    """Warn once for each kind of degenerate column.

    `constant` and `discrete` are known from the columns alone; repeated and dependent ones are found here.
    """
    if probe.z.shape[1] < 2:  # a single row says nothing about its columns
        return

    def named(columns: Iterable[int]) -> str:
        names = [name_of(j, feature_names) for j in columns]
        rest = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
        return ", ".join(names[:_LISTED]) + rest

    def without(columns: Iterable[int]) -> str:
        keys = [key_of(j, feature_names) for j in columns]
        pairs = [f"{key}: Drop()" for key in keys[:_LISTED]] + ["..."] * (len(keys) > _LISTED)
        return f"columns={{{', '.join(pairs)}}}"

    def warn(message: str) -> None:
        _warnings.warn(message, DegenerateColumnWarning)

    if constant:
        warn(
            f"Constant in the training rows: {named(constant)}. The density of a constant column is "
            f"unbounded and its log-likelihood is arbitrary: leave it out, by {without(constant)}."
        )
    if discrete:
        warn(
            f"Few distinct or very frequent values: {named(discrete)}. The density of a discrete column "
            f"is unbounded: add uniform noise of the width of its steps, or leave it out, by {without(discrete)}."
        )
    z, tolerance, columns = probe.z, probe.tolerance, probe.columns
    repeated = find_repeated(z, tolerance)
    if repeated:
        pairs = {columns[later]: columns[earlier] for later, earlier in repeated.items()}
        warn(
            f"Equal to an earlier column up to scale and shift: {named(pairs)} (repeating "
            f"{named(sorted(set(pairs.values())))}). The joint density is unbounded: leave the copies "
            f"out, by {without(pairs)}."
        )
    distinct = [k for k in range(len(columns)) if k not in repeated]
    dependent = find_dependent(z[distinct], tolerance[distinct])
    if dependent:
        of_table = [columns[distinct[k]] for k in dependent]
        warn(
            f"Linearly dependent: {named(of_table)}; a fixed combination of them is constant. The joint density is "
            f"unbounded: leave one of them out, by {without(of_table[-1:])}."
        )


def find_repeated(z: NDArray[np.float64], tolerance: NDArray[np.float64]) -> dict[int, int]:
    """Return columns that equal an earlier one up to scale and shift.

    Standardised by median and interquartile range, such columns are equal up to their sign, row by row.
    Unlike a correlation, that comparison is not fooled by a wild row common to two columns.

    Parameters
    ----------
    z : ndarray of shape (n_features, n_rows)
        Standardised columns.
    tolerance : ndarray of shape (n_features,)
        Relative rounding error of each.

    Returns
    -------
    repeated : dict of int to int
        The earlier column of each later one.
    """
    repeated: dict[int, int] = {}
    if z.shape[1] < 8:  # a few rows agree by chance
        return repeated
    size = np.abs(z)
    first = size[:, :16]
    for i in range(len(z)):
        if i in repeated:
            continue
        room = tolerance[i] + tolerance[i + 1 :, None]
        close = (np.abs(first[i + 1 :] - first[i]) <= room * (1.0 + first[i])).all(axis=1)
        for j in i + 1 + np.flatnonzero(close):
            allowed = (tolerance[i] + tolerance[j]) * (1.0 + size[i])
            if any((np.abs(z[j] - sign * z[i]) <= allowed).all() for sign in (1.0, -1.0)):
                repeated.setdefault(int(j), i)
    return repeated


def find_dependent(z: NDArray[np.float64], tolerance: NDArray[np.float64]) -> list[int]:
    """Return the columns of which some fixed combination is constant over all rows.

    That is the null space of [1, z], which survives any scaling of rows and columns. Rows are scaled to unit
    length, so that a wild row counts no more than any other, then columns.

    Parameters
    ----------
    z : ndarray of shape (n_features, n_rows)
        Standardised columns, none of them constant.
    tolerance : ndarray of shape (n_features,)
        Relative rounding error of each.

    Returns
    -------
    dependent : list of int
        Empty if there are none, or too few rows or too many columns to tell.
    """
    n_features, n_rows = z.shape
    if not 2 <= n_features <= MAX_DEPENDENT or n_rows < 2 * (n_features + 1):
        return []
    table = np.vstack([np.ones(n_rows), z]).T
    table /= np.abs(table).max(axis=1, keepdims=True)
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    table /= np.linalg.norm(table, axis=0)
    _, singular, directions = np.linalg.svd(np.linalg.qr(table, mode="r"))
    null = directions[singular <= singular[0] * max(1e-12, 4.0 * tolerance.max())]
    if not len(null):
        return []
    part = np.linalg.norm(null[:, 1:], axis=0)  # of each column in the combinations that are constant
    return [int(k) for k in np.flatnonzero(part > 0.01 * part.max())]


def probe_columns(
    X: NDArray[Any],
    rows: NDArray[np.int64] | None,
    loc: NDArray[np.float64],
    scale: NDArray[np.float64],
    left_out: Collection[int],
    sample_weight: NDArray[np.float64] | None,
    links: Links | None = None,
) -> Probe:
    """Look at some of the rows of `X` (None: all), which have these weights, but not at columns to leave out."""
    eps = max(np.finfo(np.float64).eps, np.finfo(X.dtype).eps if X.dtype.kind == "f" else 0.0)
    tolerance = 8.0 * eps * (1.0 + _rounded(loc, links) / scale)
    n = len(X) if rows is None else len(rows)
    chosen = evenly_spread(n, PROBE_ROWS)
    gathered = Gather(X, chosen if rows is None else rows[chosen], loc, scale, np.float64, links=links)
    panels = gathered.move(np.empty(gathered.shape))
    z = panels.transpose(1, 0, 2).reshape(len(loc), -1)[:, : len(chosen)]
    able = np.isfinite(z).all(axis=1) & (tolerance <= 1e-5)
    able[list(left_out)] = False
    columns = [int(j) for j in np.flatnonzero(able) if z[j].min() < z[j].max()]
    weights = None if sample_weight is None else sample_weight[chosen]
    return Probe(z[columns], tolerance[columns], columns, weights)


def _rounded(loc: NDArray[np.float64], links: Links | None) -> NDArray[np.float64]:
    """What a relative rounding of the table is multiplied by, at the location of each column."""
    size = np.abs(loc)
    if links is None:
        return size
    for j in np.flatnonzero(links.codes).tolist():
        x = links.inverse(j, loc[j])
        size[j] += np.abs(x) * np.exp(links.forward(j, x)[1])
    return size
