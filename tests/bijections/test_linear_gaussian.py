"""LinearGaussian: the triangular affine map, which starts at the data's Gaussian fit."""

import numpy as np
import pytest
from engine_flows import log_prob, make_flow
from scipy.stats import multivariate_normal
from shrunk import shrunk_gaussian

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


@pytest.mark.parametrize("n", [12, 40, 203])
def test_starts_at_the_shrunk_gaussian(n):
    rows, weights = data(n, 5), np.random.default_rng(2).uniform(0.0, 2.0, n)
    flow = make_flow(LinearGaussian(), 5)
    flow.start_from_data(to_panels(rows), n, weights)
    gaussian = multivariate_normal(*shrunk_gaussian(rows, weights))
    np.testing.assert_allclose(flow.log_prob(to_panels(rows), n), gaussian.logpdf(rows), rtol=1e-8)
    z, _ = apply(flow, "forward", rows)
    np.testing.assert_allclose(weights @ z, 0.0, atol=1e-8)


def test_rows_without_weight_are_left_out():
    rows = data(50, 3)
    weights = np.random.default_rng(0).integers(0, 2, 50)
    weighted, fewer = make_flow(LinearGaussian(), 3), make_flow(LinearGaussian(), 3)
    weighted.start_from_data(to_panels(rows), len(rows), 3.0 * weights)
    fewer.start_from_data(to_panels(rows[weights > 0]), weights.sum())
    np.testing.assert_allclose(weighted.get_params(), fewer.get_params(), rtol=1e-9, atol=1e-11)


def test_starts_at_the_regression_on_the_context():
    rows, context = data(100, 3), np.random.default_rng(0).standard_normal((100, 2))
    flow = make_flow(LinearGaussian(), 3, 2)
    flow.start_from_data(to_panels(rows), len(rows), context=to_panels(context))
    mean, covariance = shrunk_gaussian(np.hstack([context, rows]))
    regression = covariance[2:, :2] @ np.linalg.inv(covariance[:2, :2])
    rest = rows - mean[2:] - (context - mean[:2]) @ regression.T
    gaussian = multivariate_normal(np.zeros(3), covariance[2:, 2:] - regression @ covariance[:2, 2:])
    np.testing.assert_allclose(log_prob(flow, rows, context), gaussian.logpdf(rest), rtol=1e-8)


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
