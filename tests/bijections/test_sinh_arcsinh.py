"""SinhArcsinh: z = sinh(delta asinh(x) - epsilon), skewness and tail weight."""

import numpy as np
from engine_flows import make_flow
from reference import registry

from nflows_np.specs import Autoregressive, Coupling, Elementwise, SinhArcsinh
from nflows_np.testing import apply

CASES = [
    (Elementwise(SinhArcsinh()), 1, 0),
    (Elementwise(SinhArcsinh(), hidden_units=(9, 5), activation="tanh"), 3, 2),
    (Coupling(SinhArcsinh(), hidden_units=(12,), activation="silu"), 3, 0),
    (Autoregressive(SinhArcsinh(), hidden_units=(10,), activation="elu"), 2, 2),
]


@registry.transformer("sinh_arcsinh")
class Reference:
    """The textbook formulas of Jones and Pewsey (2009)."""

    n_params = 2

    def _parameters(self, p):
        return 3.0 * np.tanh(p[..., 0] / 3.0), np.exp(np.tanh(p[..., 1]))

    def forward(self, x, p):
        epsilon, delta = self._parameters(p)
        u = delta * np.arcsinh(x) - epsilon
        return np.sinh(u), np.log(delta * np.cosh(u) / np.sqrt(1.0 + x * x))

    def inverse(self, z, p):
        epsilon, delta = self._parameters(p)
        x = np.sinh((np.arcsinh(z) + epsilon) / delta)
        return x, -self.forward(x, p)[1]


def test_delta_is_the_power_of_the_tails():
    flow = make_flow(Elementwise(SinhArcsinh()), 1)
    flow.set_params(np.array([0.0, np.arctanh(np.log(0.5))]))  # delta = 1/2
    z, _ = apply(flow, "forward", np.array([[1e6], [1e8]]))
    np.testing.assert_allclose(z[1] / z[0], 10.0, rtol=1e-5)


def test_epsilon_skews():
    flow = make_flow(Elementwise(SinhArcsinh()), 1)
    flow.set_params(np.array([3.0 * np.arctanh(0.5 / 3.0), 0.0]))  # epsilon = 1/2
    z, _ = apply(flow, "forward", np.array([[0.0]]))
    np.testing.assert_allclose(z, [[-np.sinh(0.5)]], rtol=1e-12)
