"""Columns of pandas that pyarrow backs; it is imported only where one of them is read or made.

The text of a type is pyarrow's own. Decimals and columns of nothing are written as "double", as which they are read.
"""

from __future__ import annotations

import importlib
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _cells
from ._cells import DAY, TICKS, Column

_INTEGER, _STRING, _UNIT = "u?int(?:8|16|32|64)", "string|large_string|string_view", "(s|ms|us|ns)"

_NUMBER = re.compile(f"{_INTEGER}|halffloat|float|double")
_LEVEL = re.compile(f"bool|{_STRING}")
_STAMP = re.compile(rf"timestamp\[{_UNIT}(?:, tz=({_cells.ZONE}))?\]")
_DURATION = re.compile(rf"duration\[{_UNIT}\]")
_DATE = re.compile(r"date32\[day\]|date64\[ms\]")
_CODED = re.compile(f"dictionary<values=({_STRING}), indices=({_INTEGER}), ordered=0>")
_DOUBLE = re.compile(r"decimal\d+\(.*\)|null")


def is_text(text: str) -> bool:
    """Whether `text_of` may have written it."""
    return any(p.fullmatch(text) for p in (_NUMBER, _LEVEL, _STAMP, _DURATION, _DATE, _CODED))


def text_of(type_: Any) -> str:
    """The pyarrow.DataType as text."""
    return "double" if _DOUBLE.fullmatch(str(type_)) else str(type_)


def column_of(cells: Any) -> Column:
    """The cells of a pyarrow.Array or ChunkedArray of a type that is read."""
    pa = importlib.import_module("pyarrow")
    text = text_of(cells.type)
    missing = np.array(cells.is_null(), dtype=bool)
    if _LEVEL.fullmatch(text) or _CODED.fullmatch(text):
        return Column(_cells.objects(cells.to_pylist()), "category")
    if _NUMBER.fullmatch(text):
        values = np.array(cells.cast(pa.float64()), dtype=np.float64)  # what is null is NaN
        return Column(values, "number", is_integer="int" in text)
    unit, kind = "s", "datetime"
    if _DATE.fullmatch(text):
        cells = cells.cast(pa.timestamp("s"))
    else:
        timed = _STAMP.fullmatch(text) or _DURATION.fullmatch(text)
        assert timed is not None
        unit, kind = timed[1], "datetime" if timed.re is _STAMP else "duration"
    ticks = np.array(cells.cast(pa.int64()).fill_null(0), dtype=np.int64)
    return Column(_cells.seconds(ticks, missing, TICKS[unit]), kind)


def array_of(values: NDArray[Any], text: str, where: str) -> Any:
    """A pyarrow.Array of these cells and of the type of that text."""
    pa = importlib.import_module("pyarrow")
    if _LEVEL.fullmatch(text):
        of = bool if text == "bool" else str
        return pa.array(_cells.checked_levels(values, of, where).tolist(), pa.type_for_alias(text))
    if coded := _CODED.fullmatch(text):
        type_ = pa.dictionary(pa.type_for_alias(coded[2]), pa.type_for_alias(coded[1]))
        return pa.array(_cells.checked_levels(values, str, where).tolist(), type_)
    if stamp := _STAMP.fullmatch(text):
        ticks, missing = _cells.ticks_of(values, TICKS[stamp[1]], where)
        return pa.array(ticks, mask=missing).cast(pa.timestamp(stamp[1], stamp[2]))
    if duration := _DURATION.fullmatch(text):
        ticks, missing = _cells.ticks_of(values, TICKS[duration[1]], where)
        return pa.array(ticks, mask=missing).cast(pa.duration(duration[1]))
    if _DATE.fullmatch(text):
        days, missing = _cells.days_of(values, where)
        if text == "date32[day]":
            return pa.array(days, mask=missing).cast(pa.date32())
        return pa.array(days.astype(np.int64) * (DAY * TICKS["ms"]), mask=missing).cast(pa.date64())
    type_ = pa.type_for_alias(text)
    if "int" in text:
        integers, missing = _cells.integers_of(values, np.dtype(text), where)
        return pa.array(integers, type_, mask=missing)
    floats = _cells.checked_numbers(values, where).astype(type_.to_pandas_dtype())
    return pa.array(floats, type_, mask=np.isnan(floats))
