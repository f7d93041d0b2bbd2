"""SumOfSquares: increasing polynomials on an interval, tangents outside."""

import numpy as np
import pytest
from numpy.polynomial import Polynomial
from reference import registry
from reference.by_number import ByNumber

from nflows_np.specs import Autoregressive, Coupling, Elementwise, SumOfSquares

CASES = [
    (Elementwise(SumOfSquares(2, bound=2.0)), 1, 0),
    (Elementwise(SumOfSquares(0)), 2, 0),
    (Coupling(SumOfSquares(), hidden_units=(12,), activation="silu"), 3, 2),
    (Autoregressive(SumOfSquares(2, bound=3.0), hidden_units=(10,), activation="elu"), 2, 0),
]
LEAST = 0.05


@registry.transformer("sum_of_squares")
class Reference(ByNumber):
    """NumPy's polynomials."""

    def __init__(self, degree, bound):
        self.degree, self.bound, self.n_params = degree, bound, 1 + 2 * (degree + 1)

    def polynomial(self, p):
        """Slope as a polynomial of x, and its integral."""
        a = 4.0 * np.tanh(p[1:] / 4.0).reshape(2, -1)
        a[:, 0] += 0.8, 0.6
        scaled = a / self.bound ** np.arange(self.degree + 1)
        slope = LEAST + (1 - LEAST) * sum(Polynomial(row) ** 2 for row in scaled)
        return slope, slope.integ() + p[0]

    def one(self, x, p):
        slope, f = self.polynomial(p)
        held = np.clip(x, -self.bound, self.bound)
        return f(held) + slope(held) * (x - held), np.log(slope(held))

    def reach(self, z, p):
        return (abs(z) + abs(p[0]) + 1.0) / LEAST


def test_bad_options_are_refused():
    for options, message in (
        ({"degree": -1}, "degree"),
        ({"degree": 17}, "degree"),
        ({"bound": 0.0}, "bound"),
    ):
        with pytest.raises(ValueError, match=message):
            SumOfSquares(**options)
