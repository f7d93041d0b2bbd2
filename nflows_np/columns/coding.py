"""Cells of one column: what a dtype says of them, whether they are of their kind, and numbers for them and back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nflows_np._messages import shown

from .frames import Column, column_of, is_frame
from .kinds import Categorical, Datetime, Integer, Kind, Ordinal, Periodic, Real

SMALL = 2**31 - 1
"""Dtypes whose largest integer is below hold no draw of a count without bounds for sure."""

STEP_ERROR = 1e-6
"""How far from a whole number of steps a rounded number may lie, in steps."""


def first_rows(rows: NDArray[np.int64]) -> str:
    """The first of some rows, for a message."""
    return ", ".join(map(str, rows[:5])) + (", ..." if len(rows) > 5 else "")


def cells_of(X: Any, j: int) -> Column:
    if is_frame(X) or X.dtype == object:
        return column_of(X, j)
    return Column(X[:, j], "category" if X.dtype.kind == "b" else "number", None, False, X.dtype.kind in "iu")


def by_dtype(column: Column, name: str) -> Kind:
    """What a dtype says of a column."""
    if column.kind == "category":
        return Ordinal(column.levels) if column.ordered and column.levels else Categorical(column.levels)
    if column.kind != "number":
        raise ValueError(
            f"{name} is a column of times: columns={{{name.removeprefix('column ')}: Datetime()}} takes them as "
            "seconds, or write it as a "
            "number, such as days since the first."
        )
    return Real()


def resolved(kind: Kind, column: Column, name: str, held_by_dtype: tuple[int, int] | None) -> Kind:
    """The kind with the levels that it has in this column, and integers within what the dtype holds."""
    times = column.kind in ("datetime", "duration")
    if times != isinstance(kind, Datetime):
        wanted = (
            "a column of times, and Datetime() is"
            if times
            else "no column of times, which Datetime() is for:"
        )
        raise ValueError(
            f"{name} is {wanted} what columns says of it: {kind}." if times else f"{name} is {wanted} {kind}."
        )
    kind = within_dtype(kind, held_by_dtype)
    values = _distinct(column) if column.kind == "category" else ()
    is_bool = bool(values) and all(isinstance(value, (bool, np.bool_)) for value in values)
    if is_bool and kind.levels is not None and set(kind.levels) <= {0, 1}:
        kind = replace(kind, levels=[bool(level) for level in kind.levels])  # type: ignore[type-var]
    if isinstance(kind, Categorical) and kind.levels is None:
        _check_finite(column, name)
        levels = column.levels or _distinct(column)
        if not levels:
            raise ValueError(f"{name} has no category at all: every cell is left out. Use Drop().")
        kind = Categorical(levels)
    if kind.levels is None and column.kind == "category" and not is_bool:
        raise ValueError(f"{name} is a column of categories, and {kind} is for numbers.")
    return kind


def within_dtype(kind: Kind, held_by_dtype: tuple[int, int] | None) -> Kind:
    """Integers within what a small dtype holds."""
    if not isinstance(kind, Integer) or held_by_dtype is None or held_by_dtype[1] >= SMALL:
        return kind
    low, high = held_by_dtype
    return Integer(
        low if kind.low is None else max(low, kind.low),
        high if kind.high is None else min(high, kind.high),
        dequantize=kind.dequantize,
    )


def _check_finite(column: Column, name: str) -> None:
    values = column.values
    infinite = np.isinf(values) if values.dtype.kind == "f" else np.zeros(len(values), dtype=bool)
    if infinite.any():
        raise ValueError(f"{name} has infinities, in row {first_rows(np.flatnonzero(infinite))}.")


def held(values: NDArray[Any], kind: Kind, precision: type[np.floating[Any]] | None) -> NDArray[Any]:
    """Numbers that stay within their bounds in a column of less precision than float64."""
    if precision is None or values.dtype == object or kind.step:
        return values
    out = values.astype(precision)
    inf = precision(np.inf)
    if kind.low is not None:
        closed = isinstance(kind, Periodic)
        least = precision(kind.low)
        if least < kind.low or (least == kind.low and not closed):
            least = np.nextafter(least, inf)
        out = np.where((values > kind.low) | closed, np.maximum(out, least), out)
    if kind.high is not None:
        most = precision(kind.high)
        if most >= kind.high:
            most = np.nextafter(most, -inf)
        out = np.where(values < kind.high, np.minimum(out, most), out)
    return np.where(np.isnan(values), np.nan, out).astype(np.float64)


def _distinct(column: Column) -> tuple[Any, ...]:
    """The distinct values of a column, in order."""
    if column.values.dtype != object:
        values = np.unique(column.values)
        return tuple(v.item() for v in values[~np.isnan(values.astype(float))])
    found = {value for value in column.values.tolist() if value is not None}
    return tuple(sorted(found, key=lambda value: (type(value).__name__, value)))


class Coder(NamedTuple):
    """Cells of one column, to numbers and back.

    Parameters
    ----------
    kind : Kind
        Resolved.
    name : str
        What messages call the column.
    """

    kind: Kind
    name: str

    def numbers(self, column: Column, handle_unknown: str) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
        """Numbers of the cells, NaN where one is left out; and which are no level, where that is not an error."""
        levels = self.kind.levels
        if levels is None:
            values = column.values
            if values.dtype.kind in "Ob":  # booleans as numbers
                values = np.array([np.nan if v is None else float(v) for v in values])
            _check_finite(column._replace(values=values), self.name)
            return self._snapped(values), None
        codes, known = self._codes(column)
        unknown = ~known
        if not unknown.any():
            return codes, None
        if handle_unknown == "error":
            row = int(np.flatnonzero(unknown)[0])
            raise ValueError(
                f"{self.name} holds {shown(_plain(column.values[row]))} in row {row}, which is none of its levels "
                f"{shown(list(levels))}. Declare it among the levels, or set handle_unknown='ignore' for a log-density "
                "of -inf."
            )
        return codes, unknown

    def _snapped(self, values: NDArray[Any]) -> NDArray[Any]:
        """Numbers of few digits as float64, those that are an end in their own precision exactly there."""
        if (
            values.dtype.kind != "f"
            or values.dtype.itemsize >= 8
            or (self.kind.low is self.kind.high is None)
        ):
            return values
        numbers = values.astype(np.float64)
        for end in (self.kind.low, self.kind.high):
            if end is not None:
                numbers[values == values.dtype.type(end)] = end
        return numbers

    def _codes(self, column: Column) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        places = {level: float(i) for i, level in enumerate(self.kind.levels or ())}
        values = column.values
        if values.dtype == object:
            codes = np.array([np.nan if v is None else places.get(v, -1.0) for v in values.tolist()])
        else:
            distinct, inverse = np.unique(values, return_inverse=True)
            found = [np.nan if v != v else places.get(v, -1.0) for v in distinct.tolist()]
            codes = np.array(found, dtype=np.float64)[inverse]
        known = codes != -1.0
        codes[~known] = np.nan
        return codes, known

    def check_spread(self, numbers: NDArray[Any]) -> None:
        """Raise ValueError where numbers of a fit are further apart than a period."""
        kind, name = self.kind, self.name
        if isinstance(kind, Periodic):
            present = numbers[~np.isnan(numbers)]
            period = kind.high - kind.low
            if len(present) and float(present.max()) - float(present.min()) > period * (1 + 1e-9):
                raise ValueError(
                    f"{name} is {kind}, a period of {period:g}, and holds numbers from {present.min():g} to "
                    f"{present.max():g}: which is its period?"
                )

    def check_possible(self, numbers: NDArray[Any]) -> None:
        """Raise ValueError where numbers cannot be of this kind."""
        kind, name = self.kind, self.name
        if kind.levels is not None or isinstance(kind, Periodic):
            return
        outside = self._outside(numbers)
        if outside.any():
            rows = np.flatnonzero(outside)
            raise ValueError(
                f"{name} is {kind}, and {len(rows)} row(s) lie outside: {numbers[rows[0]]:g} in row {first_rows(rows)}."
            )
        between = self._off_steps(numbers)
        if between.any():
            rows = np.flatnonzero(between)
            what = "whole numbers" if kind.step == 1.0 else f"whole multiples of {kind.step:g}"
            raise ValueError(
                f"{name} is {kind}, of {what}, and holds {numbers[rows[0]]:g} in row {first_rows(rows)}."
            )
        for end, at_end in self._at_ends(numbers):
            if at_end.any():
                rows = np.flatnonzero(at_end)
                raise ValueError(
                    f"{name} is {kind}, and {len(rows)} row(s) lie exactly on its {end} end, in row "
                    f"{first_rows(rows)}, where a density has no value. atoms={end!r} gives that end a probability of "
                    "its own; rounded=step, for numbers that were rounded, gives each the mass of its interval."
                )

    def impossible(self, numbers: NDArray[Any]) -> NDArray[np.bool_]:
        """The rows that have no density: outside of bounds or on them, or between steps."""
        if self.kind.levels is not None or isinstance(self.kind, Periodic):
            return np.zeros(len(numbers), dtype=bool)
        found = self._outside(numbers) | self._off_steps(numbers)
        for _, at_end in self._at_ends(numbers):
            found |= at_end
        return found

    def _outside(self, numbers: NDArray[Any]) -> NDArray[np.bool_]:
        low, high = self.kind.low, self.kind.high
        found = np.zeros(len(numbers), dtype=bool)
        if low is not None:
            found |= numbers < low
        if high is not None:
            found |= numbers > high
        return found

    def _off_steps(self, numbers: NDArray[Any]) -> NDArray[np.bool_]:
        if not self.kind.step:
            return np.zeros(len(numbers), dtype=bool)
        eps = np.finfo(numbers.dtype).eps if numbers.dtype.kind == "f" else np.finfo(float).eps
        steps = numbers.astype(np.float64) / self.kind.step
        rounding = np.minimum(0.25, 8 * float(eps) * np.abs(steps))
        allowed = 0.0 if self.kind.step == 1.0 else np.maximum(STEP_ERROR, rounding)
        return np.abs(steps - np.round(steps)) > allowed

    def _at_ends(self, numbers: NDArray[Any]) -> list[tuple[str, NDArray[np.bool_]]]:
        kind = self.kind
        if kind.step:
            return []
        ends = (("low", kind.low, kind.low_atom), ("high", kind.high, kind.high_atom))
        return [(end, numbers == at) for end, at, atom in ends if at is not None and not atom]

    def values(self, numbers: NDArray[np.float64]) -> NDArray[Any]:
        """The cells of some numbers."""
        kind = self.kind
        if kind.levels is not None:
            out = np.full(len(numbers), None, dtype=object)
            there = ~np.isnan(numbers)
            codes = np.clip(np.round(numbers[there]), 0, len(kind.levels) - 1).astype(int)
            out[there] = np.array([*kind.levels, None], dtype=object)[codes]
            if all(isinstance(level, (int, float)) and not isinstance(level, bool) for level in kind.levels):
                return np.array([np.nan if v is None else v for v in out], dtype=np.float64)
            return out
        if kind.step:
            decimals = max(0, -Decimal(repr(kind.step)).as_tuple().exponent)  # type: ignore[operator]
            whole = np.round(np.round(numbers / kind.step) * kind.step, decimals)
            low, high = (
                (-np.inf if kind.low is None else kind.low),
                (np.inf if kind.high is None else kind.high),
            )
            return np.clip(whole, low, high)
        return np.asarray(numbers, dtype=np.float64)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
