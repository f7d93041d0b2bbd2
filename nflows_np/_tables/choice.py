"""Which columns of a file are meant, in which order, and what is known of them before they are read."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nflows_np.columns.kinds import Drop, Kind

from .errors import TableError, listed, quoted


class Wanted(NamedTuple):
    """A column to read.

    Parameters
    ----------
    at : int or None
        Its position in the file; None for one that is dropped and not there.
    name : str or None
        What to call it.
    kind : Kind or None
        What it is, where that is known.
    """

    at: int | None
    name: str | None
    kind: Kind | None


Names = tuple[str, ...] | None
Choose = Callable[[str, Names, int], list[Wanted]]
"""The columns to read from a file of this path, these names (or none) and so many columns."""


def all_columns(path: str, names: Names, n: int) -> list[Wanted]:
    """All columns, as the file has them."""
    return [Wanted(j, None if names is None else names[j], None) for j in range(n)]


def for_fit(use: str | None, kinds: Mapping[str, Kind]) -> Choose:
    """The columns that a fit is asked to use.

    Parameters
    ----------
    use : str or None
        Names or positions with commas between, quoted as in CSV where a name has one; None for all columns.
    kinds : mapping of str to Kind
        What columns are, by their names or positions.
    """

    def choose(path: str, names: Names, n: int) -> list[Wanted]:
        given: dict[int, Kind] = {}
        for key, kind in kinds.items():
            j = _place(key, "--columns", path, names, n)
            if j in given:
                raise TableError(f"--columns: {quoted(key)} is a column that another key has named already.")
            given[j] = kind
        at = list(range(n))
        if use is not None:
            whole = names is not None and use in names
            keys = [use] if whole else next(csv.reader([use], skipinitialspace=True), [])
            at = [_place(key, "--use", path, names, n) for key in keys]
            if not at or len(set(at)) < len(at):
                raise TableError(f"--use: {quoted(use)} names {'a column twice' if at else 'no column'}.")
        return [Wanted(j, None if names is None else names[j], given.get(j)) for j in at]

    return choose


def _place(key: str, option: str, path: str, names: Names, n: int) -> int:
    """The position of a column that an option names."""
    if names is not None and key in names:
        return names.index(key)
    if key.isascii() and key.isdigit():
        if int(key) < n:
            return int(key)
        raise TableError(f"{option}: {quoted(key)} is no position among the {n} columns of {path}, from 0.")
    there = "which has no names: give positions, from 0" if names is None else f"which are {listed(names)}"
    raise TableError(f"{option}: {quoted(key)} is none of the columns of {path}, {there}.")


def matching(names: Sequence[str] | None, kinds: Sequence[Kind | None]) -> Choose:
    """The columns of a model or of another table: by name where both sides have names, else by position.

    Parameters
    ----------
    names : sequence of str or None
        Of the columns that are looked for. Others are ignored, and so is the order.
    kinds : sequence of Kind or None
        What each of them is. One that is dropped need not be there.
    """
    own = None if names is None else tuple(names)

    def choose(path: str, found: Names, n: int) -> list[Wanted]:
        used = [j for j, kind in enumerate(kinds) if not isinstance(kind, Drop)]
        if own is None or found is None:
            at: list[int | None] = list(range(n))
            if n == len(used) < len(kinds):
                at = [used.index(j) if j in used else None for j in range(len(kinds))]
            if len(at) != len(kinds):  # the estimator says so
                return all_columns(path, found, n)
            called = own or found
            return [Wanted(j, None if called is None else called[i], kinds[i]) for i, j in enumerate(at)]
        missing = [own[j] for j in used if own[j] not in found]
        if missing:
            unknown = [name for name in found if name not in own]
            raise TableError(
                f"{path}: its columns are not the model's: missing {listed(missing)}, unknown {listed(unknown)}."
            )
        return [
            Wanted(found.index(name) if name in found else None, name, kind)
            for name, kind in zip(own, kinds, strict=True)
        ]

    return choose


def selected(values: NDArray[Any], wanted: Sequence[Wanted]) -> NDArray[Any]:
    """The columns of an array, which is not copied where it has them all in their order."""
    at = [one.at for one in wanted if one.at is not None]
    if len(at) == len(wanted):
        return values if at == list(range(values.shape[1])) else values[:, at]
    out = np.zeros((len(values), len(wanted)))
    out[:, [place for place, one in enumerate(wanted) if one.at is not None]] = values[:, at]
    return out
