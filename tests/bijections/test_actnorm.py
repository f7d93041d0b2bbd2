"""ActNorm: a shift and a log-scale per feature, which start from the data's means and standard deviations."""

import numpy as np
from engine_flows import make_flow

from nflows_np.specs import ActNorm
from nflows_np.testing import apply, to_panels

CASES = [
    (ActNorm(), 1, 0),
    (ActNorm(), 3, 2),
    (ActNorm(), 17, 0),
]


def data(n, n_features):
    rng = np.random.default_rng(1)
    return 3.0 + rng.standard_normal((n, n_features)) @ rng.standard_normal((n_features, n_features))


def test_starts_at_zero_mean_and_unit_variance():
    rows = data(103, 4)
    flow = make_flow(ActNorm(), 4)
    flow.start_from_data(to_panels(rows), len(rows))
    z, _ = apply(flow, "forward", rows)
    np.testing.assert_allclose(z.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(z.std(axis=0), 1.0, rtol=1e-9)


def test_start_counts_weights():
    rows = data(50, 3)
    weights = np.random.default_rng(0).integers(0, 4, 50)
    weighted, repeated = make_flow(ActNorm(), 3), make_flow(ActNorm(), 3)
    weighted.start_from_data(to_panels(rows), len(rows), weights.astype(float))
    again = np.repeat(rows, weights, axis=0)
    repeated.start_from_data(to_panels(again), len(again))
    np.testing.assert_allclose(weighted.get_params(), repeated.get_params(), rtol=1e-10, atol=1e-12)


def test_start_sees_what_the_layers_before_it_make():
    rows = data(103, 4)
    flow = make_flow([ActNorm(), ActNorm()], 4)
    flow.start_from_data(to_panels(rows), len(rows))
    np.testing.assert_allclose(flow.get_params()[8:], 0.0, atol=1e-9)


def test_start_at_a_constant_column_is_finite():
    rows = data(40, 3)
    rows[:, 1] = 7.0
    flow = make_flow(ActNorm(), 3)
    flow.start_from_data(to_panels(rows), len(rows))
    z, log_det = apply(flow, "forward", rows)
    assert np.isfinite(z).all() and np.isfinite(log_det).all()
    np.testing.assert_allclose(z[:, 1], 0.0, atol=1e-6)
