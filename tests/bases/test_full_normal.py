"""FullNormal: a Gaussian with full covariance, from the data's own."""

import numpy as np
import pytest
from base_rows import rows_of
from engine_flows import log_prob, make_flow
from reference import registry
from scipy import stats
from shrunk import shrunk_gaussian

from nflows_np.specs import FullNormal
from nflows_np.testing import to_panels

CASES = [(FullNormal(), 1), (FullNormal(), 2), (FullNormal(), 5), (FullNormal(), 17)]


@registry.base("full_normal")
class Reference:
    """Precision P^T P, P = diag(exp(-alpha)) L."""

    def __init__(self, spec, n_features, reader):
        self.loc = reader.take("loc", (n_features,))
        alpha = 7.0 * np.tanh(reader.take("log_scale", (n_features,)) / 7.0)
        below = np.tril(np.ones((n_features, n_features), dtype=bool), -1)
        lower = np.eye(n_features) + reader.take("lower", (n_features, n_features), below)
        self.factor = np.diag(np.exp(-alpha)) @ lower

    def log_prob(self, z):
        u = (z - self.loc) @ self.factor.T
        return stats.norm.logpdf(u).sum(axis=1) + np.linalg.slogdet(self.factor)[1]


def correlated(n, d):
    rng = np.random.default_rng(1)
    return 3.0 + rng.standard_normal((n, d)) @ rng.standard_normal((d, d))


def test_starts_as_the_standard_normal():
    rows = np.random.default_rng(0).standard_normal((20, 3))
    found = log_prob(make_flow([], 3, base=FullNormal()), rows)
    np.testing.assert_allclose(found, stats.norm.logpdf(rows).sum(axis=1), rtol=1e-14)


@pytest.mark.parametrize("d", [1, 4])
def test_starts_from_data_at_their_gaussian(d):
    rows = correlated(200, d)
    flow = make_flow([], d, base=FullNormal())
    flow.start_from_data(to_panels(rows), len(rows))
    gaussian = stats.multivariate_normal(*shrunk_gaussian(rows))
    np.testing.assert_allclose(log_prob(flow, rows), gaussian.logpdf(rows), rtol=1e-9)


def test_draws():
    rows = correlated(500, 3)
    flow = make_flow([], 3, base=FullNormal())
    flow.start_from_data(to_panels(rows), len(rows))
    samples = rows_of(flow, FullNormal(), 50_000)
    _, covariance = shrunk_gaussian(rows)
    size = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(samples.mean(axis=0), rows.mean(axis=0), atol=0.03 * size.max())
    np.testing.assert_allclose(np.cov(samples.T), covariance, atol=0.03 * np.outer(size, size).max())
    white = np.linalg.solve(np.linalg.cholesky(covariance), (samples - rows.mean(axis=0)).T)
    for column in white:
        assert stats.kstest(column, "norm").pvalue > 1e-3
