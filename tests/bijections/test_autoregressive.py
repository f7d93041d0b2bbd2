"""Autoregressive: feature i's parameters depend on the features before it alone."""

import numpy as np
import pytest
from engine_flows import make_flow, random_flow, rows_and_context

from nflows_np.specs import Affine, Autoregressive
from nflows_np.testing import apply

CASES = [
    (Autoregressive(Affine(), hidden_units=(9,)), 1, 0),
    (Autoregressive(Affine(), hidden_units=(9, 4), activation="tanh"), 1, 2),
    (Autoregressive(Affine(), hidden_units=()), 3, 0),
    (Autoregressive(Affine(), hidden_units=()), 3, 2),
    (Autoregressive(Affine(), hidden_units=(1,)), 2, 2),
    (Autoregressive(Affine(), hidden_units=(13, 22)), 3, 0),
    (Autoregressive(Affine(), hidden_units=(23, 14, 9), activation="silu"), 5, 2),
    (Autoregressive(Affine(), hidden_units=(40, 33), activation="tanh"), 17, 0),
    (Autoregressive(Affine(), hidden_units=(35,), activation="elu"), 17, 2),
    (Autoregressive(Affine(), hidden_units=(5, 7)), 17, 0),  # fewer units than degrees: some stay empty
    (Autoregressive(Affine(), hidden_units=(64, 64)), 5, 0),
    (Autoregressive(Affine(), hidden_units=(15,) * 3, residual=True), 3, 0),
    (Autoregressive(Affine(), hidden_units=(33,) * 5, activation="tanh", residual=True), 17, 2),
]


@pytest.mark.parametrize(("bijection", "n_features", "n_context"), CASES)
def test_feature_depends_on_those_before_it(bijection, n_features, n_context):
    flow, _, _ = random_flow(bijection, n_features, n_context)
    rows, context = rows_and_context(20, n_features, n_context)
    for direction in ("forward", "inverse"):
        out, _ = apply(flow, direction, rows, context)
        for j in range(n_features):
            moved = rows.copy()
            moved[:, j] += 1.0
            out_moved, _ = apply(flow, direction, moved, context)
            assert np.array_equal(out_moved[:, :j], out[:, :j])
            assert np.all(out_moved[:, j] > out[:, j])


def test_later_features_do_depend_on_earlier_ones():
    flow, _, _ = random_flow(Autoregressive(Affine(), hidden_units=(40,), activation="tanh"), 5)
    rows = np.random.default_rng(0).standard_normal((20, 5))
    z, _ = apply(flow, "forward", rows)
    for j in range(4):
        moved = rows.copy()
        moved[:, j] += 1.0
        z_moved, _ = apply(flow, "forward", moved)
        assert np.all(z_moved[:, j + 1 :] != z[:, j + 1 :])


@pytest.mark.parametrize("n_features, gain", [(2, 6**0.5), (6, 2**0.5), (12, 1.0), (30, 1.0)])
def test_hidden_units_start_at_different_places_and_outputs_at_zero(n_features, gain):
    """Uniform; the bound falls with the root of the layer's inputs, those that its mask hides included."""
    flow = make_flow(Autoregressive(Affine(), hidden_units=(1000, 1000)), n_features)
    params = flow.get_params()
    block = {name.split(".")[-1]: params[at : at + size] for name, at, size, _ in flow.layout()}
    assert {"weight0", "bias0", "weight1", "bias1", "weight2", "bias2"} == set(block)
    for name, n_inputs in ("weight0", n_features), ("bias0", n_features), ("weight1", 1000), ("bias1", 1000):
        drawn, bound = block[name][block[name] != 0], gain * n_inputs**-0.5
        assert len(np.unique(drawn)) == len(drawn) >= 1000
        assert np.abs(drawn).max() <= bound
        assert np.var(drawn) == pytest.approx(bound**2 / 3, rel=0.1)
    assert not block["weight2"].any() and not block["bias2"].any()
