"""Softplus: z = log(1 + exp(x)); its laws on its own domain stand in laws/test_pointwise.py."""

import numpy as np
from engine_flows import every_dtype, make_flow

from nflows_np.specs import Elementwise, Inverse, Scale, Softplus
from nflows_np.testing import apply

CASES = [
    ([Softplus(), Elementwise(Scale()), Inverse(Softplus())], 2, 0),
    ([Softplus(), Elementwise(Scale(), hidden_units=(7,)), Inverse(Softplus())], 5, 2),
]


@every_dtype
def test_large_values_stay_and_small_ones_are_exponentials(dtype):
    flow = make_flow(Softplus(), 1, dtype=dtype)
    rows = np.array([[50.0], [1e4], [-50.0], [-80.0]])
    z, log_det = apply(flow, "forward", rows)
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(z, [[50.0], [1e4], np.exp([-50.0]), np.exp([-80.0])], rtol=4 * eps)
    np.testing.assert_allclose(log_det, [0.0, 0.0, -50.0, -80.0], atol=1e-20)
    np.testing.assert_allclose(apply(flow, "inverse", z)[0], rows, rtol=4 * eps)
