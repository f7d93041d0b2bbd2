"""FixedAffine: z = (x - loc) / scale as the spec says; its laws alone stand in laws/test_pointwise.py."""

import numpy as np
import pytest
from engine_flows import make_flow, resolve

from nflows_np._engine import engine
from nflows_np.specs import Affine, Elementwise, FixedAffine, Inverse
from nflows_np.testing import apply

LOC, SCALE = (1.0, -2.0, 0.5), (2.0, 0.5, 4.0)
CASES = [
    ([FixedAffine(LOC, SCALE), Elementwise(Affine()), Inverse(FixedAffine(LOC, SCALE))], 3, 0),
    (
        [FixedAffine(-1.0, 0.25), Elementwise(Affine(), hidden_units=(6,)), Inverse(FixedAffine(-1.0, 0.25))],
        2,
        2,
    ),
]


def test_standardises():
    rows = np.random.default_rng(0).standard_normal((20, 3))
    z, log_det = apply(make_flow(FixedAffine(LOC, SCALE), 3), "forward", rows * SCALE + LOC)
    np.testing.assert_allclose(z, rows, rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(log_det, -np.log(SCALE).sum(), rtol=1e-14)


def test_has_nothing_to_learn():
    assert make_flow(FixedAffine(LOC, SCALE), 3).n_params == 0


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("loc", [0.0, 1.0], "fixed_affine: loc has 2 entries for 3 features"),
        ("scale", [1.0, 1.0, 0.0], "fixed_affine: scale must be from 1e-30 to 1e30, got 0"),
        ("scale", [1.0, 1, 1.0], "fixed_affine: field 'scale': a real number expected, got 1"),
        ("scale", 1.0, "fixed_affine: field 'scale' must be a list of real numbers"),
    ],
)
def test_the_engine_refuses(field, value, message):
    spec = resolve(FixedAffine(LOC, SCALE), 3)
    spec["bijections"][0][field] = value
    with pytest.raises(ValueError, match=message):
        engine.Flow64(spec, 3, 0)
