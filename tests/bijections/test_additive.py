"""Additive: z = x - mu, in every wiring."""

import numpy as np
import pytest
from engine_flows import random_flow, rows_and_context

from nflows_np.specs import Additive, Autoregressive, Coupling, Elementwise
from nflows_np.testing import apply

CASES = [
    (Elementwise(Additive()), 3, 0),
    (Elementwise(Additive(), hidden_units=(7,), activation="silu"), 2, 2),
    (Coupling(Additive(), hidden_units=(13, 7)), 5, 0),
    (Coupling(Additive(), mask="half", hidden_units=(10,), activation="tanh"), 2, 2),
    (Autoregressive(Additive(), hidden_units=(11,)), 3, 2),
    (Autoregressive(Additive(), hidden_units=(18, 18), activation="elu"), 17, 0),
]


@pytest.mark.parametrize(("bijection", "n_features", "n_context"), CASES)
def test_preserves_volume(bijection, n_features, n_context):
    flow, _, _ = random_flow(bijection, n_features, n_context)
    rows, context = rows_and_context(20, n_features, n_context)
    for direction in ("forward", "inverse"):
        out, log_det = apply(flow, direction, rows, context)
        assert np.any(out != rows)
        assert np.all(log_det == 0.0)
