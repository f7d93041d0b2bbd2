"""Columns of polars, which is imported only where a table of its kind is read or made.

The text of a dtype is polars' own name; the categories of an enum follow as JSON. Decimals and columns of nothing are
written as "Float64", as which they are read.
"""

from __future__ import annotations

import importlib
import json
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _cells
from ._cells import TICKS, Column

_INTEGER = re.compile("U?Int(?:8|16|32|64|128)")
_FLOAT = re.compile("Float(?:16|32|64)")
_LEVEL = re.compile("Boolean|String|Categorical")
_STAMP = re.compile(rf"Datetime\((ms|us|ns)(?:, ({_cells.ZONE}))?\)")
_DURATION = re.compile(r"Duration\((ms|us|ns)\)")
_ENUM = "Enum "


def is_text(text: str) -> bool:
    """Whether `text_of` may have written it."""
    if text.startswith(_ENUM):
        levels = _cells.parsed(text.removeprefix(_ENUM))
        return isinstance(levels, list) and all(type(v) is str for v in levels) and _cells.are_levels(levels)
    patterns = (_INTEGER, _FLOAT, _LEVEL, _STAMP, _DURATION)
    return text == "Date" or any(p.fullmatch(text) for p in patterns)


def text_of(dtype: Any, where: str) -> str:
    """The dtype as text."""
    pl: Any = importlib.import_module("polars")
    if isinstance(dtype, pl.Enum):
        text = _ENUM + json.dumps(dtype.categories.to_list())
    elif isinstance(dtype, pl.Datetime):
        text = f"Datetime({dtype.time_unit}{f', {dtype.time_zone}' if dtype.time_zone else ''})"
    elif isinstance(dtype, pl.Duration):
        text = f"Duration({dtype.time_unit})"
    elif dtype == pl.Decimal or dtype == pl.Null:
        text = "Float64"
    elif dtype == pl.Categorical():  # of the categories that all tables share
        text = "Categorical"
    else:
        text = str(dtype)
    if not is_text(text):
        raise TypeError(
            f"{where} is of dtype {dtype}, which is not read: numbers, strings, bools, categories, enums, "
            "dates, durations, and times in a named zone are."
        )
    return text


def column_of(series: Any, where: str) -> Column:
    """The cells of a polars.Series."""
    pl: Any = importlib.import_module("polars")
    text = text_of(series.dtype, where)
    if text.startswith(_ENUM):
        levels = series.dtype.categories.to_list()
        # polars sorts and compares an enum in the order of its categories
        return Column(_cells.objects(series.to_list()), "category", tuple(levels), ordered=True)
    if _LEVEL.fullmatch(text):
        return Column(_cells.objects(series.to_list()), "category")
    if _INTEGER.fullmatch(text) or _FLOAT.fullmatch(text):
        if series.null_count() or text.endswith("128") or text != str(series.dtype):
            values = series.cast(pl.Float64).to_numpy()
            return Column(values, "number", is_integer=_INTEGER.fullmatch(text) is not None)
        return _cells.of_numbers(series.to_numpy())
    stamps = series.cast(pl.Datetime("ms")) if text == "Date" else series
    ticks = stamps.to_physical().fill_null(0).to_numpy()
    seconds = _cells.seconds(ticks, series.is_null().to_numpy(), TICKS[stamps.dtype.time_unit])
    return Column(seconds, "duration" if _DURATION.fullmatch(text) else "datetime")


def series_of(values: NDArray[Any], text: str, where: str) -> Any:
    """A polars.Series of these cells and of the dtype of that text."""
    pl: Any = importlib.import_module("polars")

    def integers(ticks: NDArray[Any], missing: NDArray[np.bool_]) -> Any:
        series = pl.Series(ticks)
        return series.set(pl.Series(missing), None) if missing.any() else series

    if text.startswith(_ENUM):
        levels = json.loads(text.removeprefix(_ENUM))
        codes = _cells.codes_of(values, levels, where)
        cells = _cells.objects([*levels, None])[codes]
        return pl.Series(cells.tolist(), dtype=pl.Enum(levels))
    if _LEVEL.fullmatch(text):
        of = bool if text == "Boolean" else str
        return pl.Series(_cells.checked_levels(values, of, where).tolist(), dtype=getattr(pl, text))
    if stamp := _STAMP.fullmatch(text):
        series = integers(*_cells.ticks_of(values, TICKS[stamp[1]], where))
        try:
            return series.cast(pl.Datetime(stamp[1], stamp[2]))
        except pl.exceptions.ComputeError:
            raise ValueError(f"{where}: there is no time zone {stamp[2]!r}.") from None
    if duration := _DURATION.fullmatch(text):
        return integers(*_cells.ticks_of(values, TICKS[duration[1]], where)).cast(pl.Duration(duration[1]))
    if text == "Date":
        return integers(*_cells.days_of(values, where)).cast(pl.Date)
    if _INTEGER.fullmatch(text):
        held = text.replace("128", "64").lower()  # of numbers beyond, a float64 holds few
        return integers(*_cells.integers_of(values, np.dtype(held), where)).cast(getattr(pl, text))
    floats = _cells.checked_numbers(values, where).astype(np.float64)
    return pl.Series(floats, nan_to_null=True).cast(getattr(pl, text))


def frame_of(series: list[Any], names: tuple[str, ...]) -> Any:
    """A polars.DataFrame of these columns."""
    pl: Any = importlib.import_module("polars")
    return pl.DataFrame([one.alias(name) for one, name in zip(series, names, strict=True)])
