"""Keys of a mapping of columns: names, positions, tuples of them, selectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

from nflows_np._messages import shown

from .kinds import Kind


def named(j: int, names: Sequence[str | int] | None) -> str:
    """What to call a column in a message; names are texts, or positions in the user's table."""
    return f"column {key_of(j, names)}" if names is None or isinstance(names[j], int) else key_of(j, names)


def key_of(j: int, names: Sequence[str | int] | None) -> str:
    """The key of a column in a mapping to paste."""
    return str(j) if names is None else repr(names[j] if isinstance(names[j], int) else str(names[j]))


def kinds_by_position(
    columns: Any, X: Any, names: Sequence[str] | None, n_features: int
) -> list[Kind | None]:
    """The kind that is given for each column of a table; None where none is.

    Parameters
    ----------
    columns : Kind or mapping
        One kind for all columns, or kinds by key.
    X : array or frame
        The table, which selectors are asked about.
    names : sequence of str or None
        Its columns' names, if they are all strings.
    n_features : int
        How many columns it has.

    Raises
    ------
    ValueError
        If a key is not of this table, two keys claim one column, or what stands behind a key is no kind.
    """
    if isinstance(columns, Kind):
        return [columns] * n_features
    found: list[Kind | None] = [None] * n_features
    keys: list[Any] = [None] * n_features
    for key, kind in columns.items():
        if not isinstance(kind, Kind):
            hint = f" (a class: write {kind.__name__}())" if isinstance(kind, type) else ""
            raise ValueError(
                f"columns: {shown(key)} must have a kind of nflows_np.columns; got {shown(kind)}{hint}."
            )
        for j in _places(key, X, names, n_features):
            if found[j] is not None:
                raise ValueError(
                    f"columns: {named(j, names)} is claimed by two keys, {shown(keys[j])} and {shown(key)}."
                )
            found[j], keys[j] = kind, key
    return found


def _places(key: Any, X: Any, names: Sequence[str] | None, n_features: int) -> list[int]:
    """The columns that a key stands for."""
    if callable(key):
        if names is None:
            raise ValueError("columns: a selector chooses columns of a frame, and the table is none.")
        return [j for one in key(X) for j in _places(one, X, names, n_features)]
    if isinstance(key, tuple):
        return [j for one in key for j in _places(one, X, names, n_features)]
    if isinstance(key, str):
        if names is None:
            raise ValueError(
                f"columns: {key!r} is a name, and the table's columns have none: give their positions."
            )
        if key not in names:
            raise ValueError(f"columns: {key!r} is none of the table's columns, {shown(list(names))}.")
        places = [j for j, name in enumerate(names) if name == key]
        if len(places) > 1:
            raise ValueError(f"columns: {key!r} is the name of {len(places)} columns: give their positions.")
        return places
    if isinstance(key, Integral) and not isinstance(key, bool):
        place = int(key)
        if not -n_features <= place < n_features:
            raise ValueError(f"columns: {key} is no position among {n_features} columns.")
        return [place % n_features]
    raise ValueError(
        "columns: keys are names, positions, tuples of them or selectors such as make_column_selector; "
        f"got {shown(key)}."
    )


def check_columns(value: Any) -> None:
    """Raise ValueError unless a parameter `columns` is of a type that can be."""
    if isinstance(value, (Kind, Mapping)) or value in ("from_dtype", "auto"):
        return
    hint = f" (a class: write {value.__name__}())" if isinstance(value, type) else ""
    raise ValueError(
        "columns must be 'from_dtype', 'auto', a kind of nflows_np.columns, or a mapping of columns to kinds; got "
        f"{shown(value)}{hint}."
    )
