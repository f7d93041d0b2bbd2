"""Sigmoidal: a mixture of sigmoids seen through the logit."""

import numpy as np
import pytest
from engine_flows import make_flow
from reference import registry
from reference.by_number import ByNumber
from scipy import special

from nflows_np.specs import Autoregressive, Coupling, Elementwise, Sigmoidal
from nflows_np.testing import check_gradients

CASES = [
    (Elementwise(Sigmoidal(3)), 1, 0),
    (Elementwise(Sigmoidal(1)), 2, 0),
    (Coupling(Sigmoidal(), hidden_units=(12,), activation="silu"), 3, 2),
    (Autoregressive(Sigmoidal(5), hidden_units=(10,), activation="elu"), 2, 0),
]


@registry.transformer("sigmoidal")
class Reference(ByNumber):
    """The formulas of Huang et al. (2018) in logarithms."""

    def __init__(self, n_units):
        self.n_units, self.n_params = n_units, 3 * n_units
        self.rates = 4.0 ** np.linspace(-1, 1, n_units) if n_units > 1 else np.ones(1)

    def one(self, x, p):
        log_a, b, log_w = np.split(p, 3)
        a = np.exp(2.0 * np.tanh(log_a / 2.0))
        u = a * x + 30.0 * np.tanh(b * self.rates / 30.0)
        log_w = log_w - special.logsumexp(log_w)
        log_s = special.logsumexp(log_w + special.log_expit(u))
        log_c = special.logsumexp(log_w + special.log_expit(-u))
        terms = log_w + np.log(a) + special.log_expit(u) + special.log_expit(-u)
        return log_s - log_c, special.logsumexp(terms) - log_s - log_c

    def reach(self, z, p):
        return (abs(z) + 31.0) * np.exp(2.0)


def test_units_part_from_the_identity():
    """Where all parameters are zero the units are alike, but what one step makes of them is not."""
    flow = make_flow(Elementwise(Sigmoidal(4)), 1)
    _, d_params, _ = flow.forward_vjp(np.ones((1, 1, 16)), 16, np.ones((1, 1, 16)), np.zeros(16))
    assert len(np.unique(np.round(d_params[4:8], 12))) == 4


def test_gradients_in_the_tails():
    flow = make_flow(Elementwise(Sigmoidal(3)), 1)
    flow.set_params(np.random.default_rng(0).standard_normal(9))
    check_gradients(flow, np.array([[-40.0], [25.0], [60.0]]))


def test_bad_options_are_refused():
    for n_units in (0, 65, 2.0):
        with pytest.raises(ValueError, match="n_units"):
            Sigmoidal(n_units)
