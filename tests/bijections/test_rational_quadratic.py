"""RationalQuadratic: monotone rational-quadratic splines with linear tails, and on [0, 1]."""

import numpy as np
import pytest
from engine_flows import every_dtype, make_flow
from reference import registry

from nflows_np.specs import Autoregressive, Coupling, Elementwise, RationalQuadratic
from nflows_np.testing import apply

CASES = [
    (Elementwise(RationalQuadratic(4, tail_bound=2.0)), 1, 0),
    (Elementwise(RationalQuadratic(1)), 2, 0),
    (Elementwise(RationalQuadratic(3, tails="none"), hidden_units=(6,), activation="tanh"), 3, 2),
    (Coupling(RationalQuadratic(tail_bound=3.0), hidden_units=(12,), activation="silu"), 3, 0),
    (Coupling(RationalQuadratic(2, tails="none"), swap=True, hidden_units=(7,)), 2, 2),
    (Autoregressive(RationalQuadratic(6), hidden_units=(10,), activation="elu"), 2, 0),
    (Autoregressive(RationalQuadratic(tail_bound=12.0), hidden_units=(9, 8), activation="tanh"), 5, 2),
]
LEAST = 0.15  # of an even share
LOG_STEEPEST = 3.0


@registry.transformer("rational_quadratic")
class Reference:
    """The formulas of Durkan et al. (2019), bin by bin."""

    def __init__(self, n_bins, tail_bound, tails):
        self.n_bins, self.tails = n_bins, tails
        self.low, self.high = (0.0, 1.0) if tails == "none" else (-tail_bound, tail_bound)
        self.n_params = 3 * n_bins + {"linear": -1, "circular": 0, "none": 1}[tails]

    def knots(self, p):
        K = self.n_bins
        ends = np.zeros((*p.shape[:-1], 1))

        def positions(logits):
            e = np.exp(logits - logits.max(axis=-1, keepdims=True))
            sizes = LEAST / K + (1 - LEAST) * e / e.sum(axis=-1, keepdims=True)
            inner = self.low + (self.high - self.low) * np.cumsum(sizes, axis=-1)[..., :-1]
            return np.concatenate([ends + self.low, inner, ends + self.high], axis=-1)

        raw = p[..., 2 * K :]
        if self.tails == "linear":
            raw = np.concatenate([ends, raw, ends], axis=-1)
        elif self.tails == "circular":
            raw = np.concatenate([raw, raw[..., :1]], axis=-1)
        slopes = np.exp(LOG_STEEPEST * np.tanh(raw / LOG_STEEPEST))
        return positions(p[..., :K]), positions(p[..., K : 2 * K]), slopes

    def bin_of(self, v, edges):
        k = np.clip(np.sum(v[..., None] >= edges[..., 1:-1], axis=-1), 0, self.n_bins - 1)
        return lambda knots, offset=0: np.take_along_axis(knots, (k + offset)[..., None], axis=-1)[..., 0]

    def curve(self, xi, x, y, d, at):
        w, h = at(x, 1) - at(x), at(y, 1) - at(y)
        s, t, d0, d1 = h / w, xi * (1 - xi), at(d), at(d, 1)
        q = s + (d1 + d0 - 2 * s) * t
        z = at(y) + h * (s * xi**2 + d0 * t) / q
        return z, np.log(s**2 * (d1 * xi**2 + 2 * s * t + d0 * (1 - xi) ** 2) / q**2)

    def inside(self, v):
        return (v >= self.low) & (v <= self.high)

    def forward(self, x, p):
        x_knots, y_knots, d = self.knots(p)
        held = np.clip(x, self.low, self.high)
        at = self.bin_of(held, x_knots)
        xi = (held - at(x_knots)) / (at(x_knots, 1) - at(x_knots))
        z, log_slope = self.curve(xi, x_knots, y_knots, d, at)
        return np.where(self.inside(x), z, x), np.where(self.inside(x), log_slope, 0.0)

    def inverse(self, z, p):
        x_knots, y_knots, d = self.knots(p)
        held = np.clip(z, self.low, self.high)
        at = self.bin_of(held, y_knots)
        w, h = at(x_knots, 1) - at(x_knots), at(y_knots, 1) - at(y_knots)
        s, d0, d1, up = h / w, at(d), at(d, 1), held - at(y_knots)
        a = h * (s - d0) + up * (d1 + d0 - 2 * s)  # eq. 6 to 8
        b = h * d0 - up * (d1 + d0 - 2 * s)
        c = -s * up
        xi = 2 * c / (-b - np.sqrt(np.maximum(b * b - 4 * a * c, 0.0)))
        log_slope = self.curve(xi, x_knots, y_knots, d, at)[1]
        inside = self.inside(z)
        return np.where(inside, xi * w + at(x_knots), z), np.where(inside, -log_slope, 0.0)


def spline(params, dtype="float64", **options):
    """One free spline of one feature, with given parameters."""
    flow = make_flow(Elementwise(RationalQuadratic(**options)), 1, dtype=dtype)
    flow.set_params(np.asarray(params, dtype=dtype))
    return flow


@every_dtype
@pytest.mark.parametrize("tails", ["linear", "none"])
def test_the_ends_stay_where_they_are(dtype, tails):
    low, high = (0.0, 1.0) if tails == "none" else (-3.0, 3.0)
    n = {"linear": 23, "none": 25}[tails]
    atol = {"float32": 1e-2, "float64": 1e-9}[
        dtype
    ]  # steep within narrow bins: a rounding error of x is felt
    for seed in range(20):
        params = 3.0 * np.random.default_rng(seed).standard_normal(n)
        flow = spline(params, dtype, tail_bound=3.0, tails=tails)
        for direction in ("forward", "inverse"):
            ends, log_det = apply(flow, direction, np.array([[low], [high]]))
            np.testing.assert_allclose(ends[:, 0], [low, high], rtol=1e-6)
            if tails == "linear":
                np.testing.assert_allclose(log_det, 0.0, atol=atol)


def test_tails_are_the_identity():
    flow = spline(np.random.default_rng(0).standard_normal(23), tail_bound=3.0)
    far = np.array([[-1e6], [-3.0001], [3.0001], [1e9]])
    for direction in ("forward", "inverse"):
        out, log_det = apply(flow, direction, far)
        assert np.array_equal(out, far) and np.array_equal(log_det, np.zeros(4))


def test_knots_are_met():
    """With logits whose softmax is known: bins of 1/4 and 3/4 of the width, 3/4 and 1/4 of the height."""
    share = np.log((0.25 - LEAST / 2) / (0.75 - LEAST / 2))
    flow = spline([share, 0.0, 0.0, share, 0.7], n_bins=2, tail_bound=1.0)
    z, log_det = apply(flow, "forward", np.array([[-0.5]]))
    np.testing.assert_allclose(z, [[0.5]], rtol=1e-12)
    np.testing.assert_allclose(log_det, [LOG_STEEPEST * np.tanh(0.7 / LOG_STEEPEST)], rtol=1e-12)
