"""The tables that users bring, column by column, and how the same kind of table is made again.

pandas and polars are not needed: a table of theirs is recognised only where they have been imported already.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _cells, _pandas, _polars
from ._cells import Column as Column

_ARRAY_DTYPE = re.compile(r"[<>|=](?:b1|[iu][1248]|f(?:2|4|8|12|16)|O|U(?:0|[1-9]\d{0,8}))")

_INTEGERS = re.compile(r"u?int(8|16|32|64)", re.IGNORECASE)
_WHOLE = re.compile(r"(arrow )?(u?int\d+|bool)|boolean", re.IGNORECASE)

DROPPED = "dropped"
"""In place of the dtype of a column that nobody wants."""


@dataclass(frozen=True)
class Frame:
    """What a table looks like without its rows.

    Parameters
    ----------
    container : {"array", "pandas", "polars"}
    names : tuple of str, optional
        Names of the columns; None for arrays, and where not all are strings.
    dtypes : tuple of str
        Of each column as text, from which `build` makes the column again.
    """

    container: str
    names: tuple[str, ...] | None
    dtypes: tuple[str, ...]

    @classmethod
    def of(cls, X: Any, dropped: Sequence[int] = ()) -> Frame:
        """What this array, pandas.DataFrame or polars.DataFrame looks like; columns that are dropped are not looked at.

        Raises
        ------
        TypeError
            If it is no such table, or for a column of a dtype that is not read. Objects are looked into only by
            `column_of`.
        ValueError
            If it is an array that has not two dimensions.
        """
        container = _container(X)
        if container == "array":
            _check_array(X)
            return cls(container, None, (X.dtype.str,) * X.shape[1])
        text_of = _pandas.text_of if container == "pandas" else _polars.text_of
        where = (_where(name, j) for j, name in enumerate(X.columns))
        dtypes = tuple(
            DROPPED if j in dropped else text_of(dtype, place)
            for j, (dtype, place) in enumerate(zip(X.dtypes, where, strict=True))
        )
        named = all(isinstance(name, str) for name in X.columns)
        return cls(container, tuple(map(str, X.columns)) if named else None, dtypes)

    def build(self, columns: Sequence[NDArray[Any]]) -> Any:
        """Make a table of the same kind, names, order, dtypes and categories.

        Parameters
        ----------
        columns : sequence of ndarray of shape (n_rows,)
            Numbers, and seconds of times, with NaN for a missing cell; levels as objects, with None. Integers have
            to be whole.

        Returns
        -------
        table : ndarray, pandas.DataFrame or polars.DataFrame
            An array is one of objects if any column has levels, otherwise of float64. Rows of pandas are numbered.
            Times are rounded to the unit of their dtype, and dates to days. Decimals come back as float64, and so
            do numbers in a column of objects and plain integers of pandas if any is missing. Columns of pandas
            without names are numbered.

        Raises
        ------
        TypeError, ValueError
            If a column is not what its dtype holds.
        """
        if len(columns) != len(self.dtypes):
            raise ValueError(f"{len(columns)} columns for a table of {len(self.dtypes)}.")
        if len({np.shape(column) for column in columns}) > 1 or any(np.ndim(c) != 1 for c in columns):
            raise ValueError("All columns have to be arrays of one dimension and of one length.")
        if self.container == "array":
            return _array_of(columns)
        names: Sequence[str | None] = [None] * len(columns) if self.names is None else self.names
        series_of = _pandas.series_of if self.container == "pandas" else _polars.series_of
        series = [
            series_of(column, text, _where(name, j))
            for j, (column, text, name) in enumerate(zip(columns, self.dtypes, names, strict=True))
        ]
        if self.container == "pandas":
            return _pandas.frame_of(series, self.names)
        assert self.names is not None
        return _polars.frame_of(series, self.names)

    def select(self, columns: Sequence[int]) -> Frame:
        """The same with some of the columns, in this order."""
        names = None if self.names is None else tuple(self.names[j] for j in columns)
        return Frame(self.container, names, tuple(self.dtypes[j] for j in columns))

    def of_numbers(self, j: int, whole: bool) -> Frame:
        """The same with a column that can hold numbers, whole ones or any."""
        if self.container == "array":
            return (
                self
                if "O" in self.dtypes[j]
                else Frame(self.container, self.names, ("<f8",) * len(self.dtypes))
            )
        found = _WHOLE.fullmatch(self.dtypes[j])
        if found is None or (whole and "bool" not in self.dtypes[j].lower()):
            return self
        text = ("int64" if whole else "float64").capitalize() if self.container == "polars" else "float64"
        if whole and self.container == "pandas":
            text = "Int64" if self.dtypes[j] == "boolean" else "int64"
        return self._with(j, text)

    def with_levels(self, j: int, levels: Sequence[Any]) -> Frame:
        """The same with a column that can hold these levels."""
        name, _, rest = self.dtypes[j].partition(" ")
        if name not in ("category", "Enum"):
            return self
        told = json.loads(rest)
        known = told["categories"] if isinstance(told, dict) else told
        if set(known) == set(levels):
            return self
        told = told | {"categories": list(levels)} if isinstance(told, dict) else list(levels)
        return self._with(j, f"{name} {json.dumps(told)}")

    def range_of(self, j: int) -> tuple[int, int] | None:
        """The least and the largest integer that a column's dtype holds, None where it is of no integers."""
        found = _INTEGERS.search(self.dtypes[j])
        if found is None:
            return None
        info = np.iinfo(found.group().lower())
        return int(info.min), int(info.max)

    def precision_of(self, j: int) -> Any:
        """The type of a column's numbers where that is coarser than float64, else None."""
        if self.container == "array":
            return None
        text = self.dtypes[j].lower()
        names = {
            "float32": np.float32,
            "float16": np.float16,
            "arrow float": np.float32,
            "arrow halffloat": np.float16,
        }
        return names.get(text)

    def _with(self, j: int, text: str) -> Frame:
        return Frame(self.container, self.names, (*self.dtypes[:j], text, *self.dtypes[j + 1 :]))

    def to_json(self) -> dict[str, Any]:
        """The same as JSON holds it."""
        names = None if self.names is None else list(self.names)
        return {"container": self.container, "names": names, "dtypes": list(self.dtypes)}

    @classmethod
    def from_json(cls, d: Any) -> Frame:
        """The frame of which `to_json` wrote this.

        Raises
        ------
        ValueError
            If it wrote nothing of the kind: files are not trusted.
        """
        if not isinstance(d, dict) or set(d) != {"container", "names", "dtypes"}:
            raise ValueError("A frame is written as its container, names and dtypes.")
        container, names, dtypes = d["container"], d["names"], d["dtypes"]
        if container not in ("array", "pandas", "polars"):
            raise ValueError(f"A frame is an array, of pandas or of polars, not {container!r:.60}.")
        if not _are_strings(dtypes) or not (names is None or _are_strings(names)):
            raise ValueError("Names and dtypes of a frame are lists of strings.")
        if names is not None and (container == "array" or len(names) != len(dtypes)):
            raise ValueError("A frame has as many names as dtypes, and an array has none.")
        if container == "polars" and (names is None or len(set(names)) != len(names)):
            raise ValueError("Columns of polars have names, all of them different.")
        if container == "array" and len(set(dtypes)) > 1:
            raise ValueError("Columns of an array have one dtype.")
        for j, text in enumerate(dtypes):
            if text != DROPPED and not _IS_TEXT[container](text):
                raise ValueError(f"{_where(names and names[j], j)} has no known dtype: {text!r:.60}.")
        return cls(container, None if names is None else tuple(names), tuple(dtypes))


def is_frame(X: Any) -> bool:
    """Whether it is a DataFrame of pandas or polars."""
    return any(_is_a(X, library, "DataFrame") for library in ("pandas", "polars"))


def column_of(X: Any, j: int) -> Column:
    """Read column `j` of a DataFrame, or of an array of two dimensions.

    Raises
    ------
    TypeError
        If its dtype is not read, or if its objects are not all numbers, all strings or all bools.
    ValueError
        If it holds an integer that float64 does not reach.
    """
    container = _container(X)
    if container == "pandas":
        return _pandas.column_of(X.iloc[:, j], _where(X.columns[j], j))
    if container == "polars":
        return _polars.column_of(X.to_series(j), _where(X.columns[j], j))
    _check_array(X)
    values = np.asarray(X)[:, j]
    if values.dtype.kind in "iuf":
        return _cells.of_numbers(values)
    return _cells.of_objects(values.astype(object), _where(None, j))


def _is_array_dtype(text: str) -> bool:
    return _ARRAY_DTYPE.fullmatch(text) is not None


_IS_TEXT = {"array": _is_array_dtype, "pandas": _pandas.is_text, "polars": _polars.is_text}


def _is_a(X: Any, library: str, name: str) -> bool:
    """Whether it is of this class of a library that may not be there."""
    one = getattr(sys.modules.get(library), name, None)
    return one is not None and isinstance(X, one)


def _container(X: Any) -> str:
    if isinstance(X, np.ndarray):
        return "array"
    for library in ("pandas", "polars"):
        if _is_a(X, library, "DataFrame"):
            return library
        if _is_a(X, library, "Series"):
            raise TypeError(f"A Series of {library} is no table: pass .to_frame().")
    if _is_a(X, "polars", "LazyFrame"):
        raise TypeError("A LazyFrame of polars holds no rows yet: pass .collect().")
    raise TypeError(f"A table is an array or a DataFrame of pandas or polars, not {type(X).__name__}.")


def _check_array(X: NDArray[Any]) -> None:
    if X.ndim != 2:
        raise ValueError(f"An array of shape {X.shape} is no table: it has to have two dimensions.")
    if np.ma.is_masked(X):
        raise TypeError(
            "A masked array is not read: missing cells of an array are NaN, or None among objects."
        )
    if not _is_array_dtype(X.dtype.str):
        raise TypeError(
            f"An array of {X.dtype} is not read: arrays of real numbers, bools, strings and objects are."
        )


def _array_of(columns: Sequence[NDArray[Any]]) -> NDArray[Any]:
    numbers = all(column.dtype.kind in "iuf" for column in columns)
    out = np.empty((len(columns[0]) if columns else 0, len(columns)), np.float64 if numbers else object)
    for j, column in enumerate(columns):
        out[:, j] = column
    return out


def _where(name: Any, j: int) -> str:
    return f"column {name!r}" if isinstance(name, str) else f"column {j}"


def _are_strings(values: Any) -> bool:
    return isinstance(values, list) and all(type(v) is str for v in values)
