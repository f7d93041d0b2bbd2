"""Elementwise: every feature by itself, with free parameters or with those a network of the context gives."""

import numpy as np
import pytest
from engine_flows import make_flow, random_flow, rows_and_context

from nflows_np.specs import Affine, Elementwise
from nflows_np.testing import apply

CASES = [
    (Elementwise(Affine()), 5, 0),
    (Elementwise(Affine()), 17, 0),
    (Elementwise(Affine(), hidden_units=()), 3, 2),
    (Elementwise(Affine(), hidden_units=(17,)), 1, 2),
    (Elementwise(Affine(), hidden_units=(11, 6, 13), activation="silu"), 17, 2),
]


@pytest.mark.parametrize(("bijection", "n_features", "n_context"), CASES)
def test_features_do_not_mix(bijection, n_features, n_context):
    flow, _, _ = random_flow(bijection, n_features, n_context)
    rows, context = rows_and_context(20, n_features, n_context)
    z, log_det = apply(flow, "forward", rows, context)
    for j in range(n_features):
        moved = rows.copy()
        moved[:, j] += 1.0
        z_moved, log_det_moved = apply(flow, "forward", moved, context)
        others = np.arange(n_features) != j
        assert np.array_equal(z_moved[:, others], z[:, others])
        assert np.all(z_moved[:, j] > z[:, j])
        assert np.array_equal(log_det_moved, log_det)


def test_without_context_there_are_no_networks():
    assert make_flow(Elementwise(Affine(), hidden_units=(64, 64)), 3).n_params == 6


def test_context_moves_every_feature():
    flow, _, _ = random_flow(Elementwise(Affine(), hidden_units=(8,), activation="tanh"), 3, 2)
    rows, context = np.ones((2, 3)), np.array([[0.0, 1.0], [1.0, 0.0]])
    z, log_det = apply(flow, "forward", rows, context)
    assert np.all(z[0] != z[1])
    assert log_det[0] != log_det[1]
