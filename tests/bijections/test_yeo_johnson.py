"""YeoJohnson: powers of 1 + |x|, one for each side of zero."""

import numpy as np
from engine_flows import make_flow
from reference import registry
from scipy import stats

from nflows_np.specs import Autoregressive, Coupling, Elementwise, YeoJohnson
from nflows_np.testing import apply

CASES = [
    (Elementwise(YeoJohnson()), 1, 0),
    (Elementwise(YeoJohnson(), hidden_units=(9, 5), activation="tanh"), 3, 2),
    (Coupling(YeoJohnson(), hidden_units=(12,), activation="silu"), 3, 0),
    (Autoregressive(YeoJohnson(), hidden_units=(10,), activation="elu"), 2, 2),
]


def power(p):
    return 1.0 + 0.9 * np.tanh(p / 0.9)


@registry.transformer("yeo_johnson")
class Reference:
    """The formulas of Yeo and Johnson (2000)."""

    n_params = 1

    def _exponent(self, x, p):
        return np.where(x >= 0, power(p[..., 0]), 2.0 - power(p[..., 0]))

    def forward(self, x, p):
        e = self._exponent(x, p)
        return np.sign(x) * ((1 + np.abs(x)) ** e - 1) / e, (e - 1) * np.log(1 + np.abs(x))

    def inverse(self, z, p):
        e = self._exponent(z, p)
        x = np.sign(z) * ((1 + e * np.abs(z)) ** (1 / e) - 1)
        return x, -self.forward(x, p)[1]


def test_is_scipys():
    x = np.linspace(-5.0, 5.0, 101)
    for raw in (-2.0, -0.3, 0.0, 0.5, 4.0):
        flow = make_flow(Elementwise(YeoJohnson()), 1)
        flow.set_params(np.array([raw]))
        z, _ = apply(flow, "forward", x[:, None])
        np.testing.assert_allclose(z[:, 0], stats.yeojohnson(x, power(raw)), rtol=1e-12, atol=1e-14)
