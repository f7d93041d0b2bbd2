"""Affine: z = x exp(-alpha) + t with a bounded log-scale, in every wiring."""

import numpy as np
from engine_flows import make_flow
from reference.transformers import LOG_SCALE_BOUND

from nflows_np.specs import Affine, Autoregressive, Coupling, Elementwise
from nflows_np.testing import apply

CASES = [
    (Elementwise(Affine()), 1, 0),
    (Elementwise(Affine(), hidden_units=(9, 5), activation="tanh"), 3, 2),
    (Coupling(Affine(), hidden_units=(15,)), 3, 0),
    (Coupling(Affine(), swap=True, hidden_units=(12, 9), activation="silu"), 5, 2),
    (Autoregressive(Affine(), hidden_units=(14,)), 2, 0),
    (Autoregressive(Affine(), hidden_units=(10, 7), activation="tanh"), 5, 2),
]


def test_log_scale_is_bounded_and_passes_small_values():
    n_features = 4
    flow = make_flow(Elementwise(Affine()), n_features)
    # Features' parameters lie side by side: t_0, a_0, t_1, a_1, ...
    a = np.array([1e-3, -0.5, 1e3, -1e6])
    flow.set_params(np.column_stack([np.zeros(n_features), a]).ravel())
    z, log_det = apply(flow, "forward", np.ones((1, n_features)))
    alpha = -np.log(z[0])
    c = LOG_SCALE_BOUND
    np.testing.assert_allclose(alpha, [c * np.tanh(1e-3 / c), -c * np.tanh(0.5 / c), c, -c], rtol=1e-12)
    np.testing.assert_allclose(log_det, -alpha.sum(), rtol=1e-13)


def test_shift_is_added_after_scaling():
    flow = make_flow(Elementwise(Affine()), 1)
    flow.set_params(np.array([3.0, LOG_SCALE_BOUND * np.arctanh(np.log(2.0) / LOG_SCALE_BOUND)]))
    z, log_det = apply(flow, "forward", np.array([[3.0], [7.0]]))
    np.testing.assert_allclose(z, [[4.5], [6.5]], rtol=1e-14)
    np.testing.assert_allclose(log_det, -np.log(2.0), rtol=1e-14)
