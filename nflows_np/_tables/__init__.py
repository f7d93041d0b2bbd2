"""Tables in files, for the command line.

arrays.py         NPY and NPZ
csv_numbers.py    CSV that is all numbers, which needs NumPy alone
csv_cells.py      CSV with texts or empty cells, column by column
frames.py         pandas or polars, whichever is there: frames of cells, Parquet and Feather
choice.py         which columns of a file are meant
reading.py        all of these by the name of a file
writing.py        the way back
"""

from __future__ import annotations

from .choice import for_fit, matching
from .errors import TableError
from .reading import Table, read_table
from .writing import check_output, holds_numbers_only, write_table

__all__ = [
    "Table",
    "TableError",
    "check_output",
    "for_fit",
    "holds_numbers_only",
    "matching",
    "read_table",
    "write_table",
]
