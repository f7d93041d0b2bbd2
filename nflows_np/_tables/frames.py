"""Frames of pandas or polars, whichever is there: made of cells, read from Parquet and Feather, and written."""

from __future__ import annotations

import importlib
import io
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from .choice import Wanted
from .csv_cells import Cells
from .errors import TableError, foreign_bytes

BINARY = (".parquet", ".feather")

_INDEX = "__index_level_0__"
"""What Parquet files of pandas call an index that is a column."""


def module(name: str) -> ModuleType | None:
    """A module that may not be there."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def is_pandas(frame: Any) -> bool:
    """Whether a frame is one of pandas."""
    return hasattr(frame, "iloc")


def frame_of(names: Sequence[str] | None, columns: Sequence[Cells], needed: str) -> Any:
    """A frame of some columns, with texts as texts and None or NaN for what is left out.

    Parameters
    ----------
    names : sequence of str or None
    columns : sequence of Cells
    needed : str
        What a frame is needed for: the message where neither pandas nor polars is there.
    """
    pd, pl = module("pandas"), module("polars")
    if pd is not None:
        frame = pd.DataFrame({j: _pandas_series(pd, cells) for j, cells in enumerate(columns)})
        frame.columns = pd.RangeIndex(len(columns)) if names is None else list(names)
        return frame
    if pl is not None:
        names = numbered(len(columns)) if names is None else names
        return pl.DataFrame([_polars_series(pl, name, one) for name, one in zip(names, columns, strict=True)])
    raise TableError(
        f"{needed}, and texts and empty cells need pandas or polars: python -m pip install pandas"
    )


def numbered(n: int) -> list[str]:
    """Names for columns without."""
    return [f"x{j}" for j in range(n)]


def _pandas_series(pd: Any, cells: Cells) -> Any:
    values, missing = cells.values, cells.missing
    if values.dtype == np.int64 and missing.any():
        return pd.Series(pd.arrays.IntegerArray(values, missing))
    if values.dtype == object and missing.any() and all(isinstance(v, bool) for v in values[~missing]):
        return pd.Series(values.tolist(), dtype="object" if missing.all() else "boolean")
    return pd.Series(values.tolist() if values.dtype == object else values)


def _polars_series(pl: Any, name: str, cells: Cells) -> Any:
    values, missing = cells.values, cells.missing
    if values.dtype.kind == "M" or not missing.any():
        return pl.Series(name, values.tolist() if values.dtype == object else values)
    listed = [None if gone else v for v, gone in zip(values.tolist(), missing, strict=True)]
    dtype = {"i": pl.Int64, "f": pl.Float64}.get(values.dtype.kind, pl.String if missing.all() else None)
    return pl.Series(name, listed, dtype=dtype)


def library(path: str) -> tuple[str, Any]:
    """The library that reads and writes Parquet and Feather here, by name and as a module.

    Raises
    ------
    TableError
        If there is none, with what to install.
    """
    pd, pl = module("pandas"), module("polars")
    if pd is not None and module("pyarrow") is not None:
        return "pandas", pd
    if pl is not None:
        return "polars", pl
    raise TableError(
        f"{path}: Parquet and Feather need pandas with pyarrow, or polars: python -m pip install pandas pyarrow"
    )


def read_frame(path: str, ending: str) -> Any:
    """The frame of a Parquet or Feather file, without a written index."""
    name, lib = library(path)
    with open(path, "rb") as file:
        content = io.BytesIO(file.read())  # not mapped: the file may be written in place later
    with foreign_bytes(path, f"not a {ending[1:].capitalize()} file of a table"):
        if name == "pandas":
            return lib.read_parquet(content) if ending == ".parquet" else lib.read_feather(content)
        frame = lib.read_parquet(content) if ending == ".parquet" else lib.read_ipc(content)
        return frame.drop(_INDEX) if _INDEX in frame.columns else frame


def names_of(frame: Any) -> tuple[str, ...] | None:
    """The names of a frame's columns, if all of them are texts."""
    names = tuple(frame.columns)
    return names if all(isinstance(name, str) for name in names) else None


def selected_frame(frame: Any, wanted: Sequence[Wanted]) -> Any:
    """The columns of a frame that are meant, under their names; zeros for those that are dropped and not there."""
    if is_pandas(frame):
        pd = importlib.import_module("pandas")
        zeros = pd.Series(0.0, index=frame.index)
        columns = [zeros if one.at is None else frame.iloc[:, one.at] for one in wanted]
        out = pd.concat(columns, axis=1) if columns else frame.iloc[:, :0]
        names = [one.name for one in wanted]
        out.columns = pd.RangeIndex(len(names)) if None in names else names
        return out
    pl: Any = importlib.import_module("polars")
    return pl.DataFrame(
        [
            (pl.zeros(len(frame), eager=True) if one.at is None else frame.to_series(one.at)).alias(
                one.name or f"x{j}"
            )
            for j, one in enumerate(wanted)
        ]
    )


def write_frame(path: str, ending: str, frame: Any) -> None:
    """Write a frame of pandas or polars to a Parquet or Feather file."""
    if is_pandas(frame):
        frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
        with open(path, "wb") as file:
            if ending == ".parquet":
                frame.to_parquet(file, index=False)
            else:
                frame.to_feather(file)
        return
    with open(path, "wb") as file:
        if ending == ".parquet":
            frame.write_parquet(file)
        else:
            pl: Any = importlib.import_module("polars")
            frame.write_ipc(file, compat_level=pl.CompatLevel.oldest())
