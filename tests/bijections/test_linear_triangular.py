"""LinearTriangular: a triangular matrix, whose determinant is the product of its diagonal."""

import numpy as np
import pytest
from engine_flows import random_flow

from nflows_np.specs import LinearTriangular
from nflows_np.testing import apply

CASES = [
    (LinearTriangular(), 1, 0),
    (LinearTriangular(), 2, 0),
    (LinearTriangular(), 5, 2),
    (LinearTriangular(lower=False), 1, 0),
    (LinearTriangular(lower=False), 3, 2),
    (LinearTriangular(lower=False), 17, 0),
]


@pytest.mark.parametrize(("bijection", "n_features", "n_context"), CASES)
def test_is_a_triangle_and_its_diagonal(bijection, n_features, n_context):
    flow, _, _ = random_flow(bijection, n_features)
    images, log_det = apply(flow, "forward", np.vstack([np.zeros(n_features), np.eye(n_features)]))
    matrix = (images[1:] - images[0]).T
    other_half = np.triu if bijection.lower else np.tril
    np.testing.assert_allclose(other_half(matrix) - np.diag(np.diag(matrix)), 0.0, atol=1e-15)
    assert np.all(np.diag(matrix) > 0.0)
    np.testing.assert_allclose(log_det, np.log(np.diag(matrix)).sum(), rtol=1e-12, atol=1e-12)
    rows = np.random.default_rng(0).standard_normal((20, n_features))
    np.testing.assert_allclose(apply(flow, "forward", rows)[0], rows @ matrix.T + images[0], atol=1e-12)
