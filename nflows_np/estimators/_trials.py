"""More than one way to fit a table: held-out rows decide.

A. *Columns as they are, or mapped to normal scores first.* Maps take a flow most of the way where columns are skewed,
   bounded, heavy-tailed or of many modes; and they bend a relation that is linear, such as shares that sum to one.
   So a flow is first fitted to the columns as they are. Where the copula alone, the start behind the maps, has gained
   nearly as much over the Gaussian as that flow, single columns are what there is to learn, and the flow is fitted
   behind the maps, too.
B. *Away from a saddle.* The gradient of a Gaussian start can vanish by symmetry: affine maps cannot begin to tell two
   equal modes from one. Where a fit stays at its start, and the rows are visibly not what the start says, another
   preset is fitted, or the same one to columns that are mapped.
C. *From clusters.* Where rows lie in clusters far apart, their covariance is mostly that of the gaps, and in many
   columns nothing else is learnt from few rows. Where a mixture of normals at clusters of the rows has gained nearly as
   much over the start as the best flow, the flow is fitted from there. It has to be better by more than chance: a
   mixture of some hundred rows can seem so.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from nflows_np import _weights
from nflows_np.columns import ColumnScaler
from nflows_np.estimators._auto import Choice
from nflows_np.estimators._remarks import columns_left_behind
from nflows_np.estimators._starts import at_clusters
from nflows_np.estimators.fitted import Fitted
from nflows_np.estimators.fitting import Fit
from nflows_np.specs import GaussianMixture
from nflows_np.training import EVIDENCE, LARGEST_GAIN
from nflows_np.training_state import Rows

NEARLY = 0.9
"""The share of a flow's gain over its start from which on another start's is nearly as much."""

CLUSTERS = (2, 4, 8)
"""Numbers of clusters, which are tried as long as more are better."""

HOPELESS = 0.5
"""The share of what a copula has to gain below which rough maps need no better ones."""

When = Literal["never", "always", "better", "stuck"]


class _Way(NamedTuple):
    """Another way to fit, given the best fit so far, and the standard errors by which it has to be better."""

    fit: Callable[[Fit], Fit | None]
    evidence: float = 0.0


def fit_best(
    fit: functools.partial[Fit],
    choice: Choice,
    scaler: ColumnScaler,
    mapped: Callable[..., ColumnScaler | None],
    gaussianize: When,
    clusters: bool,
    table: Rows,
    validation: Rows | None,
    other: Callable[[], Choice] | None,
    plainer: Choice | None = None,
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
        Makes the same with maps to normal scores, rough ones by ``rough=True``; None where no column has one.
    gaussianize : {"never", "always", "better", "stuck"}
        When columns are mapped: the last two are where that is better, and where the fit stays at a start that is
        visibly wrong.
    clusters : bool
        Whether to try a start from clusters.
    table, validation : Rows
        All rows, and those to judge by; without these there is one way.
    other : callable or None
        Makes another choice, for a fit that stays at such a start.
    plainer : Choice, optional
        Another choice with less to learn, which is tried.
    """
    if gaussianize == "always":
        scaler = mapped() or scaler
    best = fit(choice, scaler)
    if validation is None:
        return best
    ways: list[_Way] = []
    if gaussianize == "better":
        ways.append(_Way(functools.partial(_behind_maps, fit, choice, mapped)))
    if other is not None:
        ways.append(
            _Way(functools.partial(_away_from_saddle, lambda: fit(other(), best.model.scaler), table))
        )
    elif gaussianize == "stuck":
        ways.append(
            _Way(functools.partial(_away_from_saddle, lambda: _mapped_fit(fit, choice, mapped), table))
        )
    if plainer is not None:
        ways.append(_Way(lambda best: fit(plainer, best.model.scaler)))
    if clusters:
        ways.append(_Way(functools.partial(_from_clusters, fit, choice, scaler), EVIDENCE))
    for way in ways:
        if best.history.interrupted:
            break
        try:
            found = way.fit(best)
        except KeyboardInterrupt:  # outside training, which keeps what it has
            best.history.interrupted = True
        else:
            best = best if found is None else _better(best, found, validation, way.evidence)
    return best


def _behind_maps(
    fit: functools.partial[Fit], choice: Choice, mapped: Callable[..., ColumnScaler | None], best: Fit
) -> Fit | None:
    """A fit behind maps, where their start alone is nearly as good as the best fit so far."""
    for rough, share in ((True, HOPELESS), (False, 1.0)):
        scaler = mapped(rough=rough)
        if scaler is None:
            return None
        copula = _untrained(fit)(choice, scaler).fitted
        assert copula.start_score is not None
        if not _nearly_as_good(copula.start_score, best.fitted, share):
            return None
    return fit(choice, scaler)


def _from_clusters(
    fit: functools.partial[Fit], choice: Choice, scaler: ColumnScaler, best: Fit
) -> Fit | None:
    """A fit from clusters, where they alone are nearly as good as the best fit so far."""
    fit = functools.partial(fit, scaler=scaler, start=at_clusters)
    most, score = choice, -math.inf
    for k in CLUSTERS:
        clustered = dataclasses.replace(
            choice, flow=dataclasses.replace(choice.flow, base=GaussianMixture(k))
        )
        mixture = _untrained(fit)(clustered).fitted
        assert mixture.start_score is not None
        if mixture.start_score <= score:
            break
        most, score = clustered, mixture.start_score
    if not _nearly_as_good(score, best.fitted):
        return None
    return fit(most)


def _untrained(fit: functools.partial[Fit]) -> functools.partial[Fit]:
    """The same, but for training: a fit that is its start."""
    return functools.partial(fit, policy=dataclasses.replace(fit.keywords["policy"], max_iter=0))


def _away_from_saddle(again: Callable[[], Fit | None], table: Rows, best: Fit) -> Fit | None:
    """Another fit, where the best so far stays at a start that the rows are visibly not."""
    return again() if columns_left_behind(best.fitted, best.model, table) else None


def _mapped_fit(
    fit: functools.partial[Fit], choice: Choice, mapped: Callable[..., ColumnScaler | None]
) -> Fit | None:
    scaler = mapped()
    return None if scaler is None else fit(choice, scaler)


def _nearly_as_good(start_score: float, best: Fitted, share: float = 1.0) -> bool:
    """Whether another start alone has gained nearly what the best fit has over its own, or a share of that."""
    assert best.start_score is not None and best.best_validation_score is not None
    gain = start_score - best.start_score
    return gain > 0.0 and gain >= share * NEARLY * (best.best_validation_score - best.start_score)


def _better(one: Fit, other: Fit, validation: Rows, evidence: float) -> Fit:
    """The other fit where validation rows speak for it by so many standard errors; interrupted if that was.

    Each row's gain is counted as training does.
    """
    assert one.history.held_out is not None and other.history.held_out is not None
    gain = np.minimum(other.history.held_out - one.history.held_out, LARGEST_GAIN)
    weights = validation.normalised_weights()
    enough = evidence * _weights.standard_error(gain, weights) if evidence else 0.0
    better = other if _weights.mean(gain, weights) > enough else one
    better.history.interrupted = other.history.interrupted
    return better
