r"""Derivatives by differences, and which of them to believe.

The stencil is the central one of fourth order,

.. math:: f'(t) \approx \frac{8 (f(t + h) - f(t - h)) - (f(t + 2h) - f(t - 2h))}{12 h},

taken at steps h and 2h. Where the two results differ, a kink (a ReLU's, say) lies within the stencil and no
difference quotient is a derivative: such entries are left out, and too many of them are an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ._rows import Rows

# Truncation falls as h^4 and rounding grows as 1 / h: here both stay below 1e-11 for functions of order one,
# and the stencil is narrow enough to straddle few kinks.
STEP = 2e-4
POINTS = np.array([-4, -2, -1, 1, 2, 4])  # in steps; both stencils share the middle four

# Of the entries compared at most this share may be lost to kinks.
MAX_KINKED = 0.3


class Derivative(NamedTuple):
    """The same derivative at two steps."""

    narrow: Rows
    wide: Rows


def _stencil(values: Rows) -> Derivative:
    """The derivative from values at POINTS along the first axis."""
    outer, middle, inner = (values[-1 - k] - values[k] for k in range(3))
    return Derivative((8.0 * inner - middle) / (12.0 * STEP), (8.0 * middle - outer) / (24.0 * STEP))


def by_columns(f: Callable[[Rows], Rows], rows: Rows) -> Derivative:
    """Derivatives of a row-wise function by each of its columns.

    Parameters
    ----------
    f : callable
        Takes rows (k n, n_columns), which are k perturbed copies of ``rows``, to values (k n, ...).
    rows : ndarray of shape (n, n_columns)

    Returns
    -------
    derivative : Derivative
        Of shape (n_columns, n, ...).
    """
    n, n_columns = rows.shape
    moves = STEP * POINTS[:, None, None] * np.eye(n_columns)
    moved = rows[None, None, :, :] + moves[:, :, None, :]
    values = f(moved.reshape(-1, n_columns))  # all of them in one call
    return _stencil(values.reshape(len(POINTS), n_columns, n, *values.shape[1:]))


def by_entries(f: Callable[[Rows], float], point: Rows, chosen: Rows) -> Derivative:
    """Derivatives of a scalar function of a vector by some of its entries.

    Parameters
    ----------
    f : callable
        Takes a vector to a number.
    point : ndarray of shape (n,)
    chosen : ndarray of int of shape (m,)

    Returns
    -------
    derivative : Derivative
        Of shape (m,).
    """
    values = np.empty((len(POINTS), len(chosen)))
    for column, index in enumerate(chosen):
        for row, k in enumerate(POINTS):
            moved = point.copy()
            moved[index] += STEP * k
            values[row, column] = f(moved)
    return _stencil(values)


def assert_small(error: Rows, bound: float, what: str) -> None:
    """Every error is at most the bound; a NaN is not."""
    if not np.all(error <= bound):
        raise AssertionError(f"{what}: worst error {np.max(error):.3g}, allowed {bound:.3g}")


def assert_mostly_smooth(smooth: Rows, what: str) -> None:
    """Few enough entries were lost to kinks for the others to mean something."""
    if smooth.size and np.mean(smooth) < 1.0 - MAX_KINKED:
        lost = f"{np.sum(~smooth)} of {smooth.size}"
        raise AssertionError(f"{what}: {lost} difference quotients at two steps disagree")


def assert_equal_derivative(
    analytic: Rows, numeric: Derivative, rtol: float, what: str, kink: float | None = None
) -> float:
    """A gradient is that of the differences, entry by entry and as a whole. Returns the worst error.

    Entries at which the differences at two steps are further apart than ``kink``, by default ``0.1 * rtol``, are left
    out; both are relative to the entry or to 1.
    """
    kink = 0.1 * rtol if kink is None else kink
    size = np.maximum(1.0, np.abs(numeric.narrow))
    smooth = np.abs(numeric.narrow - numeric.wide) <= kink * size
    assert_mostly_smooth(smooth, what)
    a, b = analytic[smooth], numeric.narrow[smooth]
    error = np.abs(a - b) / size[smooth]
    assert_small(error, rtol, f"{what}: the gradient differs from differences")
    norms = np.linalg.norm(a) * np.linalg.norm(b)
    if norms > rtol and a @ b < (1.0 - rtol) * norms:
        raise AssertionError(f"{what}: the cosine of the gradient and the differences is {a @ b / norms:.9f}")
    return float(error.max(initial=0.0))
