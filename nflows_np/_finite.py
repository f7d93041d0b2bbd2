"""Where a table holds NaN or infinity. A memory map is read some rows at a time and never copied whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ROWS = 65_536


@dataclass(frozen=True)
class NotFinite:
    """The first value of a table that is not finite, and how many there are."""

    row: int
    column: int
    value: float
    count: int


def not_finite(X: NDArray[Any]) -> NotFinite | None:
    """What is not finite in ``X``, of two dimensions and any real dtype; None if all of it is finite."""
    if X.dtype.kind != "f":
        return None
    first, count = None, 0
    for start in range(0, len(X), _ROWS):
        block = X[start : start + _ROWS]
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(block.sum()):  # one pass; a sum that overflowed is looked at again
                continue
        wrong = np.argwhere(~np.isfinite(block))
        count += len(wrong)
        if first is None and len(wrong):
            i, j = (int(k) for k in wrong[0])
            first = (start + i, j, float(block[i, j]))
    return None if first is None else NotFinite(*first, count)


def check_finite(X: NDArray[Any], name: str, owner: str, columns: Any = None) -> None:
    """Refuse NaN and infinity in the argument ``name``, saying where the first is.

    ``columns`` are the names of the columns, if they have any.
    """
    found = not_finite(X)
    if found is None:
        return
    kind = "NaN" if np.isnan(found.value) else "infinity"
    column = "" if columns is None else f" (column {str(columns[found.column])!r})"
    raise ValueError(
        f"Input {name} contains {kind}: {found.count} of its values are not finite, the first at row {found.row}, "
        f"column {found.column}{column}, counted from 0. {owner} takes finite numbers alone: leave such rows out, or "
        "fill their gaps first, with sklearn.impute.SimpleImputer for instance."
    )
