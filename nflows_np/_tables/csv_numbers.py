"""CSV files: their text, their header, and the rows of those that hold numbers alone."""

from __future__ import annotations

import csv
import gzip
import io
import sys
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from .errors import TableError, column_name, quoted

DELIMITERS = (",", ";", "\t")


class NotNumbers(TableError):
    """A cell of a CSV file is not a number."""


@dataclass(frozen=True)
class CsvFile:
    """A CSV file, compressed with gzip where its name ends in .gz, or the standard input where it is "-".

    Parameters
    ----------
    path : str
    sep : str or None
        What is between cells; None for that of `DELIMITERS` of which the first line has most.
    """

    path: str
    sep: str | None = None

    @property
    def label(self) -> str:
        """What to call it in a message."""
        return "standard input" if self.path == "-" else self.path

    def open(self) -> TextIO:
        """Its text from the beginning."""
        if self.path == "-":
            return io.TextIOWrapper(io.BytesIO(self._standard_input), "utf-8-sig", newline="")
        if self.path.lower().endswith(".gz"):
            return gzip.open(self.path, "rt", encoding="utf-8-sig", newline="")
        return open(self.path, encoding="utf-8-sig", newline="")

    @cached_property
    def _standard_input(self) -> bytes:
        raw = getattr(sys.stdin, "buffer", None)
        return sys.stdin.read().encode() if raw is None else raw.read()

    @contextmanager
    def faults(self) -> Iterator[None]:
        """A TableError for what is no text, no gzip file or no CSV."""
        try:
            yield
        except csv.Error as error:
            raise TableError(f"{self.label}: not a table ({error}).") from None
        except UnicodeDecodeError as error:
            raise TableError(f"{self.label}: not a text file ({error}).") from None
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise TableError(f"{self.label}: not a gzip file ({error}).") from None

    @cached_property
    def first_line(self) -> str:
        with self.faults(), self.open() as file:
            return file.readline()

    @cached_property
    def delimiter(self) -> str:
        return self.sep or max(DELIMITERS, key=self.first_line.count)

    @cached_property
    def first(self) -> list[str]:
        """The cells of the first line."""
        with self.faults():
            cells = next(csv.reader([self.first_line], delimiter=self.delimiter), [])
        if not cells:
            raise TableError(f"{self.label}: empty.")
        return cells

    @cached_property
    def names(self) -> tuple[str, ...] | None:
        """The names of its columns: its first line, unless all of that are numbers and empty cells.

        An empty cell before numbers is a header still: that of an index, where columns are numbered.
        """
        cells = self.first
        numbers = [is_number(cell) for cell in cells]
        rest = [known for known, cell in zip(numbers, cells, strict=True) if cell.strip()]
        index = not cells[0].strip() and all(numbers[1:])
        if all(numbers) or (rest and all(rest) and not index):
            return None
        names = tuple(cell.strip() for cell in cells)
        if len(set(names)) < len(names):
            raise TableError(f"{self.label}: two columns of its header have the same name.")
        return names

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """The number of its line and the cells of every row, or where it stops being a table."""
        names, n_columns = self.names, len(self.first)
        with self.faults(), self.open() as file:
            reader = csv.reader(file, delimiter=self.delimiter)
            for number, cells in enumerate(self._lines(reader)):
                if not cells or (number == 0 and names is not None):
                    continue
                if len(cells) != n_columns:
                    raise TableError(
                        f"{self.label}, line {reader.line_num}: {len(cells)} columns, where the first line has "
                        f"{n_columns}."
                    )
                yield reader.line_num, cells

    def _lines(self, reader: Any) -> Iterator[list[str]]:
        try:
            yield from reader
        except csv.Error as error:
            raise TableError(f"{self.label}, line {reader.line_num}: not a table ({error}).") from None

    def numbers(self) -> NDArray[np.float64]:
        """Its rows, where all cells are numbers.

        Raises
        ------
        NotNumbers
            If a cell is none.
        TableError
            If it is no table.
        """
        names, n_columns = self.names, len(self.first)
        try:
            with self.faults(), self.open() as file:
                if names is not None:
                    file.readline()
                with warnings.catch_warnings():
                    warnings.filterwarnings("ignore", "loadtxt: input contained no data")  # said below
                    values = np.loadtxt(file, delimiter=self.delimiter, ndmin=2, comments=None, quotechar='"')
        except ValueError as error:
            if isinstance(error, TableError):
                raise
            self._say_first_fault(names)
            raise TableError(f"{self.label}: {error}") from None
        if not len(values):
            raise TableError(f"{self.label}: a header and no rows.")
        if values.shape[1] != n_columns:
            raise TableError(
                f"{self.label}: {n_columns} columns in the first line and {values.shape[1]} below."
            )
        return values

    def _say_first_fault(self, names: Sequence[str] | None) -> None:
        """Raise an error for where it stops being a table of numbers."""
        for line, cells in self.records():
            for j, cell in enumerate(cells):
                if not is_number(cell):
                    where = f"{self.label}, line {line}, {column_name(j, names)}"
                    raise NotNumbers(f"{where}: {quoted(cell)} is not a number.") from None


def is_number(cell: str) -> bool:
    """Whether a cell is one."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell
