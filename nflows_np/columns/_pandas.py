"""Columns of pandas, which is imported only where a table of its kind is read or made.

The text of a dtype is pandas' own, but for categoricals, whose categories follow as JSON, for types of pyarrow, which
begin with "arrow ", and for strings, which say how they are stored where that is not the default.
"""

from __future__ import annotations

import importlib
import json
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _arrow, _cells
from ._cells import TICKS, Column

_NUMBER = re.compile("u?int(8|16|32|64)|U?Int(8|16|32|64)|float(16|32|64)|longdouble|Float(32|64)")
_BOOL = re.compile("bool|boolean")
_STRING = re.compile(r"(str|string)(?:\[(python|pyarrow)\])?")
_TIME = re.compile(r"(datetime|timedelta)64\[(s|ms|us|ns)\]")
_ZONED = re.compile(rf"datetime64\[(s|ms|us|ns), ({_cells.ZONE})\]")
_ARROW, _CATEGORY = "arrow ", "category "


def is_text(text: str) -> bool:
    """Whether `text_of` may have written it."""
    if text.startswith(_CATEGORY):
        return _is_declaration(text.removeprefix(_CATEGORY))
    if text.startswith(_ARROW):
        return _arrow.is_text(text.removeprefix(_ARROW))
    return text == "object" or any(p.fullmatch(text) for p in (_NUMBER, _BOOL, _STRING, _TIME, _ZONED))


def text_of(dtype: Any, where: str) -> str:
    """The dtype as text, which names a machine's own byte order."""
    pd = importlib.import_module("pandas")
    if isinstance(dtype, pd.CategoricalDtype):
        levels = _cells.written(dtype.categories.tolist(), where)
        of = text_of(dtype.categories.dtype, where)
        text = _CATEGORY + json.dumps({"categories": levels, "of": of, "ordered": bool(dtype.ordered)})
    elif isinstance(dtype, pd.StringDtype):
        text = "string" if dtype.na_value is pd.NA else "str"
        if dtype.storage != _dtype_of_levels(text).storage:
            text += f"[{dtype.storage}]"
    elif isinstance(dtype, pd.ArrowDtype):
        text = _ARROW + _arrow.text_of(dtype.pyarrow_dtype)
    elif isinstance(dtype, np.dtype):
        native = dtype.newbyteorder("=")
        text = "longdouble" if native == np.longdouble and native != np.float64 else str(native)
    else:
        text = str(dtype)
    known = is_text(text)
    if known and (zoned := _ZONED.fullmatch(text)):
        try:
            known = bool(pd.DatetimeTZDtype(*zoned.groups()) == dtype)
        except LookupError:
            known = False
    if not known:
        raise TypeError(
            f"{where} is of dtype {dtype}, which is not read: numbers, strings, bools, categories of those, "
            "durations, and times in a named zone are."
        )
    return text


def column_of(series: Any, where: str) -> Column:
    """The cells of a pandas.Series."""
    dtype, text = series.dtype, text_of(series.dtype, where)
    if text.startswith(_CATEGORY):
        levels, _, ordered = _declared(text)
        values = _cells.objects([*levels, None])[
            series.cat.codes.to_numpy()
        ]  # the code of a missing cell is -1
        return Column(values, "category", tuple(levels), ordered)
    if text.startswith(_ARROW):
        return _arrow.column_of(importlib.import_module("pyarrow").array(series))
    if text == "object":
        return _cells.of_objects(series.to_numpy(), where)
    if _BOOL.fullmatch(text) or _STRING.fullmatch(text):
        values = np.array(series.astype(object), dtype=object)
        values[series.isna().to_numpy()] = None
        return Column(values, "category")
    if dtype.kind in "mM":
        values = (series.dt.tz_convert(None) if _ZONED.fullmatch(text) else series).to_numpy()
        per_second = TICKS[np.datetime_data(values.dtype)[0]]
        seconds = _cells.seconds(values.view(np.int64), np.isnat(values), per_second)
        return Column(seconds, "datetime" if dtype.kind == "M" else "duration")
    if isinstance(dtype, np.dtype):
        return _cells.of_numbers(series.to_numpy())
    return Column(series.to_numpy(np.float64, na_value=np.nan), "number", is_integer=dtype.kind in "iu")


def series_of(values: NDArray[Any], text: str, where: str) -> Any:
    """A pandas.Series of these cells and of the dtype of that text."""
    pd = importlib.import_module("pandas")
    if text.startswith(_CATEGORY):
        levels, of, ordered = _declared(text)
        codes = _cells.codes_of(values, levels, where)
        categories = pd.Index(levels, dtype=_dtype_of_levels(of))
        return pd.Series(pd.Categorical.from_codes(codes, categories=categories, ordered=ordered))
    if text.startswith(_ARROW):
        array = _arrow.array_of(values, text.removeprefix(_ARROW), where)
        return pd.Series(pd.arrays.ArrowExtensionArray(array))
    if text == "object":  # of numbers it becomes a column of floats
        if values.dtype.kind in "iuf":
            return pd.Series(values.astype(np.float64))
        type_ = bool if any(isinstance(v, (bool, np.bool_)) for v in values) else str
        return pd.Series(_cells.checked_levels(values, type_, where), dtype=object)
    if _BOOL.fullmatch(text):
        bools = _cells.checked_levels(values, bool, where)
        misses = text == "bool" and _cells.missing_objects(bools).any()
        return pd.Series(bools, dtype=object if misses else text)
    if _STRING.fullmatch(text):
        return pd.Series(_cells.checked_levels(values, str, where), dtype=_dtype_of_levels(text))
    if time := _TIME.fullmatch(text):
        return pd.Series(_times(values, text[0], time[2], where))
    if zoned := _ZONED.fullmatch(text):
        stamps = pd.Series(_times(values, "d", zoned[1], where)).dt.tz_localize("UTC")
        try:
            return stamps.dt.tz_convert(zoned[2])
        except (LookupError, OSError):  # the latter for a folder of zones
            raise ValueError(f"{where}: there is no time zone {zoned[2]!r}.") from None
    name = text.lower()
    if "int" in name:
        integers, missing = _cells.integers_of(values, np.dtype(name), where)
        if text != name:
            return pd.Series(pd.arrays.IntegerArray(integers, missing))
        return pd.Series(values.astype(np.float64) if missing.any() else integers)
    floats = _cells.checked_numbers(values, where).astype(name)
    return pd.Series(floats if text == name else pd.arrays.FloatingArray(floats, np.isnan(floats)))


def frame_of(series: list[Any], names: tuple[str, ...] | None) -> Any:
    """A pandas.DataFrame of these columns, numbered where they have no names."""
    pd = importlib.import_module("pandas")
    frame = pd.DataFrame(dict(enumerate(series)))
    frame.columns = pd.RangeIndex(len(series)) if names is None else list(names)
    return frame


def _times(values: NDArray[Any], first: str, unit: str, where: str) -> NDArray[Any]:
    """Seconds as NumPy's stamps ("d") or durations ("t")."""
    ticks, missing = _cells.ticks_of(values, TICKS[unit], where)
    times: NDArray[Any] = ticks.view(f"{'M8' if first == 'd' else 'm8'}[{unit}]")
    times[missing] = "NaT"
    return times


def _declared(text: str) -> tuple[list[Any], str, bool]:
    """The categories of a categorical, the text of their dtype, and whether they are ordered."""
    d = json.loads(text.removeprefix(_CATEGORY))
    return d["categories"], d["of"], d["ordered"]


def _is_declaration(text: str) -> bool:
    """Whether it is the JSON of a categorical."""
    d = _cells.parsed(text)
    if not (
        isinstance(d, dict) and list(d) == ["categories", "of", "ordered"] and type(d["ordered"]) is bool
    ):
        return False
    levels, of = d["categories"], d["of"]
    if not (isinstance(levels, list) and isinstance(of, str) and _cells.are_levels(levels)):
        return False
    arrow = of.removeprefix(_ARROW) if of.startswith(_ARROW) else ""
    if _STRING.fullmatch(of) or (arrow.endswith("string") and _arrow.is_text(arrow)):
        return all(type(v) is str for v in levels)
    if _BOOL.fullmatch(of):
        return all(type(v) is bool for v in levels)
    if _NUMBER.fullmatch(of) and of != "longdouble":
        dtype = np.dtype(of.lower())
        wanted = float if dtype.kind == "f" else int
        try:
            return all(type(v) is wanted for v in levels) and np.array(levels, dtype).tolist() == levels
        except OverflowError:
            return False
    return of == "object"


def _dtype_of_levels(text: str) -> Any:
    """The dtype of strings, bools, numbers or objects."""
    pd = importlib.import_module("pandas")
    if string := _STRING.fullmatch(text):
        na = {} if string[1] == "string" else {"na_value": np.nan}
        return pd.StringDtype(string[2], **na)
    if text.startswith(_ARROW):
        return pd.ArrowDtype(importlib.import_module("pyarrow").type_for_alias(text.removeprefix(_ARROW)))
    return pd.api.types.pandas_dtype(text)
