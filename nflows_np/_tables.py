"""Tables in files, for the command line: CSV with or without a header, NPY and NPZ."""

from __future__ import annotations

import csv
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from nflows_np._finite import not_finite

DELIMITERS = (",", ";", "\t")

# What an error quotes of a file: characters of a name or a cell, names of a list, characters of a foreign message.
_QUOTED, _LISTED, _REASON = 60, 10, 300


class TableError(ValueError):
    """A file does not hold a table of numbers; the message says where and why."""


@dataclass(frozen=True)
class Table:
    """Rows of numbers, and the names of their columns where the file has them."""

    values: NDArray[Any]
    names: tuple[str, ...] | None = None


def read_table(path: str, array: str | None = None) -> Table:
    """Read a table of numbers.

    Parameters
    ----------
    path : str
        A ``.npy`` or ``.npz`` file; anything else is read as CSV, with commas, semicolons or tabs. A first
        line that is not all numbers is the header.
    array : str, optional
        Which array of an ``.npz`` file; needed where it holds several and none is called ``X``.

    Raises
    ------
    TableError
        If it holds no such table.
    OSError
        If it cannot be read.
    """
    ending = Path(path).suffix.lower()
    if ending == ".npy":
        values = _load_numpy(path, mmap_mode="r")
        if not isinstance(values, np.ndarray):
            raise TableError(f"{path}: an .npz archive under the name of a single array.")
        table = Table(_checked(path, values))
    elif ending == ".npz":
        table = Table(_checked(path, _pick(path, _load_numpy(path), array)))
    else:
        table = _read_csv(path)
    _check_finite(path, table)
    return table


def columns_of(table: Table, path: str, wanted: Sequence[str] | None) -> NDArray[Any]:
    """The values of a table, its columns in the order of ``wanted`` names where both have names."""
    if table.names is None or wanted is None:
        return table.values
    missing = [name for name in wanted if name not in table.names]
    unknown = [name for name in table.names if name not in wanted]
    if missing or unknown:
        raise TableError(
            f"{path}: its columns are not the model's: missing {_listed(missing)}, "
            f"unknown {_listed(unknown)}."
        )
    order = [table.names.index(name) for name in wanted]
    return table.values if order == list(range(len(order))) else table.values[:, order]


def write_table(path: str | None, values: NDArray[np.float64], names: Sequence[str]) -> None:
    """Write rows to a ``.npy``, ``.npz`` (as ``X``) or CSV file, or as CSV to the standard output.

    No digit is lost.
    """
    ending = "" if path is None else Path(path).suffix.lower()
    if path is None:
        _write_csv(sys.stdout, values, names)
    elif ending == ".npy":
        with open(path, "wb") as file:  # NumPy would add an ending to "X.NPY"
            np.save(file, values)
    elif ending == ".npz":
        with open(path, "wb") as file:
            np.savez(file, X=values)
    else:
        with open(path, "w", encoding="utf-8", newline="") as text:
            _write_csv(text, values, names)


def _load_numpy(path: str, **kwargs: Any) -> Any:
    with _foreign_bytes(path, "not a NumPy file of numbers"):
        return np.load(path, allow_pickle=False, **kwargs)


@contextmanager
def _foreign_bytes(path: str, fault: str) -> Iterator[None]:
    """A TableError for whatever NumPy and zipfile raise inside over damaged bytes.

    They promise no list: a header is parsed as Python, its numbers become sizes and its dtypes are looked up. Errors
    of the file system, which name the file, pass. NumPy's warnings about old headers, which name none, do not.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Exception as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise
        reason = _shortened(" ".join(str(error).split()), _REASON) or type(error).__name__
        raise TableError(f"{path}: {fault} ({reason}).") from None


def _pick(path: str, arrays: Any, wanted: str | None) -> NDArray[Any]:
    """The array of an .npz file that is meant."""
    if not isinstance(arrays, np.lib.npyio.NpzFile):
        raise TableError(f"{path}: not an .npz archive.")
    with arrays:
        names = arrays.files
        name = wanted or (names[0] if len(names) == 1 else "X")
        if name not in names:
            hint = "" if wanted else " Say which with --array."
            raise TableError(f"{path}: no array {_quoted(name)} in it; there are {_listed(names)}.{hint}")
        with _foreign_bytes(path, f"array {_quoted(name)} cannot be read"):
            return np.asarray(arrays[name])


def _checked(path: str, values: NDArray[Any]) -> NDArray[Any]:
    """Two dimensions of real numbers."""
    if values.ndim != 2 or values.dtype.kind not in "biuf" or values.shape[1] == 0:
        raise TableError(
            f"{path}: holds {values.dtype} of shape {values.shape}, not rows and columns of real numbers."
        )
    return values


def _check_finite(path: str, table: Table) -> None:
    """Say where the first NaN or infinity is."""
    found = not_finite(table.values)
    if found is not None:
        j = found.column
        column = f"column {j + 1}" if table.names is None else f"column {_quoted(table.names[j])}"
        raise TableError(
            f"{path}, row {found.row + 1}, {column}: {found.value} where a finite number must be."
        )


def _read_csv(path: str) -> Table:
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            delimiter = max(DELIMITERS, key=first.count)
            cells = next(csv.reader([first], delimiter=delimiter), [])
            names = None if all(_is_number(cell) for cell in cells) else tuple(cell.strip() for cell in cells)
            if not cells:
                raise TableError(f"{path}: empty.")
            if names is None:
                file.seek(0)
            elif len(set(names)) < len(names):
                raise TableError(f"{path}: two columns of its header have the same name.")
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "loadtxt: input contained no data")  # said below
                values = np.loadtxt(file, delimiter=delimiter, ndmin=2, comments=None, quotechar='"')
    except csv.Error as error:
        raise TableError(f"{path}: not a table ({error}).") from None
    except UnicodeDecodeError as error:
        raise TableError(f"{path}: not a text file ({error}).") from None
    except ValueError as error:
        if isinstance(error, TableError):
            raise
        raise TableError(_first_fault(path, delimiter, names, len(cells)) or f"{path}: {error}") from None
    if not len(values):
        raise TableError(f"{path}: a header and no rows.")
    if values.shape[1] != len(cells):
        raise TableError(f"{path}: {len(cells)} columns in the first line and {values.shape[1]} below.")
    return Table(values, names)


def _first_fault(path: str, delimiter: str, names: tuple[str, ...] | None, n_columns: int) -> str | None:
    """Where a CSV file stops being a table of numbers."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        for number, cells in enumerate(_records(path, reader)):
            if not cells or (number == 0 and names is not None):
                continue
            where = f"{path}, line {reader.line_num}"
            if len(cells) != n_columns:
                return f"{where}: {len(cells)} columns, where the first line has {n_columns}."
            for j, cell in enumerate(cells):
                if not _is_number(cell):
                    column = f"column {j + 1}" if names is None else f"column {_quoted(names[j])}"
                    return f"{where}, {column}: {_quoted(cell)} is not a number."
    return None


def _records(path: str, reader: Any) -> Iterator[list[str]]:
    """The lines of a CSV file, or where it stops being one."""
    try:
        yield from reader
    except csv.Error as error:
        raise TableError(f"{path}, line {reader.line_num}: not a table ({error}).") from None


def _quoted(text: str) -> str:
    """A name or a cell in a message: on one line, and not without end."""
    return repr(_shortened(text, _QUOTED))


def _listed(names: Sequence[str]) -> str:
    """Names in a message, the first of them where there are many."""
    if not names:
        return "none"
    more = f", and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"[{', '.join(map(_quoted, names[:_LISTED]))}{more}]"


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}..."


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _write_csv(file: TextIO, values: NDArray[np.float64], names: Iterable[str]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(map(repr, row) for row in values.tolist())
