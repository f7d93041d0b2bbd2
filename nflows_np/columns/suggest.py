"""What the values of a column suggest that it is: an atom, whole numbers, a hard edge, a period.

A dtype says that a column holds numbers; the numbers say more. What is found here is acted on where the user asks for
it, and otherwise said once, as the mapping to paste.

* *Whole numbers* that repeat: a density has a spike on each.
* *An atom* is a value at an end of the range that holds a share of the distinct rows which no density explains.
* *A hard edge*: numbers that lie as densely at the end of their range as further in, where tails would thin out. With k
  rows of n next to an end, their reach r_k grows like k at an edge and like log k in a tail; so r_2k / r_k tells.
* *A period*: hard edges at both ends of a range that is a known one, such as 0 to 360.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nflows_np._warnings import warn

from .kinds import Bounded, Integer, Kind, Periodic, Positive, Real
from .table import TableColumns

ATOM_SHARE = 0.02
"""Of the distinct rows, from which on a value at an end is an atom."""

FEWEST_ROWS = 100
"""Rows below which nothing is said of edges and atoms."""

REPEATS = 10
"""Rows for every distinct value from which on whole numbers are taken for steps."""

EDGE_GROWTH = (1.6, 1.5)
"""How much further twice as many rows reach from a hard edge at least, twice; 2 where the density is even there."""

NEAR, FEWEST_GAPS = 4.0, 40.0
"""Mean gaps between rows within which a round number has to be, and of which round numbers have to be as many apart."""

PERIODS = ((0.0, 360.0), (-180.0, 180.0), (0.0, 2.0 * math.pi), (-math.pi, math.pi), (0.0, 24.0))

KNOWN_ENDS = sorted({sign * end for period in PERIODS for end in period for sign in (-1.0, 1.0)})

_LISTED = 10  # columns named in the message


class ColumnKindWarning(UserWarning):
    """Says what the values of columns suggest that they are, as the mapping to paste."""


def warn_of_kinds(found: Mapping[int, Kind], names: Sequence[str] | None) -> None:
    """Say once what the values of a table's columns suggest.

    Parameters
    ----------
    found : mapping of int to Kind
        By the columns' positions.
    names : sequence of str or None
        The columns' names.
    """
    pairs = [f"{j if names is None else names[j]!r}: {kind}" for j, kind in list(found.items())[:_LISTED]]
    rest = f" and {len(found) - _LISTED} more columns" if len(found) > _LISTED else ""
    warn(
        f"The values of some columns suggest columns={{{', '.join(pairs)}}}{rest}, with kinds of nflows_np.columns. "
        "As plain numbers they cost likelihood, and samples are what no row is. columns='auto' takes them so; a "
        "mapping, of Real() too, silences this.",
        ColumnKindWarning,
    )


def suggestions(rows: NDArray[Any], columns: TableColumns) -> dict[int, Kind]:
    """The kinds that the values of plain columns suggest, by the columns' positions in the table.

    Parameters
    ----------
    rows : ndarray of shape (n, n_used)
        The model's numbers: of distinct rows, where there is more than one column.
    columns : TableColumns
    """
    found = {}
    for place, j in enumerate(columns.used):
        kind = suggested(rows[:, place]) if columns.kinds[j] == Real() else None
        if kind is not None:
            found[j] = kind
    return found


def suggested(values: NDArray[Any]) -> Kind | None:
    """The kind that the numbers of a column suggest; None for plain ones.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Of the distinct rows; NaN where a cell is left out.
    """
    x = np.asarray(values, dtype=np.float64)
    x = np.sort(x[~np.isnan(x)])
    if len(x) < FEWEST_ROWS or x[0] == x[-1]:
        return None
    whole = bool(np.all(x == np.round(x)))
    if whole and len(x) >= REPEATS * len(np.unique(x)):
        return Integer(0) if x[0] >= 0 else Integer()
    atoms = [_atom(x), _atom(-x[::-1])]
    inner = x[(x > x[0] if atoms[0] else x >= x[0]) & (x < x[-1] if atoms[1] else x <= x[-1])]
    if len(inner) < FEWEST_ROWS:
        return None
    if not any(atoms):
        period = _period(*_edges(inner, KNOWN_ENDS))
        if period is not None:
            return period
    low, high = _edges(inner, ())
    low, high = float(x[0]) if atoms[0] else low, float(x[-1]) if atoms[1] else high
    if low is None and high is None:
        return None
    which = "both" if all(atoms) else "low" if atoms[0] else "high" if atoms[1] else None
    if low == 0.0 and high is None:
        return Positive(atoms=which)
    return Bounded(_short(low), _short(high), atoms=which)


def _atom(x: NDArray[np.float64]) -> bool:
    """Whether the least of sorted numbers is an atom: it repeats, and the next value does so far less."""
    count = int(np.searchsorted(x, x[0], side="right"))
    if count < ATOM_SHARE * len(x) or count == len(x):
        return False
    following = int(np.searchsorted(x, x[count], side="right")) - count
    return count >= 5 * following


def _edges(x: NDArray[np.float64], known: Sequence[float]) -> tuple[float | None, float | None]:
    """The hard edges below and above sorted numbers."""
    low, high = _edge(x, known), _edge(-x[::-1], known)
    return low, None if high is None else -high


def _edge(x: NDArray[np.float64], known: Sequence[float]) -> float | None:
    """The hard edge below sorted numbers, if there is one: 0, a round number or one that is known."""
    k = int(math.sqrt(len(x)))
    reach = x[[k - 1, 2 * k - 1, 4 * k - 1]] - x[0]
    if not reach[0] > 0.0 or reach[1] < EDGE_GROWTH[0] * reach[0] or reach[2] < EDGE_GROWTH[1] * reach[1]:
        return None
    gap = reach[0] / k  # about what lies between the edge and the first number
    if 0.0 < x[0] <= NEAR * gap:
        return 0.0
    unit = 10.0 ** (math.ceil(math.log10(x[-1] - x[0])) - 1)
    rounds = [round((math.ceil(x[0] / unit) - 1) * unit, 12)] if gap * FEWEST_GAPS <= unit else []
    near = [end for end in (*rounds, *known) if 0.0 < x[0] - end <= NEAR * gap]
    return max(near, default=None)


def _period(low: float | None, high: float | None) -> Kind | None:
    if low is None or high is None:
        return None
    for first, last in PERIODS:
        if abs(low - first) <= 0.01 * (last - first) and abs(high - last) <= 0.01 * (last - first):
            return Periodic(first, last)
    return None


def _short(value: float | None) -> float | int | None:
    return None if value is None else int(value) if value == int(value) and abs(value) < 1e15 else value
