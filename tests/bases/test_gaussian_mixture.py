"""GaussianMixture: several modes, from clusters of the data."""

import numpy as np
import pytest
from base_rows import rows_of
from engine_flows import every_dtype, every_isa, log_prob, make_flow
from reference import registry
from scipy import special, stats
from sklearn.mixture import GaussianMixture as SklearnMixture

from nflows_np.specs import GaussianMixture
from nflows_np.testing import to_panels

CASES = [
    (GaussianMixture(3), 1),
    (GaussianMixture(1), 2),
    (GaussianMixture(4), 2),
    (GaussianMixture(2), 5),
    (GaussianMixture(3), 17),
]


@registry.base("gaussian_mixture")
class Reference:
    """log sum_k softmax(logits)_k prod_j N(z_j; loc_kj, exp(7 tanh(a_kj / 7)))."""

    def __init__(self, spec, n_features, reader):
        k = spec["n_components"]
        self.logits = reader.take("logits", (k,))
        self.loc = reader.take("loc", (k, n_features))
        self.scale = np.exp(7.0 * np.tanh(reader.take("log_scale", (k, n_features)) / 7.0))

    def log_prob(self, z):
        terms = stats.norm.logpdf(z[:, None, :], self.loc, self.scale).sum(axis=2)
        return special.logsumexp(terms + special.log_softmax(self.logits), axis=1)


CENTRES = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 7.0]])
SCALES = np.array([[1.0, 0.3], [0.5, 0.5], [0.2, 1.0]])
SHARES = np.array([0.2, 0.5, 0.3])


def clusters(n, seed=0):
    rng = np.random.default_rng(seed)
    component = rng.choice(3, size=n, p=SHARES)
    return CENTRES[component] + SCALES[component] * rng.standard_normal((n, 2)), component


def started(rows, k=3, seed=0, **options):
    flow = make_flow([], rows.shape[1], base=GaussianMixture(k), seed=seed, **options)
    flow.start_from_data(to_panels(rows, flow.get_params().dtype), len(rows))
    return flow


def test_starts_near_the_standard_normal_with_components_apart():
    rows = np.random.default_rng(0).standard_normal((200, 3))
    flow = make_flow([], 3, base=GaussianMixture(5))
    np.testing.assert_allclose(log_prob(flow, rows), stats.norm.logpdf(rows).sum(axis=1), atol=0.2)
    loc = flow.get_params()[5:20].reshape(5, 3)
    assert len(np.unique(loc)) == 15 and np.abs(loc).max() <= 0.1


@every_isa
@every_dtype
@pytest.mark.parametrize("seed", range(5))
def test_starts_from_data_at_their_clusters(isa, dtype, seed):
    rows, component = clusters(600)
    params = started(rows, isa=isa, dtype=dtype, seed=seed).get_params()
    loc = params[3:9].reshape(3, 2)
    own = np.array([rows[component == c].mean(axis=0) for c in range(3)])
    order = [int(np.argmin(((loc - centre) ** 2).sum(axis=1))) for centre in own]
    assert sorted(order) == [0, 1, 2]
    np.testing.assert_allclose(loc[order], own, atol=0.1)
    np.testing.assert_allclose(special.softmax(params[:3])[order], np.bincount(component) / 600, atol=0.01)


def test_is_as_likely_as_sklearns_at_separate_clusters():
    rows, _ = clusters(2000)
    expected = SklearnMixture(3, covariance_type="diag", random_state=0).fit(rows).score(rows)
    assert log_prob(started(rows), rows).mean() == pytest.approx(expected, abs=0.02)


def test_seeds_come_from_the_flows():
    rows = np.random.default_rng(0).standard_normal((300, 2))
    first, again, other = (started(rows, k=6, seed=seed).get_params() for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_more_components_than_different_rows():
    rows = np.repeat([[0.0, 1.0], [2.0, 3.0]], 10, axis=0)
    flow = started(rows, k=7)
    assert np.isfinite(flow.get_params()).all() and np.isfinite(log_prob(flow, rows)).all()


def test_far_rows_belong_to_the_nearest_component():
    flow = make_flow([], 1, base=GaussianMixture(2))
    flow.set_params(np.array([0.0, 0.0, -1.0, 1.0, 0.0, 0.0]))
    rows = np.array([[-500.0], [500.0]])
    expected = stats.norm.logpdf(499.0) - np.log(2.0)
    np.testing.assert_allclose(log_prob(flow, rows), expected, rtol=1e-12)


def test_draws():
    rows, _ = clusters(4000)
    flow = started(rows)
    samples = rows_of(flow, GaussianMixture(3), 20_000)
    params = flow.get_params()
    shares, loc = special.softmax(params[:3]), params[3:9].reshape(3, 2)
    scale = np.exp(7.0 * np.tanh(params[9:].reshape(3, 2) / 7.0))
    for j in range(2):

        def cdf(x, j=j):
            return (shares * stats.norm.cdf(np.asarray(x)[..., None], loc[:, j], scale[:, j])).sum(axis=-1)

        assert stats.kstest(samples[:, j], cdf).pvalue > 1e-3


@pytest.mark.parametrize("k", [0, -1, 2**16 + 1, 1.5, "3", True])
def test_bad_numbers_of_components_are_refused(k):
    with pytest.raises(ValueError, match="GaussianMixture: n_components must be an integer from 1 to 65536"):
        GaussianMixture(k)
