"""Uniform: a box, its corners included, and nothing outside."""

import numpy as np
import pytest
from base_rows import rows_of
from engine_flows import every_dtype, every_isa, log_prob, log_prob_vjp, make_flow
from reference import registry
from scipy import stats

from nflows_np.specs import Uniform

# Boxes that hold the rows of the laws.
CASES = [
    (Uniform(-9.0, 8.0), 1),
    (Uniform((-9.0, -8.0), 9.5), 2),
    (Uniform(-8.0, (10.0, 8.0, 9.0)), 3),
]


@registry.base("uniform")
class Reference:
    """-log of the volume in the box, -inf outside."""

    def __init__(self, spec, n_features, reader):
        self.low, self.high = np.array(spec["low"]), np.array(spec["high"])

    def log_prob(self, z):
        return stats.uniform.logpdf(z, self.low, self.high - self.low).sum(axis=1)


@every_isa
@every_dtype
def test_the_bounds_belong_to_the_box(isa, dtype):
    flow = make_flow([], 2, isa=isa, dtype=dtype, base=Uniform((0.0, 0.1), (1.0, 0.7)))
    low, high = np.array([0.0, 0.1], dtype), np.array([1.0, 0.7], dtype)
    inside = np.array([low, high, [low[0], high[1]], 0.5 * (low + high)])
    below, above = np.nextafter(low, low - 9), np.nextafter(high, high + 9)
    outside = np.array(
        [[below[0], 0.5], [0.5, below[1]], [above[0], 0.5], [0.5, above[1]], [9.0, 0.5]], dtype
    )
    np.testing.assert_allclose(log_prob(flow, inside), -np.log(0.6), rtol=1e-6)
    assert np.all(log_prob(flow, outside) == -np.inf)
    both = np.concatenate([inside, outside])
    assert not log_prob_vjp(flow, both, np.ones(len(both)))[0].any()


def test_has_no_parameters_and_mass_one():
    flow = make_flow([], 2, base=Uniform((-1.0, 0.0), (1.0, 3.0)))
    assert flow.n_params == 0
    assert np.exp(log_prob(flow, np.array([[0.0, 1.0]])))[0] * 6.0 == pytest.approx(1.0, rel=1e-14)


def test_draws():
    base = Uniform((-1.0, 0.0), (1.0, 3.0))
    rows = rows_of(make_flow([], 2, base=base), base, 20_000)
    assert stats.kstest(rows[:, 0], stats.uniform(-1.0, 2.0).cdf).pvalue > 1e-3
    assert stats.kstest(rows[:, 1], stats.uniform(0.0, 3.0).cdf).pvalue > 1e-3


@pytest.mark.parametrize("low, high, message", [
    (1.0, 0.0, r"high must be above low=1.0; got 0.0"),
    (0.0, 0.0, "high must be above"),
    ((0.0, 2.0), 1.0, "high must be above"),
    ((0.0, 0.0), (1.0, 1.0, 1.0), "as long as low, which has 2 entries"),
    (-np.inf, 0.0, "low must be a number from"),
    (0.0, np.nan, "high must be a number from"),
    (0.0, "one", "high must be a number from"),
    (0.0, (1.0, np.inf), r"high\[1\] must be a number from"),
    ((), 1.0, "low must be one number, or one for every column"),
    (True, 2.0, "low must be a number from"),
])  # fmt: skip
def test_bad_bounds_are_refused(low, high, message):
    with pytest.raises(ValueError, match=message):
        Uniform(low, high)


def test_resolve_asks_for_one_bound_a_column():
    with pytest.raises(ValueError, match="Uniform: low must be one number, or one for each of 3 columns"):
        Uniform((0.0, 0.0)).resolve(3)


@every_isa
def test_bounds_that_single_precision_cannot_tell_apart_are_refused(isa):
    base = Uniform(1.0, 1.0 + 1e-12)
    assert make_flow([], 1, isa=isa, base=base).n_params == 0
    with pytest.raises(ValueError, match="uniform: low must be below high"):
        make_flow([], 1, isa=isa, dtype="float32", base=base)
