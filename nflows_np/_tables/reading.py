"""Tables of files: by the ending of a file's name, with the columns that are meant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nflows_np._finite import not_finite
from nflows_np.columns.kinds import Categorical, Datetime, Kind

from .arrays import read_npy, read_npz
from .choice import Choose, Wanted, all_columns, selected
from .csv_cells import Cells, column
from .csv_numbers import CsvFile, NotNumbers
from .errors import TableError, column_name, quoted, say
from .frames import BINARY, frame_of, names_of, read_frame, selected_frame


@dataclass(frozen=True)
class Table:
    """Rows, what their columns are called where the file has names, and what was known of them.

    Parameters
    ----------
    values : ndarray or frame of shape (n_rows, n_columns)
        An array of numbers, or a frame where there are texts or cells that are left out.
    names : tuple of str, optional
    kinds : tuple of Kind or None
        Of every column.
    """

    values: Any
    names: tuple[str, ...] | None = None
    kinds: tuple[Kind | None, ...] = ()

    @property
    def is_array(self) -> bool:
        return isinstance(self.values, np.ndarray)


def read_table(
    path: str,
    array: str | None = None,
    *,
    sep: str | None = None,
    choose: Choose = all_columns,
    gaps: bool = False,
) -> Table:
    """Read a table.

    Parameters
    ----------
    path : str
        A ``.npy``, ``.npz``, ``.parquet`` or ``.feather`` file; anything else is read as CSV, compressed where the name
        ends in ``.gz``, and "-" is the standard input. A first line that is not all numbers is the header.
    array : str, optional
        Which array of an ``.npz`` file; needed where it holds several and none is called ``X``.
    sep : str, optional
        What is between the cells of CSV; by itself a comma, semicolon or tab.
    choose : callable, optional
        Which columns are meant.
    gaps : bool, default=False
        Whether cells may be left out.

    Raises
    ------
    TableError
        If it holds no such table.
    OSError
        If it cannot be read.
    """
    ending = Path(path).suffix.lower()
    if ending in BINARY:
        frame = read_frame(path, ending)
        wanted = choose(path, names_of(frame), len(frame.columns))
        return _table(selected_frame(frame, wanted), wanted)
    if ending not in (".npy", ".npz"):
        return _read_csv(CsvFile(path, sep), choose, gaps)
    values = read_npy(path) if ending == ".npy" else read_npz(path, array)
    wanted = choose(path, None, values.shape[1])
    return _of_numbers(path, values, wanted, None, gaps)


def _table(values: Any, wanted: list[Wanted]) -> Table:
    names = tuple(one.name for one in wanted if one.name is not None)
    return Table(values, names if len(names) == len(wanted) else None, tuple(one.kind for one in wanted))


def _of_numbers(
    path: str, values: NDArray[Any], wanted: list[Wanted], names: tuple[str, ...] | None, gaps: bool
) -> Table:
    """The columns of an array, with the place of the first NaN or infinity where none may be."""
    table = _table(selected(values, wanted), wanted)
    found = None if gaps else not_finite(table.values)
    if found is not None:
        name = column_name(wanted[found.column].at or 0, names)
        raise TableError(f"{path}, row {found.row + 1}, {name}: {found.value} where a finite number must be.")
    return table


def _read_csv(file: CsvFile, choose: Choose, gaps: bool) -> Table:
    try:
        values = file.numbers()
    except NotNumbers:
        return _read_cells(file, choose, gaps)
    names = file.names
    if _has_index(names) and np.array_equal(values[:, 0], np.arange(len(values))):
        _say_index(file)
        values, names = values[:, 1:], names and names[1:]
    wanted = choose(file.label, names, values.shape[1])
    if any(_not_of_numbers(one.kind) for one in wanted):
        return _read_cells(file, choose, gaps, quiet=True)
    return _of_numbers(file.label, values, wanted, names, gaps)


def _not_of_numbers(kind: Kind | None) -> bool:
    """Whether what looks like a number may be none."""
    if kind is None:
        return False
    if isinstance(kind, Datetime) or (isinstance(kind, Categorical) and kind.levels is None):
        return True
    return any(isinstance(level, (str, bool)) for level in kind.levels or ())


def _has_index(names: tuple[str, ...] | None) -> bool:
    """Whether the first column of several has no name."""
    return names is not None and len(names) > 1 and names[0] == ""


def _say_index(file: CsvFile) -> None:
    say(f"{file.label}: its first column has no name and counts 0, 1, 2, ...: an index, which is left out.")


def _read_cells(file: CsvFile, choose: Choose, gaps: bool, *, quiet: bool = False) -> Table:
    """A table that is not all numbers."""
    names, lines, rows = file.names, [], []
    for line, cells in file.records():
        lines.append(line)
        rows.append(cells)
    if not rows:
        raise TableError(f"{file.label}: a header and no rows.")
    begin = 0
    if _has_index(names) and all(row[0].strip() == str(i) for i, row in enumerate(rows)):
        begin = 1
        if not quiet:
            _say_index(file)
    own = None if names is None else names[begin:]
    wanted = choose(file.label, own, len(file.first) - begin)

    def place(one: Wanted, i: int) -> str:
        return f"{file.label}, line {lines[i]}, {column_name((one.at or 0) + begin, names)}"

    columns = []
    for one in wanted:
        if one.at is None:
            columns.append(Cells(np.zeros(len(rows)), np.zeros(len(rows), dtype=bool), None))
            continue
        at = one.at + begin
        columns.append(column([row[at] for row in rows], one.kind, lambda i, one=one: place(one, i)))  # type: ignore[misc]
    _check_gaps(wanted, columns, gaps, place)
    for one, found in zip(wanted, columns, strict=True):
        if found.mixed is not None and one.kind is None:
            cell = quoted(rows[found.mixed][(one.at or 0) + begin])
            say(f"{place(one, found.mixed)}: {cell} is not a number; the column is read as categories.")
    odd = [(found.odd, k) for k, found in enumerate(columns) if found.odd is not None]
    if not odd and all(found.values.dtype.kind in "if" for found in columns):
        values = np.column_stack([found.values.astype(np.float64) for found in columns])
        return _of_numbers(file.label, values, _in_order(wanted), _table(None, wanted).names, gaps)
    i, k = min(odd, default=(0, 0))
    cell = rows[i][(wanted[k].at or 0) + begin]
    table = _table(None, wanted)
    needed = f"{place(wanted[k], i)}: {quoted(cell)} is not a number"
    return Table(frame_of(table.names, columns, needed), table.names, table.kinds)


def _in_order(wanted: list[Wanted]) -> list[Wanted]:
    """The same columns where they have been selected."""
    return [one._replace(at=j) for j, one in enumerate(wanted)]


def _check_gaps(wanted: list[Wanted], columns: list[Cells], gaps: bool, place: Any) -> None:
    """Say where the first cell is left out, where none may be."""
    if gaps:
        return
    found = [(int(np.argmax(cells.missing)), k) for k, cells in enumerate(columns) if cells.missing.any()]
    if found:
        i, k = min(found)
        raise TableError(
            f"{place(wanted[k], i)}: an empty cell. With `fit --missing observed` a model learns from the cells that "
            "are there."
        )
