"""exp(log p) integrates to 1: on the line and on the plane, untrained, at random parameters and trained."""

import numpy as np
import pytest
from cases import CASES
from engine_flows import every_isa, log_prob, make_flow, random_flow, train, two_arcs

from nflows_np import presets
from nflows_np.specs import (
    Affine,
    Autoregressive,
    Coupling,
    Inverse,
    Product,
    RationalQuadratic,
    StandardNormal,
    VonMises,
)
from nflows_np.testing import apply

PRESETS = tuple(presets.PRESETS)
N_GRID = {1: 4001, 2: 700}
# The box holds the image of [-4.5, 4.5]^D: 1.4e-5 of the mass may lie outside.
LATENT = 4.5

# A line and a circle.
ON_A_CYLINDER = [
    Coupling(Affine(), mask=(0,), circular=(1,), hidden_units=(8,), activation="tanh"),
    Coupling(RationalQuadratic(4), mask=(1,), circular=(1,), hidden_units=(8,), activation="tanh"),
    Autoregressive(Affine(), circular=(1,), hidden_units=(8,), activation="tanh"),
    Inverse(Autoregressive(RationalQuadratic(3), circular=(1,), hidden_units=(8,), activation="silu")),
]
CYLINDER = Product([((0,), StandardNormal()), ((1,), VonMises())])


def integral(flow, context_row=None):
    """Midpoint rule over a box that holds the image of a cube of the latent space."""
    n_features = flow.n_features

    def context(n):
        return None if context_row is None else np.tile(context_row, (n, 1))

    cube = np.stack(np.meshgrid(*[np.linspace(-LATENT, LATENT, 61)] * n_features), axis=-1).reshape(
        -1, n_features
    )
    image, _ = apply(flow, "inverse", cube, context(len(cube)))
    low, high = image.min(axis=0), image.max(axis=0)
    n = N_GRID[n_features]
    axes = [a + (b - a) * (np.arange(n) + 0.5) / n for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, n_features)
    return np.exp(log_prob(flow, grid, context(len(grid)))).sum() * np.prod((high - low) / n)


@pytest.mark.parametrize("case", [c for c in CASES if c.n_features <= 2], ids=lambda case: case.label)
@every_isa
@pytest.mark.parametrize("scale", [0.0, 0.3])
def test_integrates_to_one(case, isa, scale):
    flow, _, _ = case.random_flow(isa, scale=scale)
    context_row = np.array([0.7, -1.2]) if case.n_context else None
    assert integral(flow, context_row) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("preset", PRESETS)
@every_isa
def test_trained_preset_integrates_to_one(preset, isa):
    layers = {} if preset == "linear" else {"n_layers": 4, "hidden_units": (24, 24)}
    rows = two_arcs(1024)
    bijections = getattr(presets, preset)(**layers).for_table(*rows.shape).bijections
    flow = make_flow(bijections, 2, isa=isa)
    train(flow, rows, n_epochs=0)
    before = log_prob(flow, rows).mean()
    train(flow, rows)
    after = log_prob(flow, rows).mean()
    assert after > before + (0.05 if layers else -0.05)
    assert integral(flow) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("bijection", ON_A_CYLINDER)
def test_density_is_that_of_one_turn(bijection):
    flow, _, _ = random_flow(bijection, 2, base=CYLINDER)
    n, turn = 500, 2 * np.pi
    line, angle = np.linspace(-25.0, 25.0, 4 * n), np.linspace(-np.pi, np.pi, n, endpoint=False) + 0.3
    grid = np.stack(np.meshgrid(line, angle), axis=-1).reshape(-1, 2)
    density = np.exp(log_prob(flow, grid))
    assert density.sum() * (50.0 / (4 * n - 1)) * (turn / n) == pytest.approx(1.0, abs=2e-3)
    np.testing.assert_allclose(
        log_prob(flow, grid[::97] - np.array([0.0, turn])), log_prob(flow, grid[::97]), atol=1e-11
    )
