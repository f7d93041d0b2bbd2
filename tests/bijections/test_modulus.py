"""Modulus: one power of 1 + |x| for both sides of zero."""

import numpy as np
from engine_flows import make_flow
from reference import registry

from nflows_np.specs import Autoregressive, Coupling, Elementwise, Modulus
from nflows_np.testing import apply

CASES = [
    (Elementwise(Modulus()), 1, 0),
    (Elementwise(Modulus(), hidden_units=(9, 5), activation="tanh"), 3, 2),
    (Coupling(Modulus(), hidden_units=(12,), activation="silu"), 3, 0),
    (Autoregressive(Modulus(), hidden_units=(10,), activation="elu"), 2, 2),
]


@registry.transformer("modulus")
class Reference:
    """The formulas of John and Draper (1980)."""

    n_params = 1

    def _power(self, p):
        return 1.0 + 0.9 * np.tanh(p[..., 0] / 0.9)

    def forward(self, x, p):
        e = self._power(p)
        return np.sign(x) * ((1 + np.abs(x)) ** e - 1) / e, (e - 1) * np.log(1 + np.abs(x))

    def inverse(self, z, p):
        e = self._power(p)
        x = np.sign(z) * ((1 + e * np.abs(z)) ** (1 / e) - 1)
        return x, -self.forward(x, p)[1]


def test_is_odd():
    """Unlike Yeo and Johnson's power it treats both sides of zero alike."""
    x = np.linspace(0.0, 5.0, 51)[:, None]
    flow = make_flow(Elementwise(Modulus()), 1)
    flow.set_params(np.array([-1.5]))
    (z, log_det), (mirrored, log_det_of_mirrored) = apply(flow, "forward", x), apply(flow, "forward", -x)
    assert np.array_equal(mirrored, -z)
    assert np.array_equal(log_det_of_mirrored, log_det)
    assert np.all(z[1:] < x[1:])
