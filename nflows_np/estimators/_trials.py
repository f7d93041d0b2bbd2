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
import functools
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
from nflows_np.training_state import Rows

NEARLY = 0.9
"""The share of a flow's gain over the Gaussian from which on a copula's is nearly as much."""

When = Literal["never", "always", "better", "stuck"]


def fit_best(
    fit: functools.partial[Fit],
    choice: Choice,
    scaler: ColumnScaler,
    mapped: Callable[[], ColumnScaler | None],
    gaussianize: When,
    table: Rows,
    validation: Rows | None,
    other: Callable[[], Choice] | None,
) -> Fit:
    """Fit in one way or more, and keep what is best on the validation rows.

    Parameters
    ----------
    fit : partial of fit_flow
        Fits a choice behind a scaling.
    choice : Choice
        What is fitted.
    scaler : ColumnScaler
        The scaling of the columns.
    mapped : callable
        Makes the same with maps to normal scores, None where no column has one.
    gaussianize : {"never", "always", "better", "stuck"}
        When columns are mapped: the last two are where that is better, and where the fit stays at a start that is
        visibly wrong.
    table, validation : Rows
        All rows, and those to judge by; without these there is one way.
    other : callable or None
        Makes another choice, for a fit that stays at such a start.
    """
    if gaussianize == "always":
        scaler = mapped() or scaler
    best = fit(choice, scaler)
    if validation is None:
        return best
    ways: list[Callable[[Fit], Fit | None]] = []
    if gaussianize == "better":
        ways.append(functools.partial(_behind_maps, fit, choice, mapped))
    if other is not None:
        ways.append(functools.partial(_away_from_saddle, lambda: fit(other(), best.model.scaler), table))
    elif gaussianize == "stuck":
        ways.append(functools.partial(_away_from_saddle, lambda: _mapped_fit(fit, choice, mapped), table))
    for way in ways:
        if best.history.interrupted:
            break
        try:
            found = way(best)
        except KeyboardInterrupt:  # outside training, which keeps what it has
            best.history.interrupted = True
        else:
            best = best if found is None else _better(best, found, validation)
    return best


def _behind_maps(
    fit: functools.partial[Fit], choice: Choice, mapped: Callable[[], ColumnScaler | None], best: Fit
) -> Fit | None:
    """A fit behind maps, where their start alone is nearly as good as the best fit so far."""
    scaler = mapped()
    if scaler is None:
        return None
    untrained = fit(choice, scaler, policy=dataclasses.replace(fit.keywords["policy"], max_iter=0))
    return fit(choice, scaler) if _nearly_as_good(untrained.fitted, best.fitted) else None


def _away_from_saddle(again: Callable[[], Fit | None], table: Rows, best: Fit) -> Fit | None:
    """Another fit, where the best so far stays at a start that the rows are visibly not."""
    return again() if columns_left_behind(best.fitted, best.model, table) else None


def _mapped_fit(
    fit: functools.partial[Fit], choice: Choice, mapped: Callable[[], ColumnScaler | None]
) -> Fit | None:
    scaler = mapped()
    return None if scaler is None else fit(choice, scaler)


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
