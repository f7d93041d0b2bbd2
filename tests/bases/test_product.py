"""Product: different bases for different columns."""

import numpy as np
import pytest
from base_rows import rows_of
from engine_flows import every_isa, log_prob, make_flow
from reference import build_base, registry
from scipy import stats

from nflows_np._engine import load
from nflows_np.specs import (
    DiagonalNormal,
    Flow,
    FullNormal,
    GaussianMixture,
    Product,
    StandardNormal,
    StudentT,
    Uniform,
    VonMises,
)

CASES = [
    (Product([((0,), FullNormal())]), 1),
    (Product([((1,), StudentT(4.0)), ((0,), DiagonalNormal())]), 2),
    (Product([((4, 0), FullNormal()), ((2,), VonMises()), ((3, 1), GaussianMixture(3))]), 5),
    (
        Product(
            [((1,), Uniform(-8.0, 9.0)), ((2, 0), Product([((1,), StudentT()), ((0,), StandardNormal())]))]
        ),
        3,
    ),
]


@registry.base("product")
class Reference:
    """The sum of the parts' log-densities."""

    def __init__(self, spec, n_features, reader):
        columns = np.split(np.array(spec["columns"]), np.cumsum(spec["sizes"])[:-1])
        self.parts = [
            (part, build_base(base, len(part), reader))
            for part, base in zip(columns, spec["bases"], strict=True)
        ]

    def log_prob(self, z):
        return sum(base.log_prob(z[:, part]) for part, base in self.parts)


def test_blocks_have_the_names_of_their_parts():
    base = Product([((1,), StandardNormal()), ((2, 0), Product([((0, 1), StudentT())]))])
    assert [name for name, *_ in make_flow([], 3, base=base).layout()] == ["base.1.0.df"]


def test_draws():
    base = Product([((2, 0), Uniform((0.0, 5.0), (1.0, 9.0))), ((1,), StudentT(3.0))])
    rows = rows_of(make_flow([], 3, base=base), base, 20_000)
    assert stats.kstest(rows[:, 2], stats.uniform(0.0, 1.0).cdf).pvalue > 1e-3
    assert stats.kstest(rows[:, 0], stats.uniform(5.0, 4.0).cdf).pvalue > 1e-3
    assert stats.kstest(rows[:, 1], stats.t(3.0, scale=np.sqrt(4.0 / 3.0)).cdf).pvalue > 1e-3
    assert np.isfinite(log_prob(make_flow([], 3, base=base), rows)).all()


@pytest.mark.parametrize("parts, message", [
    ([], "parts must be a list of pairs"),
    (StandardNormal(), "parts must be a list of pairs"),
    ([StandardNormal()], r"parts\[0\] must be a pair"),
    ([((0,), StandardNormal(), 1)], r"parts\[0\] must be a pair"),
    ([((), StandardNormal())], r"parts\[0\]\[0\] must be of at least one column"),
    ([(0, StandardNormal())], r"parts\[0\]\[0\] must be a sequence of column indices"),
    ([((-1,), StandardNormal())], r"parts\[0\]\[0\]\[0\] must be a non-negative integer"),
    ([((0,), "normal")], r"parts\[0\]\[1\] must be a base spec"),
    ([((0,), StandardNormal), ((1,), StandardNormal())], "a class: write StandardNormal"),
    ([((0, 1), StandardNormal()), ((1,), StandardNormal())], "columns that no part has twice"),
    ([((0, 0), StandardNormal())], "columns that no part has twice"),
])  # fmt: skip
def test_bad_parts_are_refused(parts, message):
    with pytest.raises(ValueError, match=message):
        Product(parts)


@pytest.mark.parametrize("columns", [(0,), (0, 2), (0, 1, 2)])
def test_resolve_asks_for_every_column(columns):
    with pytest.raises(ValueError, match="Product: columns of parts must be all of the 2 columns"):
        Product([(columns, StandardNormal())]).resolve(2)


@every_isa
@pytest.mark.parametrize("changed, message", [
    ({"columns": [0, 0]}, "permutation"),
    ({"columns": [0, 2]}, "permutation"),
    ({"columns": [0]}, "1 entries for 2 features"),
    ({"sizes": [2, 1]}, "sizes"),
    ({"sizes": [1]}, "sizes"),
    ({"sizes": [0, 2]}, "sizes"),
    ({"bases": []}, "sizes has 2 entries for 0 bases"),
    ({"bases": [{"name": "nonsense"}, {"name": "standard_normal"}]}, "nonsense"),
])  # fmt: skip
def test_wrong_dictionaries_are_refused(isa, changed, message):
    base = Product([((0,), StandardNormal()), ((1,), StandardNormal())])
    spec = Flow([], base=base).to_dict()
    load(isa).Flow64(spec, 2)
    with pytest.raises(ValueError, match=message):
        load(isa).Flow64({**spec, "base": {**spec["base"], **changed}}, 2)
