"""Scale: z = x exp(-alpha) with a bounded log-scale, in every wiring."""

import numpy as np
import pytest
from engine_flows import random_flow, rows_and_context

from nflows_np.specs import Autoregressive, Coupling, Elementwise, Scale
from nflows_np.testing import apply

CASES = [
    (Elementwise(Scale()), 2, 0),
    (Elementwise(Scale(), hidden_units=(6,), activation="elu"), 5, 2),
    (Coupling(Scale(), hidden_units=(9,), activation="tanh"), 3, 0),
    (Coupling(Scale(), hidden_units=()), 2, 2),
    (Autoregressive(Scale(), hidden_units=(13,), activation="silu"), 3, 0),
    (Autoregressive(Scale(), hidden_units=(8, 9)), 2, 2),
]


@pytest.mark.parametrize(("bijection", "n_features", "n_context"), CASES)
def test_keeps_zero_and_signs(bijection, n_features, n_context):
    flow, _, _ = random_flow(bijection, n_features, n_context)
    rows, context = rows_and_context(20, n_features, n_context)
    rows[0] = 0.0
    z, _ = apply(flow, "forward", rows, context)
    assert np.array_equal(np.sign(z), np.sign(rows))
