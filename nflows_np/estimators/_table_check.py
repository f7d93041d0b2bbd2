"""Whether what a file says of a table's columns fits its flow and its maps: a file is not believed."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from nflows_np.columns import ColumnScaler
from nflows_np.columns.kinds import Datetime, Drop, Kind, Periodic
from nflows_np.columns.links import IDENTITY
from nflows_np.columns.table import TableColumns, frame_for
from nflows_np.estimators._plan import NARROW, link_of
from nflows_np.specs import Atoms, Category, Cells, Circle, Conditional, Flow
from nflows_np.specs.cells import FARTHEST

_TIMES = re.compile(r"date|time|duration", re.IGNORECASE)
_NUMBERS = re.compile(r"[<>|=][iuf]\d+|(arrow )?(u?int\d+|float\d*|double|halffloat)", re.IGNORECASE)


def check_table(
    table: TableColumns, flow: Flow, scaler: ColumnScaler, feature_names: Sequence[str] | None
) -> None:
    """Raise ValueError where kinds, conditionals, maps or names of a file are at odds.

    Parameters
    ----------
    table : TableColumns
    flow : Flow
        Resolved.
    scaler : ColumnScaler
    feature_names : sequence of str, optional
    """
    if (
        table.frame.names is not None
        and feature_names is not None
        and tuple(table.frame.names) != tuple(feature_names)
    ):
        raise ValueError("table.frame has other names than feature_names")
    found = flow.conditionals(len(table.used))
    in_order = any(table.gaps)
    for place, (j, kind) in enumerate(zip(table.used, table.own, strict=True)):
        own = found.get(place)
        narrow = kind.step > 0.0 and not isinstance(own, Cells)  # too narrow for cells of its own
        if (
            narrow
            and kind.ends == (None, None)
            and not kind.dequantize
            and kind.step >= NARROW * scaler.scale[place]
        ):
            raise ValueError(
                f"table: column {j} is {kind}, whose steps are wide, and has no cells in the flow"
            )
        if not _fits(kind, narrow, table.gaps[j], in_order, own) or not _ends_fit(kind, own, scaler, place):
            raise ValueError(f"table: column {j} is {kind}, and its distribution in the flow is {own!r}")
        links = scaler.links
        link = (IDENTITY, -np.inf, np.inf) if links is None else links.column(place)
        if link != link_of(kind, narrow):
            raise ValueError(f"table: column {j} is {kind}, and its map is another kind's")
        if not _dtype_fits(table.frame.dtypes[j], kind):
            raise ValueError(f"table: column {j} is {kind}, and of dtype {table.frame.dtypes[j]}")
    if frame_for(table.frame, table.kinds) != table.frame:
        raise ValueError("table: a dtype cannot hold what its column's kind is")
    if any(isinstance(kind, Drop) and gap for kind, gap in zip(table.kinds, table.gaps, strict=True)):
        raise ValueError("table: a dropped column has left-out cells")


def _dtype_fits(text: str, kind: Kind) -> bool:
    """Whether times are times, and texts no numbers."""
    if bool(_TIMES.search(text)) != isinstance(kind, Datetime):
        return False
    of_numbers = bool(_NUMBERS.fullmatch(text))
    return not of_numbers or kind.levels is None or all(type(level) in (int, float) for level in kind.levels)


def _ends_fit(kind: Kind, own: Conditional | None, scaler: ColumnScaler, place: int) -> bool:
    """Whether cells end where the kind does."""
    if not isinstance(own, Cells):
        return True
    low, high = kind.ends
    loc, scale = scaler.loc[place], scaler.scale[place]
    ends = ((own.low, -FARTHEST, low), (own.high, FARTHEST, high))
    return all(found == (none if end is None else (end - loc) / scale) for found, none, end in ends)


def _fits(kind: Kind, narrow: bool, gaps: bool, in_order: bool, own: Conditional | None) -> bool:
    """Whether a column of a kind can have such a distribution in a flow."""
    if isinstance(kind, Periodic):
        return isinstance(own, Circle) or (own is None and not gaps)
    if kind.levels is not None and not kind.step:
        return isinstance(own, Category) and len(own.shares) == len(kind.levels)
    if isinstance(own, Cells) or (kind.step and not narrow):
        return isinstance(own, Cells) and kind.step > 0.0 and not narrow
    if isinstance(own, Atoms):
        atoms = (own.low_share > 0.0) == kind.low_atom and (own.high_share > 0.0) == kind.high_atom
        return atoms and (bool(kind.atoms) or gaps or in_order)
    return own is None and not (gaps or in_order or kind.atoms)
