"""How rows of a base are drawn: which noise on which columns, and the numbers that shape it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Columns = NDArray[np.intp]


class Draw(NamedTuple):
    """One part of a row; the parts are drawn one after the other, row after row.

    ``kind`` and ``numbers`` are those of `nflows_np._stream.BaseRows`, n being the number of columns:

    ============  =======================================================================================
    "normal"      locations (n), scales (n)
    "affine"      locations (n), a lower triangular matrix (n, n): normal with full covariance
    "uniform"     lower bounds (n), widths (n)
    "student_t"   degrees of freedom (n), scales (n)
    "von_mises"   locations (n), concentrations (n)
    "mixture"     cumulative weights (k), locations (k, n), scales (k, n): of normals
    ============  =======================================================================================
    """

    kind: str
    columns: Columns
    numbers: NDArray[np.float64]


def draw(kind: str, columns: Columns, *numbers: Any) -> list[Draw]:
    """The one part that a base is, its numbers one array after the other."""
    flat = [np.asarray(array, dtype=np.float64).ravel() for array in numbers]
    return [Draw(kind, columns, np.concatenate(flat))]


def bounded_scale(a: NDArray[Any]) -> NDArray[np.float64]:
    """The scale exp(c tanh(a / c)), c = 7, as in csrc/bases/normal.h, of raw parameters."""
    return np.exp(7.0 * np.tanh(np.asarray(a, dtype=np.float64) / 7.0))
