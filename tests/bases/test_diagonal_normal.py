"""DiagonalNormal: locations and scales, from the data's means and standard deviations."""

import numpy as np
from base_rows import rows_of
from engine_flows import log_prob, make_flow
from reference import registry
from scipy import stats

from nflows_np.specs import DiagonalNormal
from nflows_np.testing import to_panels

CASES = [(DiagonalNormal(), 1), (DiagonalNormal(), 2), (DiagonalNormal(), 17)]


@registry.base("diagonal_normal")
class Reference:
    """A normal for every feature, with standard deviation exp(7 tanh(a / 7))."""

    def __init__(self, spec, n_features, reader):
        self.loc = reader.take("loc", (n_features,))
        self.scale = np.exp(7.0 * np.tanh(reader.take("log_scale", (n_features,)) / 7.0))

    def log_prob(self, z):
        return stats.norm.logpdf(z, self.loc, self.scale).sum(axis=1)


def test_starts_as_the_standard_normal():
    rows = np.random.default_rng(0).standard_normal((20, 3))
    found = log_prob(make_flow([], 3, base=DiagonalNormal()), rows)
    np.testing.assert_allclose(found, stats.norm.logpdf(rows).sum(axis=1), rtol=1e-14)


def test_starts_from_data_at_means_and_standard_deviations():
    rows = np.random.default_rng(0).standard_normal((50, 3)) * [0.1, 1.0, 30.0] + [5.0, 0.0, -1.0]
    flow = make_flow([], 3, base=DiagonalNormal())
    flow.start_from_data(to_panels(rows), len(rows))
    expected = stats.norm.logpdf(rows, rows.mean(axis=0), rows.std(axis=0)).sum(axis=1)
    np.testing.assert_allclose(log_prob(flow, rows), expected, rtol=1e-12)


def test_draws():
    flow = make_flow([], 2, base=DiagonalNormal())
    flow.set_params(np.array([3.0, -1.0, 0.7, -2.0]))
    rows = rows_of(flow, DiagonalNormal(), 20_000)
    for column, loc, a in zip(rows.T, (3.0, -1.0), (0.7, -2.0), strict=True):
        scale = np.exp(7.0 * np.tanh(a / 7.0))
        assert stats.kstest(column, stats.norm(loc, scale).cdf).pvalue > 1e-3
