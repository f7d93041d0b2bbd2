"""More than one way to fit a table: held-out rows decide.

A. *Columns as they are, or mapped to normal scores first.* Maps take a flow most of the way where columns are skewed,
   bounded, heavy-tailed or in clusters; and a relation that is linear, such as shares that sum to one, is bent by them.
   Which weighs more is not seen before both are trained. A few thousand rows are enough to tell: where there are more,
   the winner alone is trained on all.
B. *Away from a saddle.* The gradient of a Gaussian start can vanish by symmetry: affine maps cannot begin to tell two
   equal modes from one. Where a fit stays at its start, and the rows are visibly not what the start says, another
   preset is fitted, or the same one to columns that are mapped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from nflows_np import _weights
from nflows_np.columns import ColumnScaler
from nflows_np.columns.empirical import evenly_spread
from nflows_np.estimators._auto import Choice
from nflows_np.estimators._remarks import columns_left_behind
from nflows_np.estimators.fitting import Fit
from nflows_np.training import LARGEST_GAIN
from nflows_np.training_state import Rows

TRIAL_ROWS = 10_000

When = Literal["never", "always", "better", "stuck"]


def fit_best(
    fit: Callable[[Choice, ColumnScaler, Rows], Fit],
    choice: Choice,
    scalers: tuple[ColumnScaler, Callable[[], ColumnScaler | None]],
    rows: Rows,
    table: Rows,
    validation: Rows | None,
    *,
    gaussianize: When,
    other: Callable[[], Choice] | None = None,
) -> Fit:
    """Fit in one way or more, and keep what is best on the validation rows.

    Parameters
    ----------
    fit : callable
        Fits a choice behind a scaling to some rows.
    choice : Choice
        What is fitted.
    scalers : (ColumnScaler, callable)
        The scaling of the columns, and what makes the same with maps to normal scores, None where no column has one.
    rows, table, validation : Rows
        The rows to learn from, all of them, and those to judge by; without these there is one way.
    gaussianize : {"never", "always", "better", "stuck"}
        When columns are mapped: the last two are where that is better, and where the fit stays at a start that is
        visibly wrong.
    other : callable, optional
        What makes another choice, for a fit that stays at such a start.
    """
    scaler, mapped = scalers
    if gaussianize == "always":
        scaler = mapped() or scaler
    alternative = mapped() if gaussianize == "better" and validation is not None else None
    if alternative is None or validation is None:
        best = fit(choice, scaler, rows)
    else:
        some = rows.take(evenly_spread(len(rows), TRIAL_ROWS))
        best = fit(choice, scaler, some)
        if not best.history.interrupted:
            best = _better(best, fit(choice, alternative, some), validation)
        if len(some) < len(rows) and not best.history.interrupted:
            best = fit(choice, best.model.scaler, rows)
    if validation is None or best.history.interrupted:
        return best
    if (gaussianize != "stuck" and other is None) or not columns_left_behind(best.fitted, best.model, table):
        return best
    if other is not None:
        return _better(best, fit(other(), best.model.scaler, rows), validation)
    alternative = mapped()
    return best if alternative is None else _better(best, fit(choice, alternative, rows), validation)


def _better(one: Fit, other: Fit, validation: Rows) -> Fit:
    """The other fit where validation rows speak for it, each gain counted as training does; interrupted if that was."""
    assert one.history.held_out is not None and other.history.held_out is not None
    gain = np.minimum(other.history.held_out - one.history.held_out, LARGEST_GAIN)
    better = other if _weights.mean(gain, validation.normalised_weights()) > 0.0 else one
    better.history.interrupted = other.history.interrupted
    return better
