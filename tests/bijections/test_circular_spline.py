"""CircularSpline, and wirings with columns on a circle."""

import numpy as np
import pytest
from engine_flows import every_dtype, make_flow, random_flow, rows_and_context
from reference import registry

from nflows_np.specs import (
    Affine,
    Autoregressive,
    CircularSpline,
    Coupling,
    Elementwise,
    Inverse,
    RationalQuadratic,
)
from nflows_np.testing import apply

TURN = 2 * np.pi
SMALL = CircularSpline(3)

CASES = [
    (Elementwise(CircularSpline(5)), 1, 0),
    (Elementwise(CircularSpline(1), hidden_units=(6,), activation="tanh"), 2, 2),
    (Elementwise(Affine(), circular=(1,), circular_spline=SMALL), 3, 0),
    (Coupling(RationalQuadratic(4), circular=(0, 3), hidden_units=(12,), activation="silu"), 5, 0),
    (Coupling(Affine(), mask=(1, 2), circular=(2, 0), hidden_units=(9,), circular_spline=SMALL), 3, 2),
    (Autoregressive(Affine(), circular=(0,), hidden_units=(10,), activation="elu"), 2, 0),
    (Autoregressive(RationalQuadratic(2), circular=(1, 2), hidden_units=(24, 17), activation="tanh"), 5, 2),
    (Autoregressive(Affine(), circular=(0, 1), hidden_units=(11,), circular_spline=SMALL), 2, 0),
    (Inverse(Autoregressive(Affine(), circular=(1,), hidden_units=(9, 8), activation="silu")), 3, 2),
]


@registry.transformer("circular_spline")
class Reference:
    """The spline within a turn, its phase, and the whole turns."""

    def __init__(self, n_bins):
        spline = {"name": "rational_quadratic", "n_bins": n_bins, "tail_bound": np.pi, "tails": "circular"}
        self.spline = registry.make_transformer(spline)
        self.n_params = 1 + self.spline.n_params

    def forward(self, x, p):
        phase = TURN * np.tanh(p[..., 0] / TURN)
        turns = TURN * np.round(x / TURN)
        z, log_slope = self.spline.forward(np.clip(x - turns, -np.pi, np.pi), p[..., 1:])
        return z + turns + phase, log_slope

    def inverse(self, z, p):
        z = z - TURN * np.tanh(p[..., 0] / TURN)
        turns = TURN * np.round(z / TURN)
        x, log_slope = self.spline.inverse(np.clip(z - turns, -np.pi, np.pi), p[..., 1:])
        return x + turns, log_slope


@pytest.mark.parametrize(("bijection", "n_features", "n_context"), CASES)
def test_a_turn_more_is_a_turn_more_and_changes_nothing_else(bijection, n_features, n_context):
    flow, reference, _ = random_flow(bijection, n_features, n_context)
    rows, context = rows_and_context(30, n_features, n_context)
    layer = reference.bijections[0]
    layer = getattr(layer, "bijection", layer)
    on_circle = registry.TRANSFORMERS["circular_spline"]
    circular = [j for j in range(n_features) if isinstance(layer.transformers[j], on_circle)]
    assert circular
    for direction in ("forward", "inverse"):
        out, log_det = apply(flow, direction, rows, context)
        for j in circular:
            turned = rows.copy()
            turned[:, j] += TURN
            expected = out.copy()
            expected[:, j] += TURN
            found, found_log_det = apply(flow, direction, turned, context)
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
            np.testing.assert_allclose(found_log_det, log_det, rtol=0, atol=1e-12)


@every_dtype
def test_slopes_meet_at_the_seam(dtype):
    rng = np.random.default_rng(0)
    rows = np.nextafter(np.array([[np.pi], [-np.pi]], dtype), np.array([[0], [0]], dtype))
    for _ in range(20):
        flow = make_flow(Elementwise(CircularSpline(6)), 1, dtype=dtype)
        flow.set_params((2.0 * rng.standard_normal(flow.n_params)).astype(dtype))
        for direction in ("forward", "inverse"):
            out, log_det = apply(flow, direction, rows.astype(np.float64))
            atol = {"float32": 2e-2, "float64": 1e-9}[
                dtype
            ]  # steep within narrow bins: one rounding of x is felt
            assert out[0, 0] - out[1, 0] == pytest.approx(TURN, abs=atol)
            assert log_det[0] == pytest.approx(log_det[1], abs=atol)


def test_circular_columns_are_checked():
    with pytest.raises(
        ValueError, match=r"Coupling: circular must be a sequence of distinct column indices; got \(1, 1\)"
    ):
        Coupling(circular=(1, 1))
    with pytest.raises(
        ValueError, match=r"Autoregressive: circular\[0\] must be a non-negative integer; got -1"
    ):
        Autoregressive(circular=[-1])
    with pytest.raises(
        ValueError, match=r"Elementwise: circular must be column indices below n_features=2; got \(2,\)"
    ):
        Elementwise(circular=[2]).resolve(2)
    with pytest.raises(ValueError, match="Coupling: circular_spline must be a circularspline spec"):
        Coupling(circular_spline=RationalQuadratic())
    assert Coupling(circular=[3, 1]).circular == (1, 3)
