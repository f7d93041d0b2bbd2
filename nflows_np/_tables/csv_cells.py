"""Cells of CSV files that are not all numbers, column by column.

What a column holds is known from its kind, or else seen: numbers, booleans, or else texts. An empty cell is left out;
so is, among numbers, a word for that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nflows_np.columns.kinds import Categorical, Datetime, Drop, Kind

from .csv_numbers import is_number
from .errors import TableError, quoted

LEFT_OUT = {"", "na", "n/a", "nan", "null", "none"}
"""Cells that are left out among numbers, in small letters. Of texts only the empty one is."""

BOOLS = {"true": True, "false": False}

_CODE = re.compile(r"0\d+")
"""A category that is no number, though it looks like one."""

_WHOLE = re.compile(r"\s*[+-]?\d{1,18}\s*")


class Cells(NamedTuple):
    """A column.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        Of int64, float64, datetime64[us], or objects: texts or booleans. Whatever it is where a cell is left out.
    missing : ndarray of bool of shape (n_rows,)
    odd : int or None
        The first row whose cell is no number; None for numbers alone.
    mixed : int or None
        The same among texts, where others are numbers.
    """

    values: NDArray[Any]
    missing: NDArray[np.bool_]
    odd: int | None
    mixed: int | None = None


def column(cells: Sequence[str], kind: Kind | None, where: Callable[[int], str]) -> Cells:
    """The cells of a column.

    Parameters
    ----------
    cells : sequence of str
    kind : Kind or None
        What it is, where that is known.
    where : callable
        What to call the cell of a row in a message.

    Raises
    ------
    TableError
        If a cell is not of this kind.
    """
    if isinstance(kind, Drop):
        return Cells(np.zeros(len(cells)), np.zeros(len(cells), dtype=bool), None)
    if isinstance(kind, Datetime):
        return _times(cells, where)
    levels = None if kind is None else kind.levels
    if levels is not None and any(isinstance(level, str) for level in levels):
        return _texts(cells, where)
    if levels is not None and all(isinstance(level, bool) for level in levels):
        return _bools(cells, where)
    missing = np.array([cell.strip().lower() in LEFT_OUT for cell in cells])
    others = [i for i, cell in enumerate(cells) if not missing[i] and not is_number(cell)]
    declared = isinstance(kind, Categorical) and levels is None
    if declared and any(_CODE.fullmatch(cell) for cell in cells):
        return _texts(cells, where)
    if not others:
        return _numbers(cells, missing)
    if kind is not None and not declared:
        raise TableError(f"{where(others[0])}: {quoted(cells[others[0]])} is not a number.")
    if all(cells[i].strip().lower() in BOOLS for i in others) and len(others) == len(cells) - missing.sum():
        return _bools(cells, where)
    found = _texts(cells, where)
    numbers = len(others) < len(cells) - missing.sum()
    return found._replace(mixed=others[0] if numbers else None)


def _numbers(cells: Sequence[str], missing: NDArray[np.bool_]) -> Cells:
    there = [cell for cell, gone in zip(cells, missing, strict=True) if not gone]
    whole = bool(there) and all(map(_WHOLE.fullmatch, there))
    values: NDArray[Any] = np.zeros(len(cells), np.int64) if whole else np.full(len(cells), np.nan)
    values[~missing] = [int(cell) for cell in there] if whole else [float(cell) for cell in there]
    return Cells(values, missing, _first(missing))


def _texts(cells: Sequence[str], where: Callable[[int], str]) -> Cells:
    for i, cell in enumerate(cells):
        if "\0" in cell:
            raise TableError(f"{where(i)}: {quoted(cell)} is not a number, nor a text.")
    values, missing = _objects(cells, lambda cell: cell)
    return Cells(values, missing, next((i for i, cell in enumerate(cells) if not is_number(cell)), None))


def _bools(cells: Sequence[str], where: Callable[[int], str]) -> Cells:
    for i, cell in enumerate(cells):
        if cell.strip().lower() not in BOOLS and cell.strip().lower() not in LEFT_OUT:
            raise TableError(f"{where(i)}: {quoted(cell)} is neither True nor False.")
    values, missing = _objects(cells, lambda cell: BOOLS.get(cell.strip().lower()))
    return Cells(values, missing, 0)


def _objects(cells: Sequence[str], value: Callable[[str], Any]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    values = np.full(len(cells), None, dtype=object)
    values[:] = [value(cell) if cell.strip() else None for cell in cells]
    return values, np.array([v is None for v in values])


def _times(cells: Sequence[str], where: Callable[[int], str]) -> Cells:
    values = np.full(len(cells), "NaT", dtype="datetime64[us]")
    for i, cell in enumerate(cells):
        if cell.strip().lower() in LEFT_OUT | {"nat"}:
            continue
        try:
            time = datetime.fromisoformat(cell.strip())
        except ValueError:
            raise TableError(
                f"{where(i)}: {quoted(cell)} is no time such as 2024-12-31 or 2024-12-31 23:59:59."
            ) from None
        values[i] = time if time.tzinfo is None else time.astimezone(UTC).replace(tzinfo=None)
    return Cells(values, np.isnat(values), 0)


def _first(flags: NDArray[np.bool_]) -> int | None:
    return int(np.argmax(flags)) if flags.any() else None
