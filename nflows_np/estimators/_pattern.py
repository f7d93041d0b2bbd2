"""Which cells are left out: a distribution of patterns, to draw rows with cells left out as they are in the table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nflows_np._model import FlowModel
from nflows_np.columns import ColumnScaler
from nflows_np.estimators._plan import smoothed
from nflows_np.estimators._seeds import Seeds
from nflows_np.specs import Autoregressive, Category, Flow
from nflows_np.training import train
from nflows_np.training_state import History, Policy, Rows, TrainingState

HIDDEN_UNITS = (32,)


def flags_flow(shares: NDArray[np.float64]) -> Flow:
    """An autoregressive flow of flags that are set in such shares of the rows."""
    kinds = [(i, Category((1.0 - share, share))) for i, share in enumerate(shares.tolist())]
    return Flow([Autoregressive(hidden_units=HIDDEN_UNITS, activation="elu", conditionals=kinds)])


def fit_pattern(
    rows: Rows, validation: Rows | None, gaps: NDArray[np.int64], policy: Policy, seeds: Seeds
) -> tuple[Flow, NDArray[Any], History]:
    """The flow of the flags of the columns with gaps, fitted to some rows, its parameters and how training went."""
    weights = (
        np.ones(len(rows))
        if rows.weights is None
        else rows.weights[rows.index] / rows.weights[rows.index].mean()
    )
    flags = np.isnan(rows.X[:, gaps]).astype(np.float64)
    flow = flags_flow(smoothed(weights @ flags[rows.index] / weights.sum(), 2))
    m = len(gaps)
    model = FlowModel(flow.resolve(m), ColumnScaler(np.zeros(m), np.ones(m)), np.dtype(np.float32))
    model.flow.start(int(seeds.start.generate_state(1, np.uint64)[0] >> 1))
    state = TrainingState.start(model.flow.get_params(), seeds.order)
    judged = (
        None
        if validation is None
        else replace(validation, X=np.isnan(validation.X[:, gaps]).astype(np.float64))
    )
    quiet = replace(policy, verbose=0, alpha=0.0)
    _, history = train(model, replace(rows, X=flags), judged, state, quiet)
    return model.spec, model.flow.get_params(), history


def drawn_flags(
    flow: Flow, parameters: NDArray[Any], n: int, random: np.random.RandomState, n_threads: int
) -> NDArray[np.bool_]:
    """Patterns of so many rows."""
    (layer,) = flow.bijections
    assert isinstance(layer, Autoregressive)
    m = len(layer.conditionals)
    model = FlowModel(flow, ColumnScaler(np.zeros(m), np.ones(m)), parameters.dtype, parameters)
    flags: NDArray[np.bool_] = model.sample(n, random, n_threads) > 0.5
    return flags
