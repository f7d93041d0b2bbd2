"""Columns as they are, or mapped to normal scores first: both are tried, and held-out rows decide.

Maps of single columns take a flow most of the way where columns are skewed, bounded, heavy-tailed or in clusters, and
a relation that is linear, such as shares that sum to one, is bent by them. Which weighs more is not seen before both
are trained. A few thousand rows are enough to tell: where there are more, the winner alone is trained on all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from nflows_np import _weights
from nflows_np._model import FlowModel
from nflows_np.columns import ColumnScaler
from nflows_np.columns.empirical import evenly_spread
from nflows_np.estimators.fitted import Fitted
from nflows_np.training import LARGEST_GAIN
from nflows_np.training_state import History, Rows

TRIAL_ROWS = 10_000

Fit = tuple[Fitted, FlowModel, History]


def fit_better(
    fit: Callable[[ColumnScaler, Rows], Fit],
    scalers: Sequence[ColumnScaler],
    rows: Rows,
    validation: Rows | None,
) -> Fit:
    """Fit behind each of several scalings, and keep what is best on the validation rows.

    Parameters
    ----------
    fit : callable
        Fits behind a scaling to some rows.
    scalers : sequence of ColumnScaler
        One, or more where there are validation rows; the first of those that are equally good wins.
    rows, validation : Rows
        The rows to learn from, and those to judge by.
    """
    if len(scalers) == 1:
        return fit(scalers[0], rows)
    assert validation is not None
    some = rows.take(evenly_spread(len(rows), TRIAL_ROWS))
    best, winner = fit(scalers[0], some), scalers[0]
    interrupted = best[2].interrupted
    for scaler in scalers[1:]:
        if interrupted:
            break
        found = fit(scaler, some)
        interrupted = found[2].interrupted
        if _gain(found[2], best[2], validation) > 0.0:
            best, winner = found, scaler
    best[2].interrupted = interrupted
    return best if interrupted or len(some) == len(rows) else fit(winner, rows)


def _gain(one: History, other: History, validation: Rows) -> float:
    """Mean gain of one fit over another on the validation rows."""
    assert one.held_out is not None and other.held_out is not None
    gain = np.clip(one.held_out - other.held_out, -LARGEST_GAIN, LARGEST_GAIN)
    return _weights.mean(gain, validation.normalised_weights())
