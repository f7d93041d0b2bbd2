"""Which rows train a flow and which judge it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.utils import column_or_1d
from sklearn.utils.validation import check_consistent_length

from nflows_np.training_state import Rows

# Validation rows below which their mean says too little to stop by.
MIN_VALIDATION_ROWS = 10

# The share that judges: a tenth, and more where that is less than a hundred rows, up to a third.
USUAL_SHARE, LARGEST_SHARE, ENOUGH_ROWS = 0.1, 1 / 3, 100


def auto_share(n_rows: int) -> float:
    """The share of the rows that judge: a third of few rows, a tenth of a thousand and more."""
    return max(USUAL_SHARE, min(LARGEST_SHARE, ENOUGH_ROWS / n_rows))


def check_groups(groups: Any, X: NDArray[Any]) -> NDArray[np.int64]:
    """The groups of the rows of ``X`` as codes from 0 on.

    Raises
    ------
    ValueError
        If they are not one label for each row.
    """
    try:
        labels = column_or_1d(groups)
        check_consistent_length(X, labels)
    except ValueError as error:
        raise ValueError(f"groups: {error}") from None
    codes: NDArray[np.int64] = np.unique(labels, return_inverse=True)[1]
    return codes


def units_of(groups: NDArray[np.int64], first: NDArray[np.int64]) -> NDArray[np.int64]:
    """What may not be split, for every distinct row: groups, and groups that have a row in common.

    Parameters
    ----------
    groups : ndarray of int64, of shape (n,)
        Codes of the rows' groups.
    first : ndarray of int64, of shape (n,)
        For each row the first that equals it.

    Returns
    -------
    units : ndarray of int64
        A code from 0 on for each distinct row, in the order of first appearance.
    """
    n, n_groups = len(first), int(groups.max()) + 1
    edges = coo_array((np.ones(n, dtype=np.int8), (first, n + groups)), shape=(n + n_groups,) * 2)
    components = connected_components(edges, directed=False)[1][:n]
    codes: NDArray[np.int64] = np.unique(components[first == np.arange(n)], return_inverse=True)[1]
    return codes


def hold_out(
    rows: Rows, n_validation: int, seed: np.random.SeedSequence, units: NDArray[np.int64] | None
) -> tuple[Rows, Rows]:
    """Rows to train on, and about `n_validation` rows to judge by.

    Units are taken in random order as long as they fit, and the smallest where none does.

    Raises
    ------
    ValueError
        If all rows are one unit.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    if units is None:
        held_out = np.zeros(len(rows), dtype=bool)
        held_out[generator.permutation(len(rows))[:n_validation]] = True
    else:
        sizes = np.bincount(units)
        if len(sizes) < 2:
            raise ValueError(
                "groups: all rows are of one group, directly or by rows that groups have in common; none can be held "
                "out. Give X_val, or set early_stopping=False."
            )
        taken: list[int] = []
        for unit in generator.permutation(len(sizes)):
            if sizes[taken].sum() + sizes[unit] <= n_validation:
                taken.append(int(unit))
        held_out = np.isin(units, taken or [int(np.argmin(sizes))])
    return rows.take(np.flatnonzero(~held_out)), rows.take(np.flatnonzero(held_out))
