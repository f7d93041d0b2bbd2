"""Layers so wide that the products go other ways than in the laws' small nets: columns of W copied before the data
gradient, staircases of many steps to a tile."""

import numpy as np
import pytest
from engine_flows import every_dtype, every_isa, random_flow, rows_and_context

from nflows_np.specs import Affine, Autoregressive, Coupling
from nflows_np.testing import to_panels

WIDE = [
    Coupling(Affine(), hidden_units=(40, 300, 290), activation="relu"),
    Autoregressive(Affine(), hidden_units=(300, 270), activation="tanh"),
]
N, N_FEATURES = 100, 3

every_wide = pytest.mark.parametrize("bijection", WIDE, ids=lambda b: type(b).__name__)


def gradients(flow, rows, dz, dlog_det):
    dtype = flow.get_params().dtype
    dx, dparams, _ = flow.forward_vjp(
        to_panels(rows, dtype), len(rows), to_panels(dz, dtype), dlog_det.astype(dtype)
    )
    return dx, dparams


@every_isa
@every_dtype
@every_wide
def test_gradients_of_many_panels_are_those_of_each(isa, dtype, bijection):
    flow, _, _ = random_flow(bijection, N_FEATURES, isa=isa, dtype=dtype)
    rows, _ = rows_and_context(N, N_FEATURES)
    dz, _ = rows_and_context(N, N_FEATURES, seed=1)
    dlog_det = np.linspace(-1.0, 1.0, N)
    dx, dparams = gradients(flow, rows, dz, dlog_det)

    total = np.zeros(flow.n_params)
    for i, first in enumerate(range(0, N, 16)):
        part = slice(first, first + 16)
        dx_part, dparams_part = gradients(flow, rows[part], dz[part], dlog_det[part])
        np.testing.assert_array_equal(dx[i], dx_part[0])
        total += dparams_part
    error = np.linalg.norm(dparams - total) / np.linalg.norm(total)
    assert error < 30 * np.finfo(dtype).eps


@every_isa
@every_wide
def test_gradients_along_a_direction(isa, bijection):
    flow, _, reader = random_flow(bijection, N_FEATURES, isa=isa)
    rows, _ = rows_and_context(N, N_FEATURES)
    params, rng = flow.get_params(), np.random.default_rng(2)
    direction = rng.standard_normal(flow.n_params) * reader.free / np.sqrt(flow.n_params)
    direction_x = rng.standard_normal(rows.shape)
    _, dparams = gradients(flow, rows, np.zeros_like(rows), np.ones(N))
    dx, _ = gradients(flow, rows, np.zeros_like(rows), np.ones(N))

    def log_det(step, step_x):
        flow.set_params(params + step * direction)
        return flow.forward(to_panels(rows + step_x * direction_x), N)[1].sum()

    h = 1e-6  # tanh and ReLU units near their kinks: a small step, and a tolerance to match
    along = (log_det(h, 0.0) - log_det(-h, 0.0)) / (2 * h)
    along_x = (log_det(0.0, h) - log_det(0.0, -h)) / (2 * h)
    flow.set_params(params)
    panels = to_panels(direction_x)
    assert along == pytest.approx(dparams @ direction, rel=1e-5, abs=1e-6)
    assert along_x == pytest.approx(float((dx * panels).sum()), rel=1e-4, abs=1e-6)
