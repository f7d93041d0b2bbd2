"""Radial: z = x + beta (x - c) / (alpha + |x - c|), with beta > -alpha."""

import numpy as np
import pytest
from engine_flows import DTYPES, every_dtype, every_isa, make_flow
from reference import registry
from reference.ridge import bisect, steepness

from nflows_np.specs import Radial
from nflows_np.testing import apply, check_gradients, vjp

CASES = [
    (Radial(), 1, 0),
    (Radial(), 2, 0),
    (Radial(), 5, 2),
    (Radial(), 17, 0),
]


@registry.bijection("radial")
class Reference:
    """Rezende and Mohamed (2015): the radius of the inverse by bisection."""

    def __init__(self, spec, n_features, n_context, reader):
        self.center = reader.take("center", (n_features,))
        self.alpha = np.sqrt(n_features) * np.exp(5.0 * np.tanh(reader.take("log_scale", (1,))[0] / 5.0))
        self.beta = self.alpha * steepness(reader.take("steepness", (1,))[0])

    def _log_det(self, r):
        n, h = len(self.center), 1.0 / (self.alpha + r)
        return (n - 1) * np.log(1.0 + self.beta * h) + np.log(1.0 + self.beta * h - self.beta * r * h**2)

    def forward(self, x, context):
        r = np.linalg.norm(x - self.center, axis=1)
        return x + (self.beta / (self.alpha + r))[:, None] * (x - self.center), self._log_det(r)

    def inverse(self, z, context):
        r = bisect(
            lambda r: r * (1.0 + self.beta / (self.alpha + np.abs(r))),
            np.linalg.norm(z - self.center, axis=1),
            1.0 + abs(self.beta),
        )
        shrunk = 1.0 + self.beta / (self.alpha + r)
        return self.center + (z - self.center) / shrunk[:, None], -self._log_det(r)


@every_isa
@every_dtype
def test_radius_comes_back_to_machine_precision(isa, dtype):
    """Around a center at zero, radii from 1e-15 to 1e6 lose what the stretch 1 + k makes of a rounding, and no more."""
    eps = float(np.finfo(dtype).eps)
    flow = make_flow(Radial(), 2, isa=isa, dtype=dtype)
    radii = np.geomspace(1e-15, 1e6, 1000)
    rows = (radii[:, None] * np.array([0.6, -0.8])).astype(dtype)
    for raw in (-1e3, -3.0, -0.1, 0.1, 3.0, 1e3):
        flow.set_params(np.array([0.0, 0.0, 0.3, raw], dtype=dtype))
        bound = 16.0 * eps * (1.0 + max(0.0, steepness(raw)))
        again, _ = apply(flow, "forward", apply(flow, "inverse", rows)[0])
        assert np.max(np.abs(again.astype(np.float64) / rows - 1.0)) < bound
        again, _ = apply(flow, "inverse", apply(flow, "forward", rows)[0])
        assert np.max(np.abs(again.astype(np.float64) / rows - 1.0)) < bound


def test_starts_at_the_identity_and_can_leave_it():
    rows = np.random.default_rng(0).standard_normal((50, 3))
    for dtype in DTYPES:
        flow = make_flow(Radial(), 3, dtype=dtype, seed=5)
        for direction in ("forward", "inverse"):
            out, log_det = apply(flow, direction, rows)
            assert np.array_equal(out, rows.astype(dtype)) and np.all(log_det == 0.0)
    _, d_params, _ = vjp(flow, "forward", rows, None, rows, np.ones(50))
    assert d_params[-1] != 0.0


def test_the_center_stays_with_finite_gradients():
    """At the center the radius has no derivative, and needs none."""
    flow = make_flow(Radial(), 2)
    flow.set_params(np.array([0.5, -1.5, 0.2, -0.7]))
    rows = np.array([[0.5, -1.5], [0.5, -1.4]])
    for direction in ("forward", "inverse"):
        out, log_det = apply(flow, direction, rows)
        assert np.array_equal(out[0], rows[0]) and np.isfinite(log_det).all()
        gradients = vjp(flow, direction, rows, None, np.ones((2, 2)), np.ones(2))
        assert all(np.isfinite(gradient).all() for gradient in gradients[:2])


@pytest.mark.parametrize("raw", [-30.0, -2.0, 2.0, 30.0])
def test_gradients_far_from_the_start(raw):
    for n_features in (1, 3):
        flow = make_flow(Radial(), n_features)
        flow.set_params(np.array([*[0.4] * n_features, -0.8, raw]))
        check_gradients(flow, np.random.default_rng(0).standard_normal((9, n_features)))
