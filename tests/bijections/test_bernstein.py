"""Bernstein: increasing polynomials on an interval, tangents outside."""

import numpy as np
import pytest
from reference import registry
from reference.by_number import ByNumber
from scipy import interpolate

from nflows_np.specs import Autoregressive, Bernstein, Coupling, Elementwise

CASES = [
    (Elementwise(Bernstein(6, bound=2.0)), 1, 0),
    (Elementwise(Bernstein(1)), 2, 0),
    (Coupling(Bernstein(), hidden_units=(12,), activation="silu"), 3, 2),
    (Autoregressive(Bernstein(9, bound=3.0), hidden_units=(10,), activation="elu"), 2, 0),
]
LEAST = 0.05


@registry.transformer("bernstein")
class Reference(ByNumber):
    """scipy's polynomials in the Bernstein basis."""

    def __init__(self, degree, bound):
        self.n_params, self.bound = degree, bound

    def polynomial(self, p):
        e = np.exp(p - p.max())
        steps = 2 * self.bound * (LEAST / len(p) + (1 - LEAST) * e / e.sum())
        theta = np.concatenate([[-self.bound], -self.bound + np.cumsum(steps)])
        return interpolate.BPoly(theta[:, None], [-self.bound, self.bound])

    def one(self, x, p):
        f = self.polynomial(p)
        held = np.clip(x, -self.bound, self.bound)
        slope = f(held, nu=1)
        return f(held) + slope * (x - held), np.log(slope)

    def reach(self, z, p):
        return (self.bound + abs(z) + 1.0) * 100.0


def test_bad_options_are_refused():
    for options, message in (
        ({"degree": 0}, "degree"),
        ({"degree": 65}, "degree"),
        ({"bound": 0.0}, "bound"),
    ):
        with pytest.raises(ValueError, match=message):
            Bernstein(**options)
