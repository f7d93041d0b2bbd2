"""Coupling: the kept columns pass through and set the parameters of the others."""

import numpy as np
import pytest
from engine_flows import make_flow, random_flow, resolve

from nflows_np.specs import Affine, Coupling, Elementwise
from nflows_np.testing import apply

CASES = [
    (Coupling(Affine(), hidden_units=(7,)), 1, 0),
    (Coupling(Affine(), hidden_units=(7,), activation="tanh"), 1, 2),
    (Coupling(Affine(), hidden_units=()), 2, 0),
    (Coupling(Affine(), mask="half", hidden_units=(17, 5)), 3, 0),
    (Coupling(Affine(), mask="half", swap=True, hidden_units=(5, 17), activation="elu"), 5, 2),
    (Coupling(Affine(), mask="random", hidden_units=(23, 10, 9), activation="tanh"), 17, 0),
    (Coupling(Affine(), mask=(4, 1), hidden_units=(64, 64), activation="silu"), 5, 0),
    (Coupling(Affine(), mask="alternating", hidden_units=(19, 40)), 17, 2),
    (Coupling(Affine(), hidden_units=(12,) * 3, residual=True), 3, 0),
    (Coupling(Affine(), mask="half", hidden_units=(9,) * 5, activation="silu", residual=True), 5, 2),
    (Coupling(Affine(), hidden_units=(7,), residual=True), 2, 0),
]


@pytest.mark.parametrize(
    ("mask", "swap", "kept"),
    [
        ("alternating", False, [0, 2, 4]),
        ("alternating", True, [1, 3]),
        ("half", False, [0, 1, 2]),
        ("half", True, [3, 4]),
        ((3, 0), False, [0, 3]),
    ],
)
def test_kept_columns_pass_through(mask, swap, kept):
    flow, _, _ = random_flow(Coupling(Affine(), mask=mask, swap=swap, hidden_units=(8,)), 5)
    rows = np.random.default_rng(0).standard_normal((20, 5))
    for direction in ("forward", "inverse"):
        out, _ = apply(flow, direction, rows)
        assert [j for j in range(5) if np.array_equal(out[:, j], rows[:, j])] == kept


def test_one_feature_is_elementwise():
    rows = np.random.default_rng(0).standard_normal((20, 1))
    context = np.random.default_rng(1).standard_normal((20, 2))
    coupling, _, _ = random_flow(Coupling(Affine(), hidden_units=(6,)), 1, 2)
    elementwise = make_flow(Elementwise(Affine(), hidden_units=(6,)), 1, 2)
    elementwise.set_params(coupling.get_params())
    for direction in ("forward", "inverse"):
        for a, b in zip(
            apply(coupling, direction, rows, context),
            apply(elementwise, direction, rows, context),
            strict=True,
        ):
            assert np.array_equal(a, b)


def test_random_mask_is_drawn_once_and_keeps_half():
    coupling = Coupling(Affine(), mask="random")
    kept = [tuple(resolve(coupling, 9, seed)["bijections"][0]["kept"]) for seed in range(5)]
    assert len(set(kept)) > 1
    assert all(len(set(k)) in (4, 5) and set(k) < set(range(9)) for k in kept)
    assert kept[0] == tuple(resolve(coupling, 9, 0)["bijections"][0]["kept"])
