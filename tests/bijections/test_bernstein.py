"""Bernstein: increasing polynomials on an interval, tangents outside."""

import numpy as np
import pytest
from engine_flows import every_dtype, make_flow
from reference import registry
from reference.by_number import ByNumber
from scipy import interpolate

from nflows_np.specs import Autoregressive, Bernstein, Coupling, Elementwise
from nflows_np.testing import apply

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


@every_dtype
@pytest.mark.parametrize("degree", [1, 2, 16, 64])
@pytest.mark.parametrize("extreme", [1.0, 30.0, 1e4])
def test_inverses_everywhere(dtype, degree, extreme):
    """Rows at the ends, inside and far out come back, whatever the parameters, as their slope allows."""
    rng = np.random.default_rng(degree)
    rows = np.concatenate([[-3.0, 3.0, 0.0, 1e6, -1e6], rng.uniform(-3, 3, 500)])[:, None].astype(dtype)
    for _ in range(10):
        flow = make_flow(Elementwise(Bernstein(degree, bound=3.0)), 1, dtype=dtype)
        flow.set_params((extreme * rng.standard_normal(degree)).astype(dtype))
        for there, back in (("forward", "inverse"), ("inverse", "forward")):
            out, log_there = apply(flow, there, rows)
            returned, log_back = apply(flow, back, out)
            assert np.isfinite(log_there).all() and np.isfinite(log_back).all()
            condition = np.exp(np.abs(log_there)) * np.maximum(1.0, np.abs(rows[:, 0]))
            error = np.abs(returned - rows)[:, 0]
            assert np.all(error <= 100 * degree * np.finfo(dtype).eps * condition)


def test_bad_options_are_refused():
    for options, message in (
        ({"degree": 0}, "degree"),
        ({"degree": 65}, "degree"),
        ({"bound": 0.0}, "bound"),
    ):
        with pytest.raises(ValueError, match=message):
            Bernstein(**options)
