"""Inverse: another bijection with its directions swapped."""

import numpy as np
import pytest
from engine_flows import make_flow, random_flow, rows_and_context

from nflows_np.specs import (
    ActNorm,
    Affine,
    Autoregressive,
    Coupling,
    Elementwise,
    Inverse,
    LinearGaussian,
    LinearLU,
)
from nflows_np.testing import apply

CASES = [
    (Inverse(Autoregressive(Affine(), hidden_units=(9,), activation="tanh")), 1, 2),
    (Inverse(Autoregressive(Affine(), hidden_units=(15, 6))), 3, 0),
    (Inverse(Autoregressive(Affine(), hidden_units=(21, 18), activation="silu")), 5, 2),
    (Inverse(Autoregressive(Affine(), hidden_units=(37,))), 17, 0),
    (Inverse(Coupling(Affine(), hidden_units=(9, 12), activation="elu")), 5, 2),
    (Inverse(Elementwise(Affine())), 2, 0),
    (Inverse(ActNorm()), 2, 0),
    (Inverse(LinearLU("random")), 5, 0),
    (Inverse(LinearGaussian()), 3, 2),
    (Inverse(Inverse(Autoregressive(Affine(), hidden_units=(7,)))), 2, 0),
]


@pytest.mark.parametrize(("bijection", "n_features", "n_context"), CASES)
def test_swaps_the_directions(bijection, n_features, n_context):
    swapped, _, _ = random_flow(bijection, n_features, n_context)
    straight = make_flow(bijection.bijection, n_features, n_context)
    straight.set_params(swapped.get_params())
    rows, context = rows_and_context(20, n_features, n_context)
    for there, back in (("forward", "inverse"), ("inverse", "forward")):
        for a, b in zip(
            apply(swapped, there, rows, context), apply(straight, back, rows, context), strict=True
        ):
            assert np.array_equal(a, b)
