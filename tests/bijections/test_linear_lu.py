"""LinearLU: an invertible matrix as P L U, whose determinant is the product of U's diagonal."""

import numpy as np
import pytest
from engine_flows import make_flow, random_flow, resolve

from nflows_np.specs import LinearLU
from nflows_np.testing import apply

CASES = [
    (LinearLU(), 1, 0),
    (LinearLU(), 2, 0),
    (LinearLU("random"), 5, 2),
    (LinearLU("random"), 17, 0),
    (LinearLU((2, 0, 1)), 3, 0),
]


@pytest.mark.parametrize(("bijection", "n_features", "n_context"), CASES)
def test_is_one_matrix_and_its_determinant(bijection, n_features, n_context):
    flow, _, _ = random_flow(bijection, n_features)
    images, log_det = apply(flow, "forward", np.vstack([np.zeros(n_features), np.eye(n_features)]))
    matrix = (images[1:] - images[0]).T
    np.testing.assert_allclose(log_det, np.linalg.slogdet(matrix)[1], rtol=1e-10, atol=1e-10)
    rows = np.random.default_rng(0).standard_normal((20, n_features))
    np.testing.assert_allclose(
        apply(flow, "forward", rows)[0], rows @ matrix.T + images[0], rtol=1e-9, atol=1e-9
    )


def test_starts_at_its_permutation():
    order = resolve(LinearLU("random"), 6, 0)["bijections"][0]["order"]
    rows = np.random.default_rng(0).standard_normal((20, 6))
    z, log_det = apply(make_flow(LinearLU("random"), 6, seed=0), "forward", rows)
    assert np.array_equal(z, rows[:, order])
    assert np.all(log_det == 0.0)
