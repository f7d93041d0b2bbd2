"""What "auto" stands for: the one place where a table's shape becomes a preset, batches, decay and validation.

The options of presets have rules of their own, in `nflows_np.presets`. All are measured, not derived: for the "maf"
preset they did best on held-out rows of nine tables of 440 to 18,000 rows and 2 to 16 columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nflows_np._messages import shown
from nflows_np.estimators._split import MIN_VALIDATION_ROWS, auto_share
from nflows_np.presets._preset import preset_named
from nflows_np.presets._rules import SHARED
from nflows_np.specs import Base, Flow

# Rows below which "auto" is a Gaussian fit of all of them, and nothing is held out or trained.
FEW_ROWS = 100

# Columns up to which it is a flow of splines; beyond, where affine maps are stuck at a Gaussian that the rows are not.
FEW_COLUMNS, SPLINES = 40, "nsf_ar"


@dataclass(frozen=True)
class Choice:
    """What an estimator's parameters mean for a table of n rows and d columns."""

    flow: Flow
    preset: str | None
    n_layers: int
    hidden_units: tuple[int, ...]
    batch_size: int
    alpha: float
    n_validation: int  # rows to hold out; 0 for none


def choose(
    params: Mapping[str, Any], n_rows: int, n_features: int, feature_names: Sequence[str] | None = None
) -> Choice:
    """Resolve an estimator's parameters for a table.

    Parameters
    ----------
    params : mapping
        ``flow``, ``flow_params``, ``base``, ``n_layers``, ``hidden_units``, ``activation``,
        ``batch_size``, ``alpha``, ``early_stopping`` and ``validation_fraction``, as the estimator has them.
    n_rows, n_features : int
        The table: distinct rows of positive weight, and columns.
    feature_names : sequence of str, optional
        Names of the columns.

    Returns
    -------
    Choice

    Raises
    ------
    ValueError
        If a parameter of presets is given together with a flow that says its own, or the preset has no such thing,
        or a layer is on a column that the table does not have.
    """
    flow, own = params["flow"], params["flow_params"] or {}
    batch_size, alpha = params["batch_size"], params["alpha"]
    if batch_size == "auto":
        batch_size = auto_batch_size(n_rows)
    if alpha == "auto":
        alpha = auto_alpha(n_rows, n_features)
    training = int(batch_size), float(alpha), _n_validation(params, n_rows)
    if isinstance(flow, Flow):
        for name in ("flow_params", *SHARED):
            if not _is_default(params[name]):
                raise ValueError(
                    f"{name}={shown(params[name])} has no meaning with a Flow, whose layers say their own."
                )
        flow = flow.for_table(n_rows, n_features, feature_names)
        return Choice(_with_base(flow, params["base"]), None, flow._n_layers(), (), *training)
    for name in SHARED:
        if name in own:
            raise ValueError(f"flow_params: {name} is a parameter of its own, {name}={shown(own[name])}.")
    if flow == "auto":
        if own:
            raise ValueError(
                f"flow_params={shown(own)} are options of one preset, whose name flow has to be; got flow='auto'."
            )
        flow = auto_preset(n_rows, n_features)
    chosen = preset_named(flow)
    options = chosen.decided({**{name: params[name] for name in SHARED}, **own}, n_rows, n_features)
    layers = Flow(chosen.layers(options))
    layers = _with_base(layers, params["base"])
    return Choice(layers, flow, options["n_layers"], options["hidden_units"], *training)


def _n_validation(params: Mapping[str, Any], n_rows: int) -> int:
    """How many rows are held out: a share, but none where they would be too few or leave fewer than two."""
    share, wanted = params["validation_fraction"], params["early_stopping"]
    n = round((auto_share(n_rows) if share == "auto" else share) * n_rows)
    if wanted == "auto":
        gaussian = params["flow"] == "auto" and n_rows < FEW_ROWS
        wanted = n >= MIN_VALIDATION_ROWS and not gaussian
    n = max(1, n)
    return n if wanted and n_rows - n >= 2 else 0


def _is_default(value: Any) -> bool:
    """Whether a parameter of presets was left as it is: "auto", or no options."""
    return value is None or (isinstance(value, (str, dict)) and value in ("auto", {}))


def _with_base(flow: Flow, base: str | Base) -> Flow:
    """The flow on another base; "auto" is its own."""
    return flow if isinstance(base, str) and base == "auto" else replace(flow, base=base)


def auto_preset(n_rows: int, n_features: int) -> str:
    """A masked autoregressive flow of splines; of affine maps where splines are many for the rows of most tables.

    Affine maps of a Gaussian start cannot tell two modes from one: the gradient is zero by symmetry, and training stays
    where it is. Splines can, and are better on held-out rows of nearly all tables of up to 36 columns. Below
    `FEW_ROWS` a Gaussian alone.
    """
    if n_rows < FEW_ROWS:
        return "linear"
    return SPLINES if n_features <= FEW_COLUMNS else "maf"


def auto_batch_size(n_rows: int) -> int:
    """Small batches for few rows, for their many steps; larger ones where epochs have steps enough."""
    return 64 if n_rows < 20_000 else 128 if n_rows < 100_000 else 256


def auto_alpha(n_rows: int, n_features: int) -> float:
    """The networks' decay: the stronger, the fewer rows there are for every column."""
    return min(60.0 * n_features / n_rows, 1_900.0 * n_features / n_rows**1.5, 3.0)
