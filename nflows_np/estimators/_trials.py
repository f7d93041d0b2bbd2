"""More than one way to fit a table: held-out rows decide.

A. *Columns as they are, or mapped to normal scores first.* Maps take a flow most of the way where columns are skewed,
   bounded, heavy-tailed or in clusters; and a relation that is linear, such as shares that sum to one, is bent by them.
   So a flow is first fitted to the columns as they are. Where the copula alone, the start behind the maps, has gained
   nearly as much over the Gaussian as that flow, single columns are what there is to learn, and the flow is fitted
   behind the maps, too.
B. *Away from a saddle.* The gradient of a Gaussian start can vanish by symmetry: affine maps cannot begin to tell two
   equal modes from one. Where a fit stays at its start, and the rows are visibly not what the start says, another
   preset is fitted, or the same one to columns that are mapped.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Literal

import numpy as np

from nflows_np import _weights
from nflows_np.columns import ColumnScaler
from nflows_np.estimators._auto import Choice
from nflows_np.estimators._remarks import columns_left_behind
from nflows_np.estimators.fitted import Fitted
from nflows_np.estimators.fitting import Fit
from nflows_np.training import LARGEST_GAIN
from nflows_np.training_state import Policy, Rows

NEARLY = 0.9
"""The share of a flow's gain over the Gaussian from which on a copula's is nearly as much."""

When = Literal["never", "always", "better", "stuck"]


def fit_best(
    fit: Callable[..., Fit],
    choice: Choice,
    scalers: tuple[ColumnScaler, Callable[[], ColumnScaler | None]],
    rows: Rows,
    table: Rows,
    validation: Rows | None,
    policy: Policy,
    *,
    gaussianize: When,
    other: Callable[[], Choice] | None = None,
) -> Fit:
    """Fit in one way or more, and keep what is best on the validation rows.

    Parameters
    ----------
    fit : callable
        Fits a choice behind a scaling to some rows, by a `policy`.
    choice : Choice
        What is fitted.
    scalers : (ColumnScaler, callable)
        The scaling of the columns, and what makes the same with maps to normal scores, None where no column has one.
    rows, table, validation : Rows
        The rows to learn from, all of them, and those to judge by; without these there is one way.
    policy : Policy
        The parameters of training.
    gaussianize : {"never", "always", "better", "stuck"}
        When columns are mapped: the last two are where that is better, and where the fit stays at a start that is
        visibly wrong.
    other : callable, optional
        What makes another choice, for a fit that stays at such a start.
    """
    scaler, mapped = scalers
    if gaussianize == "always":
        scaler = mapped() or scaler
    best = fit(choice, scaler, rows, policy=policy)
    if validation is None or best.history.interrupted:
        return best
    if gaussianize == "better":
        alternative = mapped()
        if alternative is not None:
            copula = fit(choice, alternative, rows, policy=dataclasses.replace(policy, max_iter=0))
            if _nearly_as_good(copula.fitted, best.fitted):
                best = _better(best, fit(choice, alternative, rows, policy=policy), validation)
    may_leave = gaussianize == "stuck" or other is not None
    if best.history.interrupted or not may_leave or not columns_left_behind(best.fitted, best.model, table):
        return best
    if other is not None:
        return _better(best, fit(other(), best.model.scaler, rows, policy=policy), validation)
    alternative = mapped()
    if alternative is None:
        return best
    return _better(best, fit(choice, alternative, rows, policy=policy), validation)


def _nearly_as_good(copula: Fitted, flow: Fitted) -> bool:
    """Whether a copula, a fit that was not trained, has gained nearly what a flow has over its start."""
    assert copula.start_score is not None and flow.start_score is not None
    assert flow.best_validation_score is not None
    gain = copula.start_score - flow.start_score
    return gain > 0.0 and gain >= NEARLY * (flow.best_validation_score - flow.start_score)


def _better(one: Fit, other: Fit, validation: Rows) -> Fit:
    """The other fit where validation rows speak for it, each gain counted as training does; interrupted if that was."""
    assert one.history.held_out is not None and other.history.held_out is not None
    gain = np.minimum(other.history.held_out - one.history.held_out, LARGEST_GAIN)
    better = other if _weights.mean(gain, validation.normalised_weights()) > 0.0 else one
    better.history.interrupted = other.history.interrupted
    return better
