"""LinearGaussian: the triangular affine map, which starts at the data's Gaussian fit."""

import numpy as np
from engine_flows import make_flow
from scipy.stats import multivariate_normal

from nflows_np.specs import LinearGaussian
from nflows_np.testing import apply, to_panels

CASES = [
    (LinearGaussian(), 1, 0),
    (LinearGaussian(), 1, 2),
    (LinearGaussian(), 2, 0),
    (LinearGaussian(), 3, 2),
    (LinearGaussian(), 5, 2),
    (LinearGaussian(), 17, 0),
]


def data(n, n_features):
    rng = np.random.default_rng(1)
    return 3.0 + rng.standard_normal((n, n_features)) @ rng.standard_normal((n_features, n_features))


def test_starts_at_the_maximum_likelihood_gaussian():
    rows = data(203, 5)
    flow = make_flow(LinearGaussian(), 5)
    flow.start_from_data(to_panels(rows), len(rows))
    gaussian = multivariate_normal(rows.mean(axis=0), np.cov(rows.T, bias=True))
    np.testing.assert_allclose(flow.log_prob(to_panels(rows), len(rows)), gaussian.logpdf(rows), rtol=1e-8)
    z, _ = apply(flow, "forward", rows)
    np.testing.assert_allclose(z.mean(axis=0), 0.0, atol=1e-10)
    np.testing.assert_allclose(np.cov(z.T, bias=True), np.eye(5), atol=1e-8)


def test_start_counts_weights():
    rows = data(50, 3)
    weights = np.random.default_rng(0).integers(0, 4, 50)
    weighted, repeated = make_flow(LinearGaussian(), 3), make_flow(LinearGaussian(), 3)
    weighted.start_from_data(to_panels(rows), len(rows), weights.astype(float))
    again = np.repeat(rows, weights, axis=0)
    repeated.start_from_data(to_panels(again), len(again))
    np.testing.assert_allclose(weighted.get_params(), repeated.get_params(), rtol=1e-9, atol=1e-11)


def test_starts_at_the_marginal_gaussian_whatever_the_context():
    rows, context = data(100, 3), np.random.default_rng(0).standard_normal((100, 2))
    flow = make_flow(LinearGaussian(), 3, 2)
    flow.start_from_data(to_panels(rows), len(rows), context=to_panels(context))
    z, _ = apply(flow, "forward", rows, context)
    np.testing.assert_allclose(z.mean(axis=0), 0.0, atol=1e-10)
    np.testing.assert_allclose(np.cov(z.T, bias=True), np.eye(3), atol=1e-8)


def test_start_at_constant_and_duplicated_columns_is_finite():
    rows = data(40, 4)
    rows[:, 1] = 7.0
    rows[:, 3] = rows[:, 0]
    flow = make_flow(LinearGaussian(), 4)
    flow.start_from_data(to_panels(rows), len(rows))
    assert np.isfinite(flow.get_params()).all()
    z, log_det = apply(flow, "forward", rows)
    assert np.isfinite(z).all() and np.isfinite(log_det).all()


def test_start_with_fewer_rows_than_features_is_finite():
    rows = data(3, 5)
    flow = make_flow(LinearGaussian(), 5)
    flow.start_from_data(to_panels(rows), len(rows))
    z, log_det = apply(flow, "forward", data(50, 5))
    assert np.isfinite(z).all() and np.isfinite(log_det).all()
