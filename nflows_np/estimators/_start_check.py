"""A start at which some row has no density is refused: training could only move away from it blindly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nflows_np._model import FlowModel
from nflows_np.columns.empirical import evenly_spread
from nflows_np.columns.keys import named
from nflows_np.specs import Flow
from nflows_np.training_state import Rows

LOOKED_AT = 1000
"""Rows that are scored."""


def check_start(model: FlowModel, rows: Rows, feature_names: Sequence[str | int] | None) -> None:
    """Raise ValueError where the start gives one of some rows no density, and say which layer and column it is.

    Parameters
    ----------
    model : FlowModel
        At its start.
    rows : Rows
        The rows to learn from.
    feature_names : sequence of str or None
        Of the model's columns.
    """
    some = rows.take(evenly_spread(len(rows), LOOKED_AT))
    log_prob = model.log_prob(some.X, some.index)
    bad = np.flatnonzero(~np.isfinite(log_prob))
    if not len(bad):
        return
    X = np.asarray(some.X[some.index])
    good = np.flatnonzero(np.isfinite(log_prob))
    place = _place(model, X[bad[0]], X[good[0]] if len(good) else None, feature_names)
    raise ValueError(
        f"flow: at the start of training {len(bad)} of {len(X)} rows have a log-likelihood of {log_prob[bad[0]]}, such "
        f"as row {some.index[bad[0]]}: {place}. Choose layers and a base that take in all rows, or give columns their "
        "kinds."
    )


def _place(
    model: FlowModel, row: NDArray[Any], good: NDArray[Any] | None, feature_names: Sequence[str | int] | None
) -> str:
    """The first layer, or else the base, at which a row has no density, and the column that makes it so.

    That is the one which, taken from a row that has a density, gives it one.
    """
    layers: Any = model.spec.bijections
    parameters = model.flow.get_params()
    part, which = model, f"it is outside of the base, {model.spec.base!r}"
    for k in range(len(layers)):
        first = FlowModel(Flow(layers[: k + 1]), model.scaler, model.dtype)
        first.flow.set_params(np.ascontiguousarray(parameters[: first.flow.n_params]))
        if not np.isfinite(first.log_prob(row[None])[0]):
            part, which = first, f"layer {k}, {layers[k]!r}, has no density for it"
            break
    for j in range(0 if good is None else len(row)):
        mended = row.copy()
        mended[j] = good[j]  # type: ignore[index]
        if np.isfinite(part.log_prob(mended[None])[0]):
            return f"{which}, for what {named(j, feature_names)} holds, {row[j]:g}"
    return which
