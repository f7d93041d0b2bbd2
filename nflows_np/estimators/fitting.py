"""Fitting a flow, and going on with a fit: what all estimators share.

Nothing here is an estimator's own. What is known before goes in, what is known after comes out, and a model that
somebody may be scoring with at this moment is never trained: a fit that goes on trains a model of its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nflows_np._devices import chosen
from nflows_np._model import FlowModel
from nflows_np._warnings import warn
from nflows_np.columns import ColumnScaler
from nflows_np.columns.gaussianization import gaussianized as _gaussianized
from nflows_np.columns.table import TableColumns
from nflows_np.estimators._auto import Choice
from nflows_np.estimators._plan import Plan, scaling_of
from nflows_np.estimators._seeds import Seeds
from nflows_np.estimators._start_check import check_start
from nflows_np.estimators._starts import Start, at_clusters, at_gaussian
from nflows_np.estimators.fitted import Fitted
from nflows_np.specs import Atoms, Flow
from nflows_np.training import train
from nflows_np.training_state import History, Policy, Rows, TrainingState

# The start is judged by folds of the validation rows where there are fewer rows than this: with all rows it is better
# than with those that are left to train on, and a flow has to beat what it would take the place of.
FOLDED_ROWS, FOLDS = 2000, 5


class Fit(NamedTuple):
    """A fitted flow, the engine's side of it, and how training went."""

    fitted: Fitted
    model: FlowModel
    history: History


def fit_flow(
    choice: Choice,
    scaler: ColumnScaler,
    rows: Rows,
    table: Rows,
    validation: Rows | None,
    policy: Policy,
    seeds: Seeds,
    *,
    architecture: Mapping[str, Any],
    device: str = "cpu",
    feature_names: Sequence[str] | None = None,
    table_columns: TableColumns | None = None,
    resume: Fitted | None = None,
    start: Start = at_gaussian,
) -> Fit:
    """Fit a flow, or go on with a fit.

    Parameters
    ----------
    choice : Choice
        What an estimator's parameters mean for the table.
    scaler : ColumnScaler
        The scaling of the columns; a fit to go on with has its own.
    rows : Rows
        The rows to learn from.
    table : Rows
        All rows, held-out ones included.
    validation : Rows or None
        The rows to judge by.
    policy : Policy
        The parameters of training.
    seeds : Seeds
        Where all that is random comes from.
    architecture : mapping
        The estimator's parameters that say what is fitted, with "dtype" as the name of one.
    device : {"cpu", "cuda", "auto"}, default="cpu"
        Where to compute.
    feature_names : sequence of str, optional
        Names of the columns.
    table_columns : TableColumns, optional
        What the columns of the user's table are.
    resume : Fitted, optional
        The fit to go on with.
    start : callable, default=at_gaussian
        Where training starts; a fit to go on with has started.

    Returns
    -------
    Fit
    """
    if resume is None:
        dtype = np.dtype(architecture["dtype"])
        flow = resolved(choice, scaler.n_features, seeds)
        device = chosen(device, flow, scaler.n_features, len(rows))
        model = FlowModel(flow, scaler, dtype, device=device)
        start(model, rows, seeds)
        check_start(model, rows, None if table_columns is None else table_columns.labels)
        state = TrainingState.start(model.flow.get_params(), seeds.order)
        names = None if feature_names is None else tuple(str(name) for name in feature_names)
    else:
        device = chosen(device, resume.flow, scaler.n_features, len(rows))
        model = FlowModel(resume.flow, resume.scaler, resume.parameters.dtype, device=device)
        state, names = _state_of(resume, seeds), resume.feature_names
        start = at_clusters if resume.from_clusters else at_gaussian
    scores = _start_scores(model, rows, validation, seeds, start) if state.best_epoch == 0 else None
    state, history = train(model, rows, validation, state, policy, scores)
    if history.validated and state.best_epoch == 0:
        start(model, table, seeds)  # no epoch is better than the start, which is better with all rows
    curve = resume.validation_scores if resume else None
    if history.validated:
        curve = [*(curve or []), *history.scores]
    fitted = Fitted(
        flow=model.spec,
        loc=model.scaler.loc,
        scale=model.scaler.scale,
        residuals=model.scaler.residuals,
        marginals=model.scaler.marginals,
        links=model.scaler.links,
        table=resume.table if resume else table_columns,
        pattern=resume.pattern if resume else None,
        pattern_parameters=resume.pattern_parameters if resume else None,
        parameters=model.flow.get_params(),
        preset=resume.preset if resume else choice.preset,
        n_rows=resume.n_rows if resume else len(table),
        n_validation=resume.n_validation if resume else 0 if validation is None else len(validation),
        n_layers=resume.n_layers if resume else choice.n_layers,
        hidden_units=resume.hidden_units if resume else choice.hidden_units,
        batch_size=history.batch_rows,
        alpha=policy.alpha,
        early_stopping=history.validated,
        n_iter=state.epoch,
        best_epoch=state.best_epoch,
        converged=state.converged,
        loss_curve=[*(resume.loss_curve if resume else []), *history.losses],
        validation_scores=curve,
        best_validation_score=state.best_score,
        start_score=resume.start_score if resume else history.start_score,
        feature_names=names,
        architecture=resume.architecture if resume else architecture,
        entropy=seeds.entropy,
        training=state,
    )
    return Fit(fitted, model, history)


def _state_of(resume: Fitted, seeds: Seeds) -> TrainingState:
    """Where training stands, or its beginning at the weights of a fit that came without."""
    if resume.training is not None:
        return resume.training
    warn(
        "The model was saved without its state of training, which begins anew: at the saved weights and scaling, with "
        "fresh moments of Adam. save(path, resumable=True) keeps what is needed to go on bit for bit.",
    )
    return TrainingState.start(resume.parameters, seeds.order, resume.n_iter)


def resolved(choice: Choice, n_features: int, seeds: Seeds) -> Flow:
    """The flow with nothing random or symbolic left in it."""
    return choice.flow.resolve(n_features, np.random.Generator(np.random.PCG64(seeds.resolve)))


def scaling(
    choice: Choice,
    columns: TableColumns,
    table: Rows,
    seeds: Seeds,
    feature_names: Sequence[str | int] | None,
    told: Sequence[int] = (),
) -> tuple[ColumnScaler, Plan]:
    """The scaling of a table's columns, and how they stand in the flow; of `told` ones no warning says more."""
    circular = _circular(choice, table, seeds)
    if not columns.is_plain:
        return scaling_of(columns, table, feature_names, circular, told)
    scaler = ColumnScaler.fit(
        table.X,
        table.index,
        sample_weight=table.weights,
        feature_names=feature_names,
        as_they_are=circular,
        told=told,
    )
    return scaler, Plan({}, ())


def gaussianized(
    scaler: ColumnScaler, choice: Choice, plan: Plan, table: Rows, seeds: Seeds, rough: bool = False
) -> ColumnScaler | None:
    """The same scaling with maps of the columns to normal scores; None where no column needs one."""
    masses = [j for j, own in plan.conditionals.items() if not isinstance(own, Atoms)]
    circular = _circular(choice, table, seeds)
    as_they_are = sorted({*circular, *masses, *plan.circular})
    return _gaussianized(scaler, table.X, table.index, table.weights, as_they_are, rough=rough)


def _circular(choice: Choice, table: Rows, seeds: Seeds) -> list[int]:
    """Columns of angles, which are neither scaled nor mapped."""
    n_features = table.X.shape[1]
    return list(resolved(choice, n_features, seeds).circular_columns(n_features))


def _start_scores(
    model: FlowModel, rows: Rows, validation: Rows | None, seeds: Seeds, start: Start
) -> NDArray[np.float64] | None:
    """Log-likelihoods of the validation rows by starts of all rows but the fifth of them that each is in.

    None where the start would not change: there are rows enough, or the validation rows are of another table.
    """
    if validation is None or validation.X is not rows.X or len(rows) + len(validation) >= FOLDED_ROWS:
        return None
    other, out = FlowModel(model.spec, model.scaler, model.dtype), np.empty(len(validation))
    for fold in range(min(FOLDS, len(validation))):
        left_out = np.arange(len(validation)) % FOLDS == fold
        index = np.sort(np.r_[rows.index, validation.index[~left_out]])
        start(other, dataclasses.replace(rows, index=index), seeds)
        out[left_out] = other.log_prob(rows.X, validation.index[left_out])
    return out
