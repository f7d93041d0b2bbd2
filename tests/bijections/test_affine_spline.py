"""AffineSpline: an affine map, then a rational-quadratic spline."""

import numpy as np
import pytest
from engine_flows import make_flow
from reference import registry

from nflows_np.specs import Affine, AffineSpline, Autoregressive, Coupling, Elementwise, RationalQuadratic
from nflows_np.testing import apply

CASES = [
    (Elementwise(AffineSpline(4, tail_bound=2.0)), 1, 0),
    (Coupling(AffineSpline(tail_bound=3.0), hidden_units=(12,), activation="silu"), 3, 2),
    (Autoregressive(AffineSpline(4, tail_bound=8.0), hidden_units=(10,), activation="elu"), 2, 0),
]


@registry.transformer("affine_spline")
class Reference:
    """The references of its parts, one after the other."""

    def __init__(self, n_bins, tail_bound):
        spline = {"name": "rational_quadratic", "n_bins": n_bins, "tail_bound": tail_bound, "tails": "linear"}
        self.affine = registry.make_transformer({"name": "affine"})
        self.spline = registry.make_transformer(spline)
        self.n_params = self.affine.n_params + self.spline.n_params

    def forward(self, x, p):
        u, first = self.affine.forward(x, p[..., :2])
        z, second = self.spline.forward(u, p[..., 2:])
        return z, first + second

    def inverse(self, z, p):
        u, second = self.spline.inverse(z, p[..., 2:])
        x, first = self.affine.inverse(u, p[..., :2])
        return x, first + second


def test_is_its_parts_in_turn():
    rng = np.random.default_rng(0)
    affine, spline = rng.standard_normal(2), rng.standard_normal(11)
    whole = make_flow(Elementwise(AffineSpline(4, tail_bound=2.0)), 1)
    parts = make_flow([Elementwise(Affine()), Elementwise(RationalQuadratic(4, tail_bound=2.0))], 1)
    whole.set_params(np.concatenate([affine, spline]))
    parts.set_params(np.concatenate([affine, spline]))
    rows = 4.0 * rng.standard_normal((100, 1))
    for direction in ("forward", "inverse"):
        for found, expected in zip(apply(whole, direction, rows), apply(parts, direction, rows), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13)


def test_bad_options_are_refused():
    for options, message in (({"n_bins": 0}, "n_bins"), ({"tail_bound": -1.0}, "tail_bound")):
        with pytest.raises(ValueError, match=message):
            AffineSpline(**options)
