"""The fixed pointwise maps, each alone on its own domain, and the rule outside it.

The law tests hold chains of these maps to the laws of the whole line, for exp alone sends it to half of it. Here
rows lie inside the image, where both directions are defined.
"""

import numpy as np
import pytest
from engine_flows import every_dtype, every_isa, log_prob, make_flow, resolve
from reference import build_flow

from nflows_np.specs import Exp, FixedAffine, Inverse, LeakyReLU, Sigmoid, Softplus
from nflows_np.testing import (
    apply,
    check_batch_invariance,
    check_gradients,
    check_log_det,
    check_round_trip,
    check_tails,
    vjp,
)

LINE, POSITIVE, UNIT = (-np.inf, np.inf), (0.0, np.inf), (0.0, 1.0)
IMAGES = {
    Exp(): POSITIVE,
    Softplus(): POSITIVE,
    Sigmoid(): UNIT,
    LeakyReLU(): LINE,
    LeakyReLU(3.0): LINE,
    FixedAffine((0.5, -20.0, 3e4), (1e-3, 7.0, 2e5)): LINE,
}
N_FEATURES = 3

every_map = pytest.mark.parametrize("bijection", [*IMAGES, *map(Inverse, IMAGES)], ids=repr)
every_bounded = pytest.mark.parametrize(
    "bijection", [bijection for bijection, image in IMAGES.items() if image != LINE], ids=repr
)


def rows_inside(bijection, n=40):
    """Rows that both directions take."""
    rng = np.random.default_rng(0)
    image = IMAGES[getattr(bijection, "bijection", bijection)]
    draw = {LINE: rng.standard_normal, POSITIVE: rng.standard_exponential, UNIT: rng.random}[image]
    return draw((n, N_FEATURES))


@every_map
@every_isa
@every_dtype
def test_directions_undo_each_other(bijection, isa, dtype):
    flow = make_flow(bijection, N_FEATURES, isa=isa, dtype=dtype)
    check_round_trip(flow, rows_inside(bijection))
    check_batch_invariance(flow, rows_inside(bijection))
    check_tails(flow, N_FEATURES)


@every_map
@every_isa
def test_log_dets_and_gradients_are_those_of_differences(bijection, isa):
    flow = make_flow(bijection, N_FEATURES, isa=isa)
    rows = 0.2 + 0.6 * rows_inside(bijection, 9)  # away from the ends, where differences do not see enough
    check_log_det(flow, rows)
    check_gradients(flow, rows)


@every_map
@every_isa
@every_dtype
def test_equals_the_reference(bijection, isa, dtype):
    flow = make_flow(bijection, N_FEATURES, isa=isa, dtype=dtype)
    reference, _ = build_flow(flow, resolve(bijection, N_FEATURES))
    rows = rows_inside(bijection).astype(dtype)
    rtol = {"float32": 2e-6, "float64": 1e-13}[dtype]
    for direction in ("forward", "inverse"):
        for values, expected in zip(
            apply(flow, direction, rows), getattr(reference, direction)(rows), strict=True
        ):
            np.testing.assert_allclose(values, expected, rtol=rtol, atol=rtol)


@every_bounded
@every_isa
@every_dtype
def test_outside_the_image_the_log_det_is_minus_infinity(bijection, isa, dtype):
    low, high = IMAGES[bijection]
    outside = [low - 1e-6, low - 1e6] + ([high + 1e-6, high + 1e6] if np.isfinite(high) else [])
    flow = make_flow(bijection, N_FEATURES, isa=isa, dtype=dtype)
    rows = rows_inside(bijection, len(outside))
    rows[:, 1] = outside
    x, log_det = apply(flow, "inverse", rows)
    assert np.isfinite(x).all()
    assert np.all(log_det == -np.inf)
    d_rows, _, _ = vjp(flow, "inverse", rows, None, np.ones_like(rows), np.zeros(len(rows)))
    assert np.isfinite(d_rows).all() and np.all(d_rows[:, 1] == 0.0) and np.all(d_rows[:, 0] != 0.0)


@every_bounded
@every_isa
@every_dtype
def test_the_ends_of_the_image_are_finite(bijection, isa, dtype):
    ends = np.array([end for end in IMAGES[bijection] if np.isfinite(end)])
    rows = np.tile(ends[:, None], (1, N_FEATURES))
    flow = make_flow(bijection, N_FEATURES, isa=isa, dtype=dtype)
    for values in apply(flow, "inverse", rows):
        assert np.isfinite(values).all()


@pytest.mark.parametrize("bijection", IMAGES, ids=repr)
@every_isa
@every_dtype
def test_rows_far_out_are_hopeless_there_and_back(bijection, isa, dtype):
    """Forward maps round to the ends of their image; no layer behind them turns that into a good density."""
    flow = make_flow([bijection, Inverse(bijection)], N_FEATURES, isa=isa, dtype=dtype)
    rows = np.multiply.outer([-1e30, -1e6, -1e3, 1e3, 1e6, 1e30], np.ones(N_FEATURES))
    far = log_prob(flow, rows)
    assert np.isfinite(far).all() and np.all(far < -400.0 * N_FEATURES)
