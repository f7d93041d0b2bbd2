"""What is known of a table's columns before it is looked at, and the cells that are left to learn from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .links import Links

Floats = NDArray[np.float64]


class Cells(NamedTuple):
    """Cells of one column, as they are and linked, and the weights of their rows (None: one each)."""

    x: Floats
    u: Floats
    weights: Floats | None


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of the columns.

    Parameters
    ----------
    links : Links or None
        Their elementary maps.
    steps : ndarray of shape (n_features,), float64
        The step of each column that has one, 0 for others.
    as_they_are, coded, gaps : frozenset of int
        Columns that are not scaled; columns of category codes; columns that may hold NaN and infinities.
    """

    links: Links | None
    steps: Floats
    as_they_are: frozenset[int]
    coded: frozenset[int]
    gaps: frozenset[int]

    @classmethod
    def of(
        cls,
        n_features: int,
        links: Links | None,
        steps: Floats | None,
        as_they_are: Iterable[int],
        coded: Iterable[int],
        gaps: Iterable[int],
    ) -> Known:
        """The same of what a caller says. ValueError where links or steps are not those of so many columns."""
        if links is not None:
            links.check(n_features)
        checked = np.zeros(n_features) if steps is None else np.array(steps, dtype=np.float64)
        if checked.shape != (n_features,) or not np.all(np.isfinite(checked) & (checked >= 0.0)):
            raise ValueError(
                f"ColumnScaler: steps must be {n_features} finite numbers, none of them negative; got {checked}."
            )
        return cls(links, checked, frozenset(as_they_are), frozenset(coded), frozenset(gaps))

    @property
    def unscaled(self) -> list[int]:
        """Columns of location 0 and scale 1."""
        return sorted(self.as_they_are | self.coded)

    @property
    def alone(self) -> list[int]:
        """Columns whose relations to others nobody looks for."""
        return sorted(self.as_they_are | self.coded | set(np.flatnonzero(self.steps).tolist()))

    def cells(self, x: NDArray[Any], j: int, weights: Floats | None) -> Cells:
        """The finite cells of column j, linked. Where nobody said that there are others, others are refused."""
        x = np.asarray(x, dtype=np.float64)
        u = x if self.links is None else self.links.forward(j, x)[0]
        finite = np.isfinite(u)
        if finite.all():
            return Cells(x, u, weights)
        if j not in self.gaps and (self.links is None or not self.links.is_linked(j)):
            raise ValueError(f"ColumnScaler: X must be finite; column {j} holds {x[~finite][0]}.")
        return Cells(x[finite], u[finite], None if weights is None else weights[finite])
