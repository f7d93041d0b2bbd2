"""Planar: z = x + u^ tanh(w.x + b), with w.u^ > -1."""

import numpy as np
import pytest
from engine_flows import DTYPES, every_dtype, every_isa, make_flow
from reference import registry
from reference.ridge import bisect, steepness

from nflows_np.specs import Inverse, Planar
from nflows_np.testing import apply, check_gradients, vjp

CASES = [
    (Planar(), 1, 0),
    (Planar(), 2, 0),
    (Planar(), 5, 2),
    (Planar(), 17, 0),
]


@registry.bijection("planar")
class Reference:
    """Rezende and Mohamed (2015), with u^ as a shift of u along the unit vector of w."""

    def __init__(self, spec, n_features, n_context, reader):
        self.w = reader.take("weight", (n_features,))
        self.b = reader.take("bias", (1,))[0]
        u = reader.take("direction", (n_features,))
        self.m = steepness(self.w @ u)
        length = np.linalg.norm(self.w)
        self.u_hat = u + (self.m - self.w @ u) / length * (self.w / length) if length > 0.0 else u

    def forward(self, x, context):
        t = x @ self.w + self.b
        return x + np.tanh(t)[:, None] * self.u_hat, np.log(1.0 + self.m / np.cosh(t) ** 2)

    def inverse(self, z, context):
        t = bisect(lambda t: t + self.m * np.tanh(t), z @ self.w + self.b, 1.0 + abs(self.m))
        return z - np.tanh(t)[:, None] * self.u_hat, -np.log(1.0 + self.m / np.cosh(t) ** 2)


def one_column(dtype, isa, m, w=1.0, b=0.0):
    """On one column the layer is z = x + u^ tanh(w x + b) with u^ w = m: parameters for the m asked for."""
    flow = make_flow(Planar(), 1, isa=isa, dtype=dtype)
    c = 1.0 - np.exp(-2.0)
    a = ((m + c) ** 2 - c**2) / (2.0 * (m + c))  # of m = a + sqrt(a^2 + c^2) - c
    flow.set_params(np.array([w, b, a / w], dtype=dtype))
    return flow


STEEPNESS = [-0.864, -0.8, -0.5, -1e-3, 1e-3, 0.5, 1.0, 3.0, 10.0, 100.0, 1e3, 1e6]


@pytest.mark.parametrize("m", STEEPNESS)
@every_isa
@every_dtype
def test_inverse_is_exact_to_machine_precision(m, isa, dtype):
    """All sixteen lanes at different places, from 1e-30 to 1e6 and close around where the curve bends most.

    x = z - m tanh t is a rounding of the larger of both away from the root; what the slope makes of that is all that
    is left. The log-det is taken at the root itself; a slope near 0 is as sensitive as its inverse is large.
    """
    eps = float(np.finfo(dtype).eps)
    flow = one_column(dtype, isa, m)
    m = steepness(float(flow.get_params()[2]))
    near = np.geomspace(1e-9, 1.0, 500)
    size = np.concatenate([
        np.geomspace(1e-30, 1e6, 1000), np.linspace(0.0, 2.0 + 2.0 * abs(m), 2000),
        abs(m) * (1.0 + near), abs(m) * (1.0 - near),
    ])  # fmt: skip
    z = np.concatenate([size, -size]).astype(dtype)
    x, log_det = apply(flow, "inverse", z[:, None])
    assert np.array_equal(x[: len(size)], -x[len(size) :])  # odd, bit by bit
    x, z = x[:, 0].astype(np.float64), z.astype(np.float64)
    root = bisect(lambda t: t + m * np.tanh(t), z, 1.0 + abs(m))
    slope = 1.0 + m / np.cosh(np.minimum(np.abs(root), 300.0)) ** 2
    assert np.max(np.abs(x - root) / (np.abs(x) + np.abs(z) + np.abs(z) / slope + 1e-30)) < 8.0 * eps
    assert np.max(np.abs(log_det + np.log(slope)) / (1.0 + (1.0 + np.abs(z)) / slope)) < 16.0 * eps


def test_starts_at_the_identity_and_can_leave_it():
    rows = np.random.default_rng(0).standard_normal((50, 3))
    for dtype in DTYPES:
        flow = make_flow(Planar(), 3, dtype=dtype, seed=5)
        z, log_det = apply(flow, "forward", rows)
        assert np.array_equal(z, rows.astype(dtype)) and np.all(log_det == 0.0)
    _, d_params, _ = vjp(flow, "forward", rows, None, rows, np.ones(50))
    assert np.all(d_params[-3:] != 0.0)


def test_without_a_weight_the_map_is_a_shift_with_finite_gradients():
    """w = 0 has no unit vector, and u^ = u needs none."""
    flow = make_flow(Planar(), 3)
    flow.set_params(np.array([0.0, 0.0, 0.0, 0.7, 1.0, -2.0, 3.0]))
    rows = np.random.default_rng(0).standard_normal((20, 3))
    z, log_det = apply(flow, "forward", rows)
    np.testing.assert_allclose(z, rows + np.tanh(0.7) * np.array([1.0, -2.0, 3.0]), rtol=1e-14)
    assert np.all(log_det == 0.0)
    for direction in ("forward", "inverse"):
        gradients = vjp(flow, direction, rows, None, rows, np.ones(20))
        assert all(np.isfinite(gradient).all() for gradient in gradients[:2])


@pytest.mark.parametrize("scale", [0.1, 1.0, 5.0])
def test_gradients_far_from_the_start(scale):
    """Where w.u is far below -1, and where w is small beside u."""
    for bijection in (Planar(), Inverse(Planar())):
        flow = make_flow(bijection, 3)
        flow.set_params(np.array([0.6 * scale, -0.3 * scale, 0.2 * scale, 0.1, -3.0, 2.0, -1.0]))
        check_gradients(flow, 0.3 * np.random.default_rng(0).standard_normal((9, 3)))
