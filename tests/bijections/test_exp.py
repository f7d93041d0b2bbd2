"""Exp: z = exp(x), and with Inverse the logarithm; its laws on its own domain stand in laws/test_pointwise.py."""

import numpy as np
import pytest
from engine_flows import every_dtype, log_prob, make_flow
from scipy.stats import lognorm

from nflows_np.specs import Affine, Elementwise, Exp, FixedAffine, Inverse, Softplus
from nflows_np.testing import apply

# Powers of softplus(x): the whole line onto itself, and the identity at the start.
CASES = [
    ([Softplus(), Inverse(Exp()), Elementwise(Affine()), Exp(), Inverse(Softplus())], 1, 0),
    (
        [Softplus(), Inverse(Exp()), Elementwise(Affine(), hidden_units=(6,)), Exp(), Inverse(Softplus())],
        3,
        2,
    ),
]


def test_its_inverse_is_the_log_normal_density():
    flow = make_flow([Inverse(Exp()), FixedAffine(0.5, 2.0)], 1)
    rows = np.random.default_rng(0).lognormal(size=(50, 1))
    expected = lognorm(s=2.0, scale=np.exp(0.5)).logpdf(rows[:, 0])
    np.testing.assert_allclose(log_prob(flow, rows), expected, rtol=1e-12)
    assert log_prob(flow, -rows).tolist() == [-np.inf] * 50


@every_dtype
def test_is_held_before_it_overflows(dtype):
    z, log_det = apply(make_flow(Exp(), 1, dtype=dtype), "forward", np.array([[1e3], [1e10]]))
    assert np.isfinite(z).all() and z[0] == z[1] and log_det[0] == log_det[1]
    assert log_det[0] == pytest.approx(np.log(z[0, 0]), rel=0.05)
