"""How the columns of a table stand in a flow: their scaling, and which have distributions of their own.

Integers, ranks, categories, atoms and left-out cells are conditionals (specs/autoregressive.py). Where cells may be
left out every column is one: no layer may mix a column that is not there with others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nflows_np.columns import ColumnScaler
from nflows_np.columns.kinds import Kind, Periodic
from nflows_np.columns.links import ATOMS, IDENTITY, Links
from nflows_np.columns.table import TableColumns
from nflows_np.specs import Atoms, Category, Cells, Circle, Conditional
from nflows_np.training_state import Rows

NARROW = 0.01
"""Steps narrower than this part of a column's spread are taken for a density, times their width: a spline cannot bend
within them (csrc/conditionals/cells.cpp), and the middle of a cell says what its mean density is to 1e-4."""

SMOOTHED = 0.01
"""The share of the rows that all categories, or atoms and what is none, are taken to divide evenly at the start."""


class Plan(NamedTuple):
    """How the columns of a table stand in a flow."""

    conditionals: dict[int, Conditional]
    circular: tuple[int, ...]

    @property
    def is_plain(self) -> bool:
        """Whether all columns are plain numbers."""
        return not self.conditionals and not self.circular


def scaling_of(
    table: TableColumns,
    rows: Rows,
    feature_names: Sequence[str | int] | None,
    angles: Sequence[int] = (),
    told: Sequence[int] = (),
) -> tuple[ColumnScaler, Plan]:
    """The scaling of a table of several kinds of columns, and how they stand in a flow.

    `angles` are columns that a flow of the user's own names as circular; `told`, those that the user has been told of.
    """
    kinds, gaps = table.own, table.own_gaps
    in_order = any(gaps)
    coded = [j for j, kind in enumerate(kinds) if kind.levels is not None and not kind.step]
    circular = [j for j, kind in enumerate(kinds) if isinstance(kind, Periodic)]
    steps = np.array([kind.step for kind in kinds], dtype=np.float64)
    gappy = [j for j, kind in enumerate(kinds) if gaps[j] or kind.atoms]

    def fitted(links: Links | None, narrow: Sequence[int]) -> ColumnScaler:
        """A step that is taken for a density is no step behind its link, and still no plain number."""
        return ColumnScaler.fit(
            rows.X,
            rows.index,
            sample_weight=rows.weights,
            feature_names=feature_names,
            as_they_are=sorted({*circular, *angles}),
            links=links,
            steps=np.where(np.isin(np.arange(len(kinds)), narrow), 0.0, steps),
            coded=coded,
            gaps=[*gappy, *narrow],
            told=[*told, *narrow],
        )

    codes = [link_of(kind, False) for kind in kinds]
    scaler = fitted(_links(codes), [])
    narrow = [
        bool(kind.step) and (kind.dequantize or kind.step < NARROW * scaler.scale[j])
        for j, kind in enumerate(kinds)
    ]
    if any(narrow):
        codes = [link_of(kind, narrow[j]) for j, kind in enumerate(kinds)]
        scaler = fitted(_links(codes), np.flatnonzero(narrow).tolist())
    apart = np.zeros(len(kinds), dtype=np.int64)
    own = np.zeros(len(kinds))
    for j, kind in enumerate(kinds):
        counted = j in coded or (bool(kind.step) and not narrow[j])
        apart[j] = ATOMS if kind.atoms else int(counted or gaps[j])
        if not counted:
            own[j] = (-np.log(scaler.scale[j]) if apart[j] else 0.0) + (
                np.log(kind.step) if narrow[j] else 0.0
            )
    if apart.any() or own.any():
        links = scaler.links or Links.of({}, len(kinds))
        scaler = replace(scaler, links=replace(links, own=own, apart=apart))
    if not apart.any() and not in_order:
        return scaler, Plan({}, tuple(circular))
    conditionals: dict[int, Conditional] = {}
    for j, kind in enumerate(kinds):
        conditional = _conditional(kind, narrow[j], gaps[j], scaler, j, rows, in_order)
        if conditional is not None:
            conditionals[j] = conditional
    return scaler, Plan(conditionals, ())


def link_of(kind: Kind, narrow: bool) -> tuple[int, float, float]:
    """The elementary map of a column. Steps that are taken for a density end half a step beyond the bounds."""
    if kind.step and narrow:
        low, high = kind.ends
        half = 0.5 * kind.step
        return Kind.link_between(None if low is None else low - half, None if high is None else high + half)
    return kind.link


def _links(codes: Sequence[tuple[int, float, float]]) -> Links | None:
    if all(code == IDENTITY for code, _, _ in codes):
        return None
    return Links.of(dict(enumerate(codes)), len(codes))


def _conditional(
    kind: Kind, narrow: bool, gaps: bool, scaler: ColumnScaler, j: int, rows: Rows, in_order: bool
) -> Conditional | None:
    """The distribution of a column in its own right; None of a plain number that may be mixed with others."""
    if isinstance(kind, Periodic):
        return Circle(missing=gaps)
    if kind.levels is not None and not kind.step:
        return Category(_shares(rows, j, len(kind.levels)))
    if kind.step and not narrow:
        low, high = kind.ends
        ends: dict[str, Any] = {
            name: (end - scaler.loc[j]) / scaler.scale[j]
            for name, end in (("low", low), ("high", high))
            if end is not None
        }
        return Cells(kind.step / scaler.scale[j], missing=gaps, **ends)
    if kind.atoms or gaps or in_order:
        low, high = _atom_shares(kind, rows, j)
        return Atoms(low_share=low, high_share=high, missing=gaps)
    return None


def _present(rows: Rows, j: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The cells of a column that are there, and the weights of their rows."""
    x = np.asarray(rows.X[rows.index, j], dtype=np.float64)
    weights = (
        np.ones(len(x))
        if rows.weights is None
        else rows.weights[rows.index] / rows.weights[rows.index].mean()
    )
    there = ~np.isnan(x)
    return x[there], weights[there]


def _shares(rows: Rows, j: int, n_levels: int) -> tuple[float, ...]:
    codes, weights = _present(rows, j)
    counts = np.bincount(codes.astype(int), weights, n_levels)
    return tuple(smoothed(counts / max(counts.sum(), 1e-300), n_levels).tolist())


def smoothed(shares: NDArray[Any], n: int) -> NDArray[Any]:
    """Shares of n parts, none of which is nothing."""
    return (1.0 - SMOOTHED) * shares + SMOOTHED / n


def _atom_shares(kind: Kind, rows: Rows, j: int) -> tuple[float, float]:
    x, weights = _present(rows, j)
    total = max(float(weights.sum()), 1e-300)
    low = smoothed(weights[x == kind.low].sum() / total, 3) if kind.low_atom else 0.0
    high = smoothed(weights[x == kind.high].sum() / total, 3) if kind.high_atom else 0.0
    return float(low), float(high)
