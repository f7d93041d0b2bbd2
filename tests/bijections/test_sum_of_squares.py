"""SumOfSquares: increasing polynomials on an interval, tangents outside."""

import numpy as np
import pytest
from engine_flows import every_dtype, make_flow
from numpy.polynomial import Polynomial
from reference import registry
from reference.by_number import ByNumber

from nflows_np.specs import Autoregressive, Coupling, Elementwise, SumOfSquares
from nflows_np.testing import apply

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


@every_dtype
@pytest.mark.parametrize("degree", [0, 1, 3, 16])
@pytest.mark.parametrize("extreme", [0.3, 3.0, 1e4])
def test_inverses_everywhere(dtype, degree, extreme):
    """Rows at the ends, inside and far out come back, whatever the parameters, as their slope allows."""
    rng = np.random.default_rng(degree)
    rows = np.concatenate([[-3.0, 3.0, 0.0, 1e6, -1e6], rng.uniform(-3, 3, 500)])[:, None].astype(dtype)
    for _ in range(10):
        flow = make_flow(Elementwise(SumOfSquares(degree, bound=3.0)), 1, dtype=dtype)
        flow.set_params((extreme * rng.standard_normal(1 + 2 * (degree + 1))).astype(dtype))
        shift = abs(float(flow.get_params()[0]))
        for there, back in (("forward", "inverse"), ("inverse", "forward")):
            out, log_there = apply(flow, there, rows)
            returned, log_back = apply(flow, back, out)
            assert np.isfinite(log_there).all() and np.isfinite(log_back).all()
            size = np.maximum(1.0, np.maximum(np.abs(rows[:, 0]), np.abs(out[:, 0]))) + shift
            condition = np.exp(np.abs(log_there)) * size
            error = np.abs(returned - rows)[:, 0]
            assert np.all(error <= 300 * (degree + 1) * np.finfo(dtype).eps * condition)


def test_bad_options_are_refused():
    for options, message in (
        ({"degree": -1}, "degree"),
        ({"degree": 17}, "degree"),
        ({"bound": 0.0}, "bound"),
    ):
        with pytest.raises(ValueError, match=message):
            SumOfSquares(**options)
