"""Sigmoid: z = 1 / (1 + exp(-x)), and with Inverse the logit; see also laws/test_pointwise.py."""

import numpy as np
from engine_flows import every_dtype, log_prob, make_flow
from scipy.stats import norm

from nflows_np.specs import Elementwise, Exp, Inverse, Scale, Sigmoid
from nflows_np.testing import apply

# Powers of sigmoid(x): the whole line onto itself, and the identity at the start.
CASES = [
    ([Sigmoid(), Inverse(Exp()), Elementwise(Scale()), Exp(), Inverse(Sigmoid())], 1, 0),
    ([Sigmoid(), Inverse(Exp()), Elementwise(Scale(), hidden_units=(5,)), Exp(), Inverse(Sigmoid())], 3, 2),
]


def test_its_inverse_is_the_logit_normal_density():
    flow = make_flow(Inverse(Sigmoid()), 1)
    p = np.random.default_rng(0).random((50, 1))
    expected = norm.logpdf(np.log(p / (1 - p))) - np.log(p * (1 - p))
    np.testing.assert_allclose(log_prob(flow, p), expected[:, 0], rtol=1e-11)
    assert log_prob(flow, 1.0 + p).tolist() == log_prob(flow, -p).tolist() == [-np.inf] * 50


@every_dtype
def test_logits_of_zero_and_one_are_finite(dtype):
    eps = np.finfo(dtype).eps
    x, log_det = apply(make_flow(Sigmoid(), 1, dtype=dtype), "inverse", np.array([[0.0], [1.0]]))
    np.testing.assert_allclose(x[:, 0], [np.log(np.finfo(dtype).tiny), -np.log(eps / 2)], rtol=4 * eps)
    assert np.isfinite(log_det).all()
