"""Permutation: z_j = x_order[j], without a rounding error."""

import numpy as np
import pytest
from engine_flows import make_flow, resolve

from nflows_np.specs import Permutation
from nflows_np.testing import apply

CASES = [
    (Permutation(), 1, 0),
    (Permutation("reverse"), 5, 0),
    (Permutation("random"), 17, 2),
    (Permutation((2, 0, 1)), 3, 0),
]


@pytest.mark.parametrize(("bijection", "n_features", "n_context"), CASES)
def test_moves_columns_and_nothing_else(bijection, n_features, n_context):
    order = resolve(bijection, n_features)["bijections"][0]["order"]
    flow = make_flow(bijection, n_features)
    rows = np.random.default_rng(0).standard_normal((20, n_features))
    z, log_det = apply(flow, "forward", rows)
    assert np.array_equal(z, rows[:, order])
    assert np.all(log_det == 0.0)
    assert np.array_equal(apply(flow, "inverse", z)[0], rows)
    assert flow.n_params == 0


def test_orders():
    assert resolve(Permutation("reverse"), 4)["bijections"][0]["order"] == [3, 2, 1, 0]
    random = [tuple(resolve(Permutation("random"), 9, seed)["bijections"][0]["order"]) for seed in range(5)]
    assert len(set(random)) > 1
    assert all(sorted(order) == list(range(9)) for order in random)
