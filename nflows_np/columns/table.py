"""A table's columns: what each of them is, and the way from the user's table to the numbers of the model and back.

Numbers of the model are the user's own, but for categories and ranks, which are their codes, and left-out cells, which
are NaN. Bounds, periods and steps are dealt with later, where rows are gathered (links.py) and in the flow's own
columns. A table of plain numbers is passed on as it is, never copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats.qmc import Sobol

from nflows_np._messages import shown

from .coding import Coder, by_dtype, cells_of, first_rows, held, resolved
from .frames import Frame
from .keys import named
from .kinds import Categorical, Datetime, Drop, Kind, Ordinal, Real, kind_from_dict

N_POINTS = 64
"""Points within the steps of columns that are dequantised."""


class TableRows(NamedTuple):
    """The numbers of some rows, and the rows that the model knows to be impossible (None: there are none)."""

    numbers: NDArray[Any]
    impossible: NDArray[np.bool_] | None


@dataclass(frozen=True)
class TableColumns:
    """What the columns of a table are, as a fit has found.

    Parameters
    ----------
    frame : Frame
        What the table looked like.
    kinds : tuple of Kind
        Of every column; `Drop` for those that are left out. Resolved: categories have their levels.
    gaps : tuple of bool
        The columns with left-out cells.
    """

    frame: Frame
    kinds: tuple[Kind, ...]
    gaps: tuple[bool, ...]

    @classmethod
    def of(cls, X: Any, given: Sequence[Kind | None], missing: bool) -> TableColumns:
        """Resolve the kinds of a table's columns, those that are not given by their dtypes.

        Parameters
        ----------
        X : array or frame
        given : sequence of Kind or None
            Of each column.
        missing : bool
            Whether cells may be left out.

        Raises
        ------
        ValueError
            If a cell is not of its column's kind, with the name of the column and the first rows.
        """
        dropped = [j for j, kind in enumerate(given) if isinstance(kind, Drop)]
        frame = Frame.of(X, dropped)
        if all(isinstance(kind, Drop) for kind in given):
            raise ValueError("columns: every column is dropped, and none is left to fit.")
        kinds: list[Kind] = []
        gaps: list[bool] = []
        for j, kind in enumerate(given):
            if isinstance(kind, Drop):
                kinds.append(kind)
                gaps.append(False)
                continue
            column = cells_of(X, j)
            name = named(j, frame.names)
            kind = by_dtype(column, name) if kind is None else kind
            kind = resolved(kind, column, name, frame.range_of(j))
            coder = Coder(kind, name)
            numbers = coder.numbers(column, "error")[0]
            left_out = np.isnan(numbers)
            if left_out.any() and not missing:
                rows = np.flatnonzero(left_out)
                raise ValueError(
                    f"{name} has {len(rows)} left-out cell(s) (NaN), in row {first_rows(rows)}. missing='observed' "
                    "learns from the cells that are there; else drop these rows or impute them."
                )
            coder.check_spread(numbers)
            coder.check_possible(numbers)
            kinds.append(kind)
            gaps.append(bool(left_out.any()))
        return cls(frame_for(frame, kinds), tuple(kinds), tuple(gaps))

    @classmethod
    def plain(cls, frame: Frame) -> TableColumns:
        """Columns of plain numbers."""
        n = len(frame.dtypes)
        return cls(frame_for(frame, [Real()] * n), (Real(),) * n, (False,) * n)

    @property
    def used(self) -> list[int]:
        """The columns that are part of the model."""
        return [j for j, kind in enumerate(self.kinds) if not isinstance(kind, Drop)]

    @property
    def own(self) -> list[Kind]:
        """The kinds of those."""
        return [self.kinds[j] for j in self.used]

    @property
    def own_gaps(self) -> list[bool]:
        """Which of those have left-out cells."""
        return [self.gaps[j] for j in self.used]

    @property
    def is_plain(self) -> bool:
        """Whether the model's numbers are the table's, all of them densities of the line."""
        return self.passes_through and all(kind == Real() for kind in self.kinds) and not any(self.gaps)

    @property
    def is_array_of_numbers(self) -> bool:
        """Whether nothing has to be known of the table but how many columns it has."""
        return self.is_plain and self.frame.container == "array"

    @property
    def passes_through(self) -> bool:
        """Whether the model's numbers are the table's."""
        return all(kind.levels is None and not isinstance(kind, (Drop, Datetime)) for kind in self.kinds)

    @property
    def names(self) -> list[str] | None:
        """The names of the columns that are used, if the table's have names."""
        return None if self.frame.names is None else [self.frame.names[j] for j in self.used]

    @property
    def labels(self) -> Sequence[str | int] | None:
        """What to call the columns that are used, by name or position; None where they are all of the table's."""
        if self.names is not None or len(self.used) == len(self.kinds):
            return self.names
        return self.used

    def rows(self, X: Any, handle_unknown: str = "error", *, of_model: bool = False) -> TableRows:
        """The numbers of the rows of a table with these columns.

        Parameters
        ----------
        X : array or frame
        handle_unknown : {"error", "ignore"}
            What to do about a category that is none of its column's levels: raise, or call the row impossible.
        of_model : bool, default=False
            Whether rows that cannot be are an error, as they are in a fit.

        Raises
        ------
        ValueError
            If a cell cannot be read, an infinity is among them, or a cell is left out where none ever was.
        """
        out = None
        few_digits = isinstance(X, np.ndarray) and X.dtype.kind == "f" and X.dtype.itemsize < 8
        as_it_is = self.passes_through and isinstance(X, np.ndarray) and X.dtype.kind in "biuf"
        if not as_it_is or (
            few_digits and any(kind.low is not None or kind.high is not None for kind in self.own)
        ):
            out = np.empty((len(X), len(self.used)))
        impossible = np.zeros(len(X), dtype=bool)
        for place, j in enumerate(self.used):
            coder = Coder(self.kinds[j], named(j, self.frame.names))
            numbers, unknown = coder.numbers(cells_of(X, j), "error" if of_model else handle_unknown)
            left_out = np.isnan(numbers)
            if unknown is not None:
                impossible |= unknown
                left_out &= ~unknown
            if left_out.any() and not self.gaps[j]:
                raise ValueError(
                    f"{coder.name} has {left_out.sum()} left-out cell(s) (NaN), in row "
                    f"{first_rows(np.flatnonzero(left_out))}, and that column of the table that was "
                    "fitted had none: missing='observed' and rows with such cells teach a model what to make of them."
                )
            if of_model:
                coder.check_possible(numbers)
            else:
                impossible |= coder.impossible(numbers)
            if out is not None:
                out[:, place] = numbers
        return TableRows(X if out is None else out, impossible if impossible.any() else None)

    @property
    def dequantized(self) -> list[int]:
        """The places of used columns whose steps are noise."""
        return [place for place, kind in enumerate(self.own) if kind.dequantize]

    def spread_out(self, numbers: NDArray[Any], random: np.random.Generator) -> NDArray[Any]:
        """Numbers with noise of one step in such columns."""
        if not self.dequantized:
            return numbers
        out = numbers.astype(np.float64)
        for place in self.dequantized:
            out[:, place] += self.own[place].step * random.uniform(-0.5, 0.5, len(out))
        return out

    def offsets(self) -> NDArray[np.float64] | None:
        """Places within the steps of such columns, spread evenly, at which a density is averaged; None without them."""
        if not self.dequantized:
            return None
        points = np.zeros((N_POINTS, len(self.used)))
        steps = [self.own[place].step for place in self.dequantized]
        even = Sobol(len(steps), scramble=False).random(N_POINTS) - 0.5 + 0.5 / N_POINTS
        points[:, self.dequantized] = even * steps
        return points

    def has_density(self, numbers: NDArray[Any]) -> NDArray[np.bool_]:
        """Which rows have a cell with a density: not one that is counted, an atom or left out.

        Such a row is not met again by chance. One of probabilities alone is, and tells as much each time.
        """
        found = np.zeros(len(numbers), dtype=bool)
        for place, kind in enumerate(self.own):
            if kind.measure == "count":
                continue
            x = numbers[:, place]
            at_atom = (x == kind.low) & kind.low_atom | (x == kind.high) & kind.high_atom
            found |= ~(np.isnan(x) | at_atom)
        return found

    def table(self, numbers: NDArray[np.float64], output: str = "like_fit") -> Any:
        """The table of some rows of the model, as the fit saw it: names, order, dtypes and categories."""
        columns = []
        for place, j in enumerate(self.used):
            values = Coder(self.kinds[j], named(j, self.frame.names)).values(numbers[:, place])
            columns.append(held(values, self.kinds[j], self.frame.precision_of(j)))
        if output == "array":
            if any(column.dtype == object for column in columns):
                raise ValueError(
                    "output='array' is for tables of numbers, and this one has columns of categories."
                )
            return np.column_stack(columns)
        return self.frame.select(self.used).build(columns)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON; :meth:`from_dict` is the way back."""
        return {
            "frame": self.frame.to_json(),
            "kinds": [kind.to_dict() for kind in self.kinds],
            "gaps": list(self.gaps),
        }

    @classmethod
    def from_dict(cls, d: Any) -> TableColumns:
        """What :meth:`to_dict` wrote, checked.

        Raises
        ------
        ValueError
            If it is something else.
        """
        if not isinstance(d, dict) or set(d) != {"frame", "kinds", "gaps"}:
            raise ValueError(f"table is {shown(d)}, not an object of frame, kinds and gaps")
        if not isinstance(d["kinds"], list) or not isinstance(d["gaps"], list):
            raise ValueError("table.kinds and table.gaps are not lists")
        frame, kinds = Frame.from_json(d["frame"]), tuple(kind_from_dict(kind) for kind in d["kinds"])
        if not len(kinds) == len(d["gaps"]) == len(frame.dtypes) or not all(
            type(g) is bool for g in d["gaps"]
        ):
            raise ValueError(
                f"table has {len(frame.dtypes)} columns, {len(kinds)} kinds and {len(d['gaps'])} gaps"
            )
        if not all(kind.levels is not None for kind in kinds if isinstance(kind, (Categorical, Ordinal))):
            raise ValueError("table has a category without levels")
        return cls(frame, kinds, tuple(d["gaps"]))


def frame_for(frame: Frame, kinds: Sequence[Kind]) -> Frame:
    """What tables of the model look like: a column that has a density holds no integers, whatever it held."""
    for j, kind in enumerate(kinds):
        if isinstance(kind, Drop):
            continue
        if kind.levels is not None:
            frame = frame.with_levels(j, kind.levels)
        else:
            frame = frame.of_numbers(j, whole=kind.step > 0 and kind.step == round(kind.step))
    return frame
