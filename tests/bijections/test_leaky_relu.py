"""LeakyReLU: two slopes; its laws alone stand in laws/test_pointwise.py."""

import numpy as np
import pytest
from engine_flows import make_flow, resolve

from nflows_np._engine import engine
from nflows_np.specs import Affine, Elementwise, Inverse, LeakyReLU
from nflows_np.testing import apply

CASES = [
    ([LeakyReLU(0.5), Elementwise(Affine()), Inverse(LeakyReLU(0.5))], 1, 0),
    ([LeakyReLU(), Elementwise(Affine(), hidden_units=(6,)), Inverse(LeakyReLU(0.01))], 3, 2),
]


def test_slopes():
    z, log_det = apply(make_flow(LeakyReLU(0.25), 2), "forward", np.array([[4.0, -4.0], [-8.0, -4.0]]))
    assert np.array_equal(z, [[4.0, -1.0], [-2.0, -1.0]])
    np.testing.assert_allclose(log_det, [np.log(0.25), 2 * np.log(0.25)], rtol=1e-15)


def test_the_engine_refuses_a_slope_of_zero():
    spec = resolve(LeakyReLU(), 2)
    spec["bijections"][0]["negative_slope"] = 0.0
    with pytest.raises(ValueError, match="leaky_relu: negative_slope must be from 1e-6 to 1e6, got 0"):
        engine.Flow64(spec, 2, 0)
