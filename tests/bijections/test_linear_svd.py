"""LinearSVD: an invertible matrix as its singular value decomposition."""

import numpy as np
import pytest
from engine_flows import random_flow

from nflows_np.specs import LinearSVD
from nflows_np.testing import apply

CASES = [
    (LinearSVD(), 1, 0),
    (LinearSVD(), 2, 0),
    (LinearSVD(2), 3, 2),
    (LinearSVD(), 5, 0),
    (LinearSVD(), 17, 0),
]


@pytest.mark.parametrize(("bijection", "n_features", "n_context"), CASES)
def test_scales_are_the_singular_values(bijection, n_features, n_context):
    flow, _, _ = random_flow(bijection, n_features)
    images, log_det = apply(flow, "forward", np.vstack([np.zeros(n_features), np.eye(n_features)]))
    matrix = (images[1:] - images[0]).T
    alpha = 12.0 * np.tanh(flow.get_params()[n_features : 2 * n_features] / 12.0)
    singular = np.linalg.svd(matrix, compute_uv=False)
    np.testing.assert_allclose(singular, np.sort(np.exp(alpha))[::-1], rtol=1e-12)
    np.testing.assert_allclose(log_det, alpha.sum(), rtol=1e-12, atol=1e-12)
    assert np.linalg.det(matrix) > 0.0
    np.testing.assert_allclose(images[0], flow.get_params()[:n_features], atol=1e-14)
