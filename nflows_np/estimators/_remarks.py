"""What a user should know of a fit: warnings, and nothing where all went well."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from sklearn.exceptions import ConvergenceWarning

from nflows_np._model import FlowModel
from nflows_np._warnings import warn
from nflows_np.columns.empirical import evenly_spread
from nflows_np.specs import LinearGaussian, StandardNormal
from nflows_np.training_state import History, Policy, Rows

if TYPE_CHECKING:
    from nflows_np.estimators._base import FlowEstimator
    from nflows_np.estimators.fitted import Fitted

# Rows that are looked at, and the chance of a false alarm on a normal table.
LOOKED_AT, FALSE_ALARM = 4096, 1e-3


def warn_of(estimator: FlowEstimator, history: History, policy: Policy, table: Rows) -> None:
    """Warn of a fit of the rows of a table that went otherwise than it should."""
    fitted, name, n_rows = estimator._fitted, type(estimator).__name__, len(table)
    if not policy.max_iter and estimator.flow != "auto":
        warn(
            f"{name}: {n_rows} distinct rows are too few to hold some out and judge a flow by; it stays at its start, "
            "a Gaussian fit. Give X_val, or set early_stopping to True or False to train it all the same.",
        )
    if policy.max_iter > 1 and not history.validated and fitted.n_parameters > n_rows:
        warn(
            f"{name}: early_stopping={estimator.early_stopping} trains {fitted.n_parameters:,} parameters on "
            f"{n_rows:,} distinct rows, and nothing judges them: expect densities far too high at the rows and far too "
            "low between them.",
        )
    if history.interrupted:
        warn(f"Training interrupted after {fitted.n_iter} epochs; the best weights so far are kept.")
    if history.dropped_steps:
        slowed = f"The learning rate came down to {history.learning_rate:.1e}"
        end = "Training was given up" if history.gave_up else slowed
        warn(
            f"{history.dropped_steps} training step(s) had a loss or gradient that was not finite; they were not "
            f"applied and the best weights so far were restored. {end}. Consider a smaller learning_rate_init, and "
            "look for extreme values in X.",
            ConvergenceWarning,
        )
    elif history.validated and policy.max_iter > 1 and not (fitted.converged or history.interrupted):
        warn(
            f"Maximum number of epochs ({policy.max_iter}) reached while the validation log-likelihood was still "
            "improving. Raise max_iter, or go on with warm_start=True.",
            ConvergenceWarning,
        )
    n = columns_left_behind(fitted, estimator._model, table)
    if n:
        warn(
            f"{name}: training stayed at its start, a Gaussian fit, which the rows are visibly not: {n} of "
            f"{len(fitted.loc)} latent columns are far from normal. Another flow may get away from it, such as "
            "flow='nsf_ar', or base='gaussian_mixture'.",
            ConvergenceWarning,
        )


def columns_left_behind(fitted: Fitted, model: FlowModel, table: Rows) -> int:
    """How many latent columns are visibly not normal where training converged to its start, a Gaussian; else 0.

    The gradient of a Gaussian start can vanish by symmetry: affine maps cannot begin to tell two equal modes from one.
    Training then ends where it began, as if there were nothing to learn. A flow that is but a Gaussian is left out.
    """
    gaussian = all(isinstance(bijection, LinearGaussian) for bijection in fitted.flow.bijections)
    stayed = fitted.early_stopping and fitted.converged and fitted.best_epoch == 0
    if gaussian or not stayed or not isinstance(fitted.flow.base, StandardNormal):
        return 0
    return _columns_not_normal(model, table)


def _columns_not_normal(model: FlowModel, rows: Rows) -> int:
    """How many latent columns are visibly not standard normal, by the test of Kolmogorov and Smirnov."""
    some = rows.take(evenly_spread(len(rows), LOOKED_AT))
    weights = np.ones(len(some)) if some.weights is None else some.weights[some.index]
    plain = [j for j in range(model.n_features) if j not in model.spec.conditionals(model.n_features)]
    if not plain:
        return 0
    z = model.transform(np.asarray(some.X[some.index]))[:, plain]
    bound = math.sqrt(-0.5 * math.log(FALSE_ALARM / 2 / z.shape[1]))
    return sum(_distance(column, weights) > bound for column in z.T)


def _distance(z: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Kolmogorov's distance from the normal, times the root of the number of rows that the weights come to."""
    order = np.argsort(z)
    shares = weights[order] / weights.sum()
    above = np.cumsum(shares)
    expected = ndtr(z[order])
    distance = max(np.max(above - expected), np.max(expected - above + shares))
    return float(distance / np.sqrt(np.sum(np.square(shares))))
