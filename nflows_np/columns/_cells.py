"""Cells of one column, whatever the table: what they are read as, and what they are made of again.

A message names its column by `where`: "column 'age'", or "column 3" where it has no name.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from decimal import Decimal
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
"""Ticks per second of the units that stamps and durations are stored in."""

DAY = 86400

ZONE = r"(?!dateutil/)[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*|UTC[+-]\d\d:\d\d"
"""What a time zone's name looks like: no path to a file."""

# str is not asked for its own text: a subclass may have another idea of it (an enum of strings does).
_text = str.__str__


class Column(NamedTuple):
    """A column of a table, as numbers or as levels.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        Of a "number", float64 with NaN for a missing cell; a plain NumPy column of integers, float32 or float64
        that misses nothing is not copied, and keeps its dtype. Of a "category", an object array of levels (str,
        bool, int, float) with None for a missing cell. Of a "datetime", float64 seconds since 1970-01-01 UTC (a
        stamp without a time zone counts as UTC); of a "duration", float64 seconds; NaN where missing.
    kind : {"number", "category", "datetime", "duration"}
    levels : tuple, optional
        Those that the dtype declares, in its order. None for strings, bools and objects.
    ordered : bool
        Whether the dtype declares the order of its levels.
    is_integer : bool
        Whether the dtype is one of integers.
    """

    values: NDArray[Any]
    kind: str
    levels: tuple[Any, ...] | None = None
    ordered: bool = False
    is_integer: bool = False


def of_numbers(values: NDArray[Any]) -> Column:
    """A column of NumPy's integers or floats, copied only where float64 has to stand for them."""
    is_integer = values.dtype.kind in "iu"
    as_it_is = values.dtype.isnative and (
        is_integer or (values.dtype == np.float32 and not np.isnan(values).any())
    )
    return Column(values if as_it_is else np.asarray(values, np.float64), "number", is_integer=is_integer)


def of_objects(values: NDArray[Any], where: str) -> Column:
    """A column of Python objects: all of them numbers, all strings or all bools, but for missing ones."""
    missing = missing_objects(values)
    present = values[~missing]
    out: NDArray[Any]
    if all(isinstance(v, (Real, Decimal)) and not isinstance(v, bool) for v in present):
        out = np.full(len(values), np.nan)
        try:
            out[~missing] = [float(v) for v in present]
        except OverflowError:
            raise ValueError(f"{where} holds an integer beyond float64.") from None
        return Column(out, "number")
    out = np.full(len(values), None, dtype=object)
    if all(isinstance(v, str) for v in present):
        out[~missing] = [_text(v) for v in present]
    elif all(isinstance(v, (bool, np.bool_)) for v in present):
        out[~missing] = [bool(v) for v in present]
    else:
        types = ", ".join(sorted({type(v).__name__ for v in present}))
        raise TypeError(
            f"{where} holds objects of {types}: its argument must be all strings, all bools or all real numbers."
        )
    return Column(out, "category")


def missing_objects(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of some Python objects stand for a missing cell: None, NaN, NaT and pandas.NA."""
    pandas = sys.modules.get("pandas")
    na, nat = getattr(pandas, "NA", None), getattr(pandas, "NaT", None)

    def is_missing(v: Any) -> bool:
        if isinstance(v, (float, np.floating)):
            return bool(v != v)
        return v is None or v is na or v is nat or (isinstance(v, Decimal) and v.is_nan())

    return np.fromiter((is_missing(v) for v in values), bool, len(values))


def objects(cells: Sequence[Any]) -> NDArray[Any]:
    """An object array of these cells, which NumPy does not look into."""
    out = np.empty(len(cells), dtype=object)
    out[:] = cells
    return out


def seconds(ticks: NDArray[np.int64], missing: NDArray[np.bool_], per_second: int) -> NDArray[np.float64]:
    """Seconds, though ticks of nanoseconds are beyond the integers of float64."""
    rest = np.fmod(ticks, per_second)  # of the ticks' own sign: small negative times keep their digits
    out = (ticks - rest) // per_second + rest / per_second
    out[missing] = np.nan
    return out


def ticks_of(
    values: NDArray[Any], per_second: int, where: str
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The nearest ticks to some seconds (0 where missing), and which are missing."""
    checked_numbers(values, where)
    missing = np.isnan(values)
    whole = np.where(missing, 0.0, np.trunc(values))
    beyond = ~(np.abs(whole) < 2**63 // per_second - 1)
    if beyond.any():
        raise ValueError(f"{where}: its dtype holds no time of {values[beyond][0]} seconds.")
    rest = np.where(missing, 0.0, values - whole)
    return whole.astype(np.int64) * per_second + np.rint(rest * per_second).astype(np.int64), missing


def days_of(values: NDArray[Any], where: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The days of the nearest midnights to some seconds (0 where missing), and which are missing."""
    return integers_of(np.rint(checked_numbers(values, where) / DAY), np.dtype(np.int32), where)


def integers_of(
    values: NDArray[Any], dtype: np.dtype[Any], where: str
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Whole numbers as integers of `dtype` (0 where missing), and which are missing."""
    checked_numbers(values, where)
    missing, info = np.isnan(values), np.iinfo(dtype)
    filled = np.where(missing, 0, values)
    with np.errstate(invalid="ignore"):  # of infinity there is no rest
        # the largest int64 is no float64, but one more is
        wrong = (filled < info.min) | (filled >= int(info.max) + 1) | (filled % 1 != 0)
    if wrong.any():
        raise ValueError(f"{where}: its dtype holds no {filled[wrong][0]}, only integers of {dtype}.")
    return filled.astype(dtype), missing


def checked_numbers(values: NDArray[Any], where: str) -> NDArray[Any]:
    """The same array if it holds numbers."""
    if values.dtype.kind not in "iuf":
        raise TypeError(f"{where} is made of numbers, not of {values.dtype}.")
    return values


def checked_levels(values: NDArray[Any], of: type, where: str) -> NDArray[Any]:
    """An object array of these levels, all of one type or None."""
    if values.dtype.kind not in ("OU" if of is str else "Ob"):
        raise TypeError(f"{where} is made of levels, not of {values.dtype}.")
    levels, missing = values.astype(object), missing_objects(values)
    levels[missing] = None
    if not all(isinstance(v, (bool, np.bool_) if of is bool else of) for v in levels[~missing]):
        raise TypeError(f"{where} is made of {of.__name__} and None, not of other objects.")
    return levels


def codes_of(values: NDArray[Any], levels: Sequence[Any], where: str) -> NDArray[np.int64]:
    """Places of cells among the levels, -1 where missing."""
    places = {level: place for place, level in enumerate(levels)}
    missing = missing_objects(values.astype(object))
    try:
        return np.array([-1 if m else places[v] for v, m in zip(values, missing, strict=True)], np.int64)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{where}: {error} is none of its levels.") from None


def written(levels: list[Any], where: str) -> list[Any]:
    """The same levels if JSON holds them."""
    if not are_levels(levels):
        types = ", ".join(sorted({type(level).__name__ for level in levels}))
        raise TypeError(
            f"{where} has levels of {types}: only str, bool and finite int and float can be levels."
        )
    return levels


def are_levels(levels: list[Any]) -> bool:
    """Whether they are distinct strings, bools and finite numbers."""
    allowed = all(type(v) in (str, bool, int) or (type(v) is float and math.isfinite(v)) for v in levels)
    return allowed and len(set(levels)) == len(levels)


def parsed(text: str) -> Any:
    """What `json.dumps` wrote as this text; None if it did not write it."""
    try:
        value = json.loads(text)
        return value if json.dumps(value, allow_nan=False) == text else None
    except (ValueError, RecursionError):
        return None
