"""The standard normal: no parameters, and NumPy's own numbers."""

import numpy as np
from base_rows import rows_of
from engine_flows import log_prob, log_prob_vjp, make_flow
from scipy import stats

from nflows_np.specs import StandardNormal

CASES = [(StandardNormal(), 1), (StandardNormal(), 2), (StandardNormal(), 17)]


def test_is_scipys():
    rows = np.linspace(-9.0, 9.0, 50).reshape(10, 5)
    flow = make_flow([], 5)
    assert flow.n_params == 0
    np.testing.assert_allclose(log_prob(flow, rows), stats.norm.logpdf(rows).sum(axis=1), rtol=1e-14)
    np.testing.assert_array_equal(log_prob_vjp(flow, rows, np.ones(10))[0], -rows)


def test_draws_are_numpys():
    expected = np.random.default_rng(7).standard_normal((30, 3))
    assert np.array_equal(rows_of(make_flow([], 3), StandardNormal(), 30, seed=7), expected)
