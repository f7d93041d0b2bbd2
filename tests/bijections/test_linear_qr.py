"""LinearQR: an invertible matrix as a rotation times a triangle, which carries the determinant."""

import numpy as np
import pytest
from engine_flows import make_flow, random_flow

from nflows_np.specs import LinearQR
from nflows_np.testing import apply

CASES = [
    (LinearQR(), 1, 0),
    (LinearQR(), 2, 0),
    (LinearQR(2), 3, 0),
    (LinearQR(), 5, 2),
    (LinearQR(), 17, 0),
]


@pytest.mark.parametrize(("bijection", "n_features", "n_context"), CASES)
def test_is_one_matrix_and_its_determinant(bijection, n_features, n_context):
    flow, _, _ = random_flow(bijection, n_features)
    images, log_det = apply(flow, "forward", np.vstack([np.zeros(n_features), np.eye(n_features)]))
    matrix = (images[1:] - images[0]).T
    assert np.linalg.det(matrix) > 0.0
    np.testing.assert_allclose(log_det, np.linalg.slogdet(matrix)[1], rtol=1e-10, atol=1e-10)
    rows = np.random.default_rng(0).standard_normal((20, n_features))
    np.testing.assert_allclose(
        apply(flow, "forward", rows)[0], rows @ matrix.T + images[0], rtol=1e-9, atol=1e-9
    )


def test_the_shift_comes_last():
    flow = make_flow(LinearQR(), 4)
    params = flow.get_params()
    params[:4] = [1.0, -2.0, 3.0, 0.5]
    flow.set_params(params)
    z, _ = apply(flow, "forward", np.zeros((3, 4)))
    assert np.array_equal(z, np.tile(params[:4], (3, 1)))
