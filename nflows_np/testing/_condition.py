r"""The law of rounding: a round trip loses what the numbers between the layers lose, as the way back makes it.

Let :math:`h_0 = x, h_1, \ldots, h_n = z` be a row between the layers of a flow. On the way there and on the way back
each of them is rounded by about :math:`\varepsilon \max(1, |h_m|_\infty)`, and the rest of the way back multiplies
what was lost at :math:`h_m` by its Jacobian. So, to first order, a row comes back within a small multiple of

.. math::

    \varepsilon \sum_m \max(1, |h_m|_\infty) \Big\| \frac{\partial h_{end}}{\partial h_m} \Big\|_\infty.

In one dimension the norms are products of slopes, or of one over them. The log-dets cancel within the same sum, of
the gradients of the way back's log-det. Steep layers raise the bound as they raise the error; a layer whose own
arithmetic loses digits exceeds it. Where a layer is flat, as between the modes of a mixture, there is no way back and
no bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from .. import _engine
from ._differences import assert_small
from ._rows import DIRECTIONS, Rows, apply, dtype_of, vjp


def check_rounding(flow: Any, spec: dict[str, Any], rows: Rows, *, factor: float = 4.0) -> float:
    """Assert that a round trip loses no more than the rounding of rows between the layers explains.

    Parameters
    ----------
    flow : Flow32 or Flow64
        An engine's flow without a context.
    spec : dict
        What it was made from.
    rows : ndarray of shape (n, n_features)
        Taken as data, then as latent rows.
    factor : float, default=4.0
        The allowed multiple of the precision's epsilon, for each layer there and back.

    Returns
    -------
    worst : float
        The largest multiple found.

    Raises
    ------
    AssertionError
        Says which direction fails and by how much.
    """
    dtype = dtype_of(flow)
    rows, worst = rows.astype(dtype), 0.0
    for there, back in (DIRECTIONS, DIRECTIONS[::-1]):
        middle, log_det = apply(flow, there, rows)
        again, log_det_back = apply(flow, back, middle)
        allowed = round_trip_condition(flow, spec, rows, there)
        error = np.abs(again.astype(np.float64) - rows).max(axis=1, initial=0.0)
        left = np.abs(log_det + log_det_back)
        for what, values, condition in (("rows", error, allowed.rows), ("log-dets", left, allowed.log_det)):
            ratio = values / (float(np.finfo(dtype).eps) * condition)
            assert_small(ratio, factor, f"{back}({there}(x)): the {what} lose more than roundings explain")
            worst = max(worst, float(ratio.max(initial=0.0)))
    return worst


class Condition(NamedTuple):
    """By what roundings, in units of the precision's epsilon, each row and its log-det may be off, (n,) each."""

    rows: Rows
    log_det: Rows


class _Prefix(NamedTuple):
    """The first layers of a flow at rows x: where they take them and how that moves with x."""

    rows: Rows  # h, (n, n_features)
    jacobian: Rows  # dh/dx, (n, n_features, n_features)
    log_det: Rows  # log|det dh/dx|, (n,)
    log_det_by_x: Rows  # (n, n_features)


def round_trip_condition(flow: Any, spec: dict[str, Any], rows: Rows, direction: str) -> Condition:
    """How much a row loses on its way through a flow and back, by the flow's Jacobians in double precision.

    Parameters
    ----------
    flow : Flow32 or Flow64
        An engine's flow without a context; its parameters are taken as they are.
    spec : dict
        What it was made from.
    rows : ndarray of shape (n, n_features)
        Where the round trip begins: data if it goes forward first, else latent rows.
    direction : {"forward", "inverse"}
        The way there.

    Returns
    -------
    condition : Condition
    """
    n_features = rows.shape[1]
    params = flow.get_params().astype(np.float64)
    x = np.asarray(rows, dtype=np.float64)
    if direction == "inverse":
        x = apply(_first_layers(spec, params, n_features, None), "inverse", x)[0]
    stages = list(_prefixes(spec, params, x))
    # The way back ends at x, stage 0, or at z, the last one.
    end = stages[0] if direction == "forward" else stages[-1]
    of_rows, of_log_det = np.zeros(len(x)), np.zeros(len(x))
    for stage in stages:
        flat = np.linalg.det(stage.jacobian) == 0.0
        back = np.linalg.inv(np.where(flat[:, None, None], np.eye(n_features), stage.jacobian))  # dx/dh
        of_rows[flat] = of_log_det[flat] = np.inf
        size = np.maximum(1.0, np.abs(stage.rows).max(axis=1))
        of_rows += size * np.abs(end.jacobian @ back).sum(axis=2).max(axis=1)
        by_h = np.einsum("rj,rjk->rk", end.log_det_by_x - stage.log_det_by_x, back)
        # The logarithm of a slope loses an epsilon however exact the row is, one for each feature.
        of_log_det += size * np.abs(by_h).sum(axis=1) + n_features + np.abs(end.log_det - stage.log_det)
    return Condition(of_rows, of_log_det)


def _prefixes(spec: dict[str, Any], params: Rows, x: Rows) -> Iterator[_Prefix]:
    n, n_features = x.shape
    for n_layers in range(len(_layers(spec["bijections"])) + 1):
        flow = _first_layers(spec, params, n_features, n_layers)
        h, log_det = apply(flow, "forward", x)
        by_output = [
            vjp(flow, "forward", x, None, np.tile(unit, (n, 1)), np.zeros(n))[0]
            for unit in np.eye(n_features)
        ]
        by_x = vjp(flow, "forward", x, None, np.zeros_like(x), np.ones(n))[0]
        yield _Prefix(h, np.stack(by_output, axis=1), log_det, by_x)


def _first_layers(spec: dict[str, Any], params: Rows, n_features: int, n_layers: int | None) -> Any:
    """The first layers of a flow, all of them for None, as a flow of their own in double precision."""
    layers = _layers(spec["bijections"])[:n_layers]
    flow = _engine.engine.Flow64(
        {**spec, "bijections": layers, "base": {"name": "standard_normal"}}, n_features
    )
    flow.set_params(params[: flow.n_params])
    return flow


def _layers(bijections: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The layers of a chain with those of its sequences in their place, which are the same map bit for bit."""
    layers = []
    for layer in bijections:
        layers += _layers(layer["bijections"]) if layer["name"] == "sequence" else [layer]
    return layers
