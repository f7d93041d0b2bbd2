"""Tables to files, by the ending of a file's name. No digit is lost."""

from __future__ import annotations

import csv
import gzip
import os
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from .csv_cells import Cells
from .errors import TableError
from .frames import BINARY, frame_of, is_pandas, library, numbered, write_frame

TEXT = {"": ",", ".csv": ",", ".txt": ",", ".tsv": "\t"}
"""Endings of CSV files, and what is between their cells."""

ARRAYS = (".npy", ".npz")


def _ending(path: str) -> tuple[str, bool]:
    """The ending of a name in small letters, and whether .gz comes after it."""
    name = Path(path)
    compressed = name.suffix.lower() == ".gz"
    return Path(name.stem if compressed else name.name).suffix.lower(), compressed


def check_output(path: str | None) -> None:
    """Refuse an output that could not be written, before any work.

    Parameters
    ----------
    path : str or None
        Where to; None and "-" are the standard output.

    Raises
    ------
    TableError
        If there is nothing that writes files of this ending.
    OSError
        If it is a folder, or in one that is not there.
    """
    if path is None or path == "-":
        return
    if not path or os.path.isdir(path):
        raise OSError(f"{path!r} is not the name of a file that could be written.")
    ending, compressed = _ending(path)
    if ending not in TEXT and (compressed or ending not in (*ARRAYS, *BINARY)):
        can = ", ".join([*filter(None, TEXT), *ARRAYS, *BINARY])
        unknown = ending + (".gz" if compressed else "")
        raise TableError(
            f"{path}: no table is written as {unknown}. Endings that can be: {can}; the first three also with .gz."
        )
    if ending in BINARY:
        library(path)
    folder = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(folder):
        raise OSError(f"{path}: there is no folder {folder}.")


def holds_numbers_only(path: str | None) -> bool:
    """Whether a file has no place for texts."""
    return path is not None and _ending(path)[0] in ARRAYS


def write_table(
    path: str | None, table: Any, names: Sequence[str] | None = None, whole: Collection[int] = ()
) -> None:
    """Write rows to a file, or as CSV to the standard output.

    Parameters
    ----------
    path : str or None
        A ``.npy``, ``.npz`` (as ``X``), ``.parquet`` or ``.feather`` file, or CSV; None and "-" are the standard
        output.
    table : ndarray or frame of shape (n_rows, n_columns)
        An array for NPY and NPZ.
    names : sequence of str, optional
        Of an array's columns, and of a frame's that has none.
    whole : collection of int
        The columns of an array that hold whole numbers, which are written without a point.
    """
    if path is None or path == "-":
        _write_csv(sys.stdout, table, names, whole, ",")
        return
    ending, compressed = _ending(path)
    if ending in BINARY:
        write_frame(path, ending, _framed(table, names, whole))
    elif ending == ".npy":
        with open(path, "wb") as file:  # NumPy would add an ending to "X.NPY"
            np.save(file, table)
    elif ending == ".npz":
        with open(path, "wb") as file:
            np.savez(file, X=table)
    else:
        text: TextIO
        opened = gzip.open(path, "wt", encoding="utf-8", newline="") if compressed else None
        with opened or open(path, "w", encoding="utf-8", newline="") as text:
            _write_csv(text, table, names, whole, TEXT[ending])


def _write_csv(
    file: TextIO, table: Any, names: Sequence[str] | None, whole: Collection[int], delimiter: str
) -> None:
    if not isinstance(table, np.ndarray):
        table = _named(table, names)
        if is_pandas(table):
            table.to_csv(file, index=False, sep=delimiter, lineterminator="\n")
        else:
            file.write(table.write_csv(separator=delimiter))
        return
    writer = csv.writer(file, lineterminator="\n", delimiter=delimiter)
    writer.writerow(numbered(table.shape[1]) if names is None else names)
    if not whole and not np.isnan(table).any():
        writer.writerows(map(repr, row) for row in table.tolist())
        return
    columns = [
        ["" if x != x else repr(int(x) if j in whole else x) for x in column]
        for j, column in enumerate(table.T.tolist())
    ]
    writer.writerows(zip(*columns, strict=True))


def _named(frame: Any, names: Sequence[str] | None) -> Any:
    """A frame whose columns have names."""
    if not is_pandas(frame) or all(isinstance(name, str) for name in frame.columns):
        return frame
    return frame.set_axis(list(names or numbered(len(frame.columns))), axis=1)


def _framed(table: Any, names: Sequence[str] | None, whole: Collection[int]) -> Any:
    """An array as a frame."""
    if not isinstance(table, np.ndarray):
        return _named(table, names)
    columns = [_cells(column, j in whole) for j, column in enumerate(np.asarray(table, np.float64).T)]
    return frame_of(numbered(table.shape[1]) if names is None else names, columns, "")


def _cells(column: NDArray[np.float64], whole: bool) -> Cells:
    missing = np.isnan(column)
    values: NDArray[Any] = np.where(missing, 0.0, column).astype(np.int64) if whole else column
    return Cells(values, missing, None)
