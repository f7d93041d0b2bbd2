"""A share of the grid of `python -m bench.trust`: the default on tables whose truth is known."""

import pytest

from bench import trust

CELLS = list(trust.cells("cells"))


def misses(found):
    return trust.misses(trust.over_seeds([found])[0])


@pytest.mark.parametrize("cell", CELLS, ids=[f"{c.kind}-{c.n}x{c.d}" for c in CELLS])
def test_the_default_is_not_below_a_gaussian(cell):
    found = trust.run(cell)
    assert not [miss for miss in misses(found) if "below" in miss], found


@pytest.mark.parametrize("kind", ["one bimodal", "all bimodal", "uniform", "exponential", "lognormal"])
def test_the_default_leaves_the_gaussian_behind(kind):
    found = trust.run(trust.Cell(kind, 1000, 2, 0))
    assert not misses(found), found


@pytest.mark.parametrize("eps", range(2, 8))
def test_collinear_columns_keep_their_noise(eps):
    found = trust.run(trust.Cell(f"collinear 1e-{eps}", 4000, 5, 0))
    assert abs(found["to truth"]) < 0.05, found
