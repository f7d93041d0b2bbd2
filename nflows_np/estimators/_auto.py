"""What "auto" stands for: the one place where a table's shape becomes layers, widths, batches and validation.

The rules are measured, not derived: for the "maf" preset they did best on held-out rows of nine tables of 440 to
18,000 rows and 2 to 16 columns; those of splines, on seven of 4,500 to 226,000 rows and 6 to 36 columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nflows_np._messages import shown
from nflows_np.presets import preset
from nflows_np.specs import (
    Base,
    DiagonalNormal,
    Flow,
    FullNormal,
    GaussianMixture,
    StandardNormal,
    StudentT,
)
from nflows_np.specs._checks import MAX_HIDDEN_LAYERS, MAX_HIDDEN_UNITS, is_integer

# The bases that have a name: those of the whole line, which suit every preset as they are.
_NAMED = (StandardNormal, DiagonalNormal, FullNormal, GaussianMixture, StudentT)
BASES: dict[str, type[Base]] = {cls.name: cls for cls in _NAMED}

# Parameters of those presets that have splines.
SPLINE = ("n_bins", "tail_bound")

# Validation rows below which their mean says too little to stop by.
MIN_VALIDATION_ROWS = 10


@dataclass(frozen=True)
class Choice:
    """What an estimator's parameters mean for a table of n rows and d columns."""

    flow: Flow
    n_layers: int
    hidden_units: tuple[int, ...]
    batch_size: int
    alpha: float
    early_stopping: bool


def choose(params: Mapping[str, Any], n_rows: int, n_features: int) -> Choice:
    """Resolve an estimator's parameters for a table.

    Parameters
    ----------
    params : mapping
        ``flow``, ``base``, ``n_layers``, ``hidden_units``, ``activation``, ``n_bins``, ``tail_bound``,
        ``batch_size``, ``alpha``, ``early_stopping`` and ``validation_fraction``, as the estimator has them.
    n_rows, n_features : int
        The table: rows of positive weight, and columns.

    Returns
    -------
    Choice

    Raises
    ------
    ValueError
        If a parameter of the flow is given together with a flow that says its own, or has no such thing.
    """
    flow, n_layers, hidden_units = params["flow"], params["n_layers"], params["hidden_units"]
    batch_size, alpha, early_stopping = params["batch_size"], params["alpha"], params["early_stopping"]
    if batch_size == "auto":
        batch_size = auto_batch_size(n_rows)
    if alpha == "auto":
        alpha = auto_alpha(n_rows, n_features)
    if early_stopping == "auto":
        early_stopping = n_rows * params["validation_fraction"] >= MIN_VALIDATION_ROWS
    training = int(batch_size), float(alpha), bool(early_stopping)
    if isinstance(flow, Flow):
        for name in ("n_layers", "hidden_units", *SPLINE):
            if not isinstance(params[name], str):
                raise ValueError(
                    f"{name}={params[name]!r} has no meaning with a Flow, whose layers say their own."
                )
        return Choice(_with_base(flow, params["base"]), len(flow.bijections), (), *training)
    if flow == "auto":
        flow = auto_preset(n_rows)
    n_layers = auto_n_layers(flow, n_rows) if n_layers == "auto" else int(n_layers)
    hidden_units = auto_hidden_units(n_rows) if isinstance(hidden_units, str) else as_widths(hidden_units)
    widths = checked_widths(hidden_units)  # presets without networks do not look at them
    spline = {name: params[name] for name in SPLINE if not isinstance(params[name], str)}
    if flow in ("nsf", "nsf_ar"):
        spline = {"n_bins": auto_n_bins(n_rows), **spline}
    spec = preset(
        flow, n_layers=n_layers, hidden_units=hidden_units, activation=params["activation"], **spline
    )
    return Choice(_with_base(spec, params["base"]), n_layers, widths, *training)


def _with_base(flow: Flow, base: str | Base) -> Flow:
    """The flow on another base; "auto" is its own."""
    if isinstance(base, Base):
        return replace(flow, base=base)
    return flow if base == "auto" else replace(flow, base=BASES[base]())


def as_widths(hidden_units: int | Sequence[int]) -> tuple[int, ...]:
    """One width, or one for every hidden layer, as a tuple."""
    return tuple(hidden_units) if isinstance(hidden_units, Iterable) else (hidden_units,)


def checked_widths(hidden_units: Iterable[int]) -> tuple[int, ...]:
    """Widths of hidden layers as Python's integers, or a ValueError that names the one that is none."""
    widths = tuple(hidden_units)
    if len(widths) > MAX_HIDDEN_LAYERS:
        raise ValueError(f"hidden_units must be at most {MAX_HIDDEN_LAYERS} widths; got {len(widths)}.")
    for i, width in enumerate(widths):
        if not is_integer(width) or not 1 <= width <= MAX_HIDDEN_UNITS:
            raise ValueError(
                f"hidden_units[{i}] must be an integer from 1 to {MAX_HIDDEN_UNITS}; got {shown(width)}."
            )
    return tuple(int(width) for width in widths)


def auto_preset(n_rows: int) -> str:
    """A masked autoregressive flow; the Gaussian alone where there are too few rows to judge anything more by."""
    return "maf" if n_rows >= 50 else "linear"


def auto_n_layers(name: str, n_rows: int) -> int:
    """Layers of a preset; fewer of those that move every column in each layer, where rows are few.

    Planar and radial layers have a few parameters for each column and bend little each: many of them. Layers of
    splines, sigmoids, polynomials and mixtures bend much: five do as well as eight, and one makes a MADE MoG.
    """
    if name in ("linear", "made_mog"):
        return 1
    if name in ("planar", "radial"):
        return 16
    if name in ("nsf_ar", "naf", "sos", "bernstein", "maf_mog") or (name == "nsf" and n_rows < 50_000):
        return 5
    return 5 if name in ("maf", "iaf") and n_rows < 2_000 else 8


def auto_n_bins(n_rows: int) -> int:
    """Bins of a spline: the fewer, the less its knots follow single rows."""
    return 5 if n_rows < 50_000 else 8


def auto_hidden_units(n_rows: int) -> tuple[int, ...]:
    """Two layers of as many units as the rows can teach; the decay, not the width, suits nets to few rows."""
    width = 64 if n_rows < 50_000 else 128
    return (width, width)


def auto_batch_size(n_rows: int) -> int:
    """Small batches for few rows, for their many steps; larger ones where epochs have steps enough."""
    return 128 if n_rows < 5_000 else 256 if n_rows < 50_000 else 512


def auto_alpha(n_rows: int, n_features: int) -> float:
    """The networks' decay: the stronger, the fewer rows there are for every column."""
    return min(60.0 * n_features / n_rows, 1_900.0 * n_features / n_rows**1.5, 3.0)
