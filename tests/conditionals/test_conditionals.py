"""Conditionals: columns of categories, steps, atoms and left-out cells, whose masses and densities are exact."""

from itertools import pairwise

import numpy as np
import pytest
from engine_flows import every_dtype, every_isa, log_prob, log_prob_vjp, make_flow
from scipy import integrate, special, stats

from nflows_np.specs import (
    Affine,
    AffineSpline,
    Atoms,
    Autoregressive,
    Category,
    Cells,
    Circle,
    CircularSpline,
    Elementwise,
    Flow,
    Inverse,
    Kept,
    Permutation,
    StudentT,
    from_dict,
)
from nflows_np.testing import apply
from nflows_np.testing._differences import assert_equal_derivative, by_entries
from nflows_np.testing._rows import vjp

FAR = {"float32": 1e15, "float64": 1e100}

KINDS = {
    "category": Category([1.0, 2.0, 0.5, 3.0]),
    "cells": Cells(0.4, n_bins=4),
    "counts": Cells(0.5, n_bins=4, low=-1.0),
    "bounded cells": Cells(0.5, n_bins=4, low=-1.0, high=0.5),
    "dense": Cells(0.01, n_bins=4, high=2.0),
    "no atoms": Atoms(n_bins=4),
    "low": Atoms(n_bins=4, low_share=0.3),
    "high": Atoms(n_bins=4, high_share=0.2),
    "both": Atoms(n_bins=4, low_share=0.3, high_share=0.2),
    "circle": Circle(4),
}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def codes_of(kind):
    """All codes that matter of a discrete kind."""
    if isinstance(kind, Category):
        return np.arange(len(kind.shares), dtype=float)
    low, high = max(kind.low, -4000 * kind.width), min(kind.high, 4000 * kind.width)
    return np.arange(round(low / kind.width), round(high / kind.width) + 1) * kind.width


def alone(kind, dtype="float64", isa=None, seed=0, scale=0.7):
    """A flow of this one column: the net's parameters are those of the conditional."""
    flow = make_flow(Autoregressive(conditionals=[(0, kind)]), 1, dtype=dtype, isa=isa)
    rng = np.random.default_rng(seed)
    p = scale * rng.standard_normal(flow.n_params)
    flow.set_params(p.astype(dtype))
    own = {
        "category": 4,
        "cells": 13,
        "circle": 13,
        "atoms": 13 + sum(getattr(kind, n, 0) > 0 for n in ("low_share", "high_share")),
    }
    return flow, p[-own[kind.name] :]


def mapped(spline, x, p):
    """A transformer's map of some numbers, and the logarithm of the slope, by a flow of its own."""
    flow = make_flow(Elementwise(spline), 1)
    flow.set_params(p)
    z, log_det = apply(flow, "forward", np.asarray(x, dtype=float)[:, None])
    return z[:, 0], log_det


def reference(kind, x, p):
    """log p of some values."""
    if isinstance(kind, Category):
        return special.log_softmax(p)[x.astype(int)]
    if isinstance(kind, Cells):
        ends = np.stack([x - kind.width / 2, x + kind.width / 2])
        u = mapped(AffineSpline(kind.n_bins), (3 * np.arcsinh(ends / 3)).ravel(), p)[0].reshape(2, -1)
        a = np.where(x <= kind.low, -np.inf, u[0])
        b = np.where(x >= kind.high, np.inf, u[1])
        flip = a > 0
        a, b = np.where(flip, -b, a), np.where(flip, -a, b)
        return special.log_ndtr(b) + np.log1p(-np.exp(special.log_ndtr(a) - special.log_ndtr(b)))
    if isinstance(kind, Circle):
        return mapped(CircularSpline(kind.n_bins), x, p)[1] - np.log(2 * np.pi)
    n = (kind.low_share > 0) + (kind.high_share > 0)
    low = p[0] if kind.low_share else -np.inf
    high = p[n - 1] if kind.high_share else -np.inf
    log_low, log_number, log_high = special.log_softmax([low, 0.0, high])
    y, log_slope = mapped(AffineSpline(kind.n_bins), np.where(np.isfinite(x), x, 0.0), p[n:])
    numbers = log_number + log_slope + stats.norm.logpdf(y)
    return np.where(x == -np.inf, log_low, np.where(x == np.inf, log_high, numbers))


@every_isa
@every_dtype
@every_kind
def test_is_what_its_formula_says(kind, isa, dtype):
    flow, p = alone(kind, dtype, isa)
    rng = np.random.default_rng(1)
    if isinstance(kind, Circle):
        x = rng.uniform(-np.pi, np.pi, 60)
    elif isinstance(kind, Atoms):
        ends = [-np.inf] * (kind.low_share > 0) + [np.inf] * (kind.high_share > 0)
        x = np.r_[3 * rng.standard_normal(60), ends]
    else:
        x = rng.choice(codes_of(kind), 60)
    found = log_prob(flow, x[:, None])
    expected = reference(kind, x, p)
    bound = 1e-11 if dtype == "float64" else 3e-4
    np.testing.assert_allclose(found, expected, rtol=bound, atol=bound)


@every_dtype
@every_kind
def test_masses_add_up_to_one(kind, dtype):
    flow, _ = alone(kind, dtype, seed=2)
    if isinstance(kind, Atoms):
        atoms = [-np.inf] * (kind.low_share > 0) + [np.inf] * (kind.high_share > 0)
        total = np.exp(log_prob(flow, np.array([*atoms, 0.0])[:, None]))[: len(atoms)].sum()
        grid = np.linspace(-60, 60, 200_001)
        total += integrate.simpson(np.exp(log_prob(flow, grid[:, None])), x=grid)
    elif isinstance(kind, Circle):
        grid = np.linspace(-np.pi, np.pi, 20_001)
        total = integrate.simpson(np.exp(log_prob(flow, grid[:, None])), x=grid)
    else:
        total = np.exp(log_prob(flow, codes_of(kind)[:, None])).sum()
    assert total == pytest.approx(1.0, abs=1e-6 if dtype == "float64" else 2e-5)


@every_isa
@every_dtype
@every_kind
def test_draws_have_these_masses(kind, isa, dtype):
    flow, _ = alone(kind, dtype, isa, seed=3)
    z = stats.norm.ppf((np.arange(40_000) + 0.5) / 40_000)[:, None].astype(dtype)
    x = apply(flow, "inverse", z)[0][:, 0]
    if isinstance(kind, Circle):
        parts = np.linspace(-np.pi, np.pi, 9)
        shares = np.histogram(x, parts)[0] / len(x)
        grids = [np.linspace(a, b, 2001) for a, b in pairwise(parts)]
        masses = [integrate.simpson(np.exp(log_prob(flow, grid[:, None])), x=grid) for grid in grids]
        np.testing.assert_allclose(shares, masses, atol=2e-4)
        return
    assert np.all(np.diff(x) >= -1e-5)
    if isinstance(kind, Atoms):
        x = np.where(np.abs(x) >= 0.9 * FAR[dtype], np.sign(x) * np.inf, x)
        grid = np.linspace(-2, 2, 9)
        below = [np.mean(x <= t) for t in grid]
        low = np.exp(log_prob(flow, np.array([[-np.inf], [0.0]])))[0] if kind.low_share else 0.0
        fine = np.linspace(-60, -2, 60_001)
        density = lambda t: np.exp(log_prob(flow, t[:, None]))  # noqa: E731
        start = low + integrate.simpson(density(fine), x=fine)
        steps = [
            integrate.simpson(density(np.linspace(a, b, 2001)), dx=(b - a) / 2000) for a, b in pairwise(grid)
        ]
        np.testing.assert_allclose(below, start + np.r_[0.0, np.cumsum(steps)], atol=2e-4)
    else:
        codes = codes_of(kind)
        places = np.searchsorted(codes, x - 1e-3 * np.min(np.diff(codes)))
        np.testing.assert_allclose(x, codes[places], rtol=1e-5, atol=1e-6)
        shares = np.bincount(places, minlength=len(codes)) / len(x)
        np.testing.assert_allclose(
            np.cumsum(shares), np.cumsum(np.exp(log_prob(flow, codes[:, None]))), atol=2e-4
        )


MIXED = [(0, Category([1.0, 2.0, 1.0])), (1, Cells(0.5, n_bins=3, low=-2.0, missing=True)),
         (2, Atoms(n_bins=3, low_share=0.2, high_share=0.1, missing=True)), (3, Atoms(n_bins=3, missing=True)),
         (4, Circle(3, missing=True))]  # fmt: skip


def mixed_rows(n, seed=0, left_out=0.2):
    rng = np.random.default_rng(seed)
    rows = np.column_stack([
        rng.integers(0, 3, n), rng.integers(-4, 9, n) * 0.5, rng.standard_normal(n), rng.standard_normal(n),
        rng.uniform(-np.pi, np.pi, n), rng.standard_normal(n),
    ])  # fmt: skip
    rows[rng.random(n) < 0.2, 2] = -np.inf
    rows[rng.random(n) < 0.1, 2] = np.inf
    rows[:, :5][rng.random((n, 5)) < left_out] = np.nan
    return rows


def mixed_flow(dtype="float64", isa=None, seed=0, scale=0.3):
    layers = [
        Autoregressive(AffineSpline(3), hidden_units=(12,), activation="tanh", conditionals=conditionals)
        for conditionals in ([(j, Kept(c)) for j, c in MIXED], MIXED)
    ]
    flow = make_flow(layers, 6, dtype=dtype, isa=isa)
    rng = np.random.default_rng(seed)
    params = (scale * rng.standard_normal(flow.n_params)).astype(dtype)
    flow.set_params(params)
    rows, weights = mixed_rows(200), rng.standard_normal(200)
    reached = log_prob_vjp(flow, rows, weights)[1] != 0.0  # not the masked weights
    flow.set_params(params * reached)
    return flow


@every_isa
def test_gradients_are_those_of_differences(isa):
    flow, rows = mixed_flow(isa=isa), mixed_rows(40)
    weights = np.random.default_rng(5).standard_normal(40)
    point = flow.get_params()
    chosen = np.random.default_rng(6).permutation(np.flatnonzero(point))[:150]

    def value(params):
        flow.set_params(params)
        return float(weights @ log_prob(flow, rows))

    numeric = by_entries(value, point, chosen)
    flow.set_params(point)
    _, found, _ = log_prob_vjp(flow, rows, weights)
    assert_equal_derivative(found[chosen], numeric, 1e-6, "parameters")


@every_isa
def test_gradients_of_latents_too(isa):
    flow, rows = mixed_flow(isa=isa, seed=1), mixed_rows(40, seed=1)
    rng = np.random.default_rng(7)
    dz, dl = rng.standard_normal((40, 6)), rng.standard_normal(40)
    point = flow.get_params()
    chosen = rng.permutation(np.flatnonzero(point))[:150]

    def value(params):
        flow.set_params(params)
        z, log_det = apply(flow, "forward", rows)
        return float(np.sum(dz * z) + dl @ log_det)

    numeric = by_entries(value, point, chosen)
    flow.set_params(point)
    found = vjp(flow, "forward", rows, None, dz, dl)[1]
    assert_equal_derivative(found[chosen], numeric, 1e-6, "parameters")


@every_dtype
def test_a_row_comes_back(dtype):
    flow, rows = mixed_flow(dtype), mixed_rows(300, seed=2, left_out=0.0)
    z = apply(flow, "forward", rows.astype(dtype))[0]
    assert np.isfinite(z).all() and np.abs(z).max() < 40
    back = apply(flow, "inverse", z)[0].astype(float)
    back[:, 2] = np.where(np.abs(back[:, 2]) >= 0.9 * FAR[dtype], np.sign(back[:, 2]) * np.inf, back[:, 2])
    assert np.array_equal(back[:, :2], rows[:, :2])
    np.testing.assert_allclose(back, rows, rtol=1e-3, atol=1e-8 if dtype == "float64" else 2e-3)


def test_latents_are_normal_scores():
    """Of draws of the flow itself: middles of masses are at half of it in the mean."""
    flow = mixed_flow(seed=4)
    z = np.random.default_rng(0).standard_normal((20_000, 6))
    again = apply(flow, "forward", apply(flow, "inverse", z)[0])[0]
    np.testing.assert_allclose(again[:, 3:], z[:, 3:], atol=1e-6)
    np.testing.assert_allclose(special.ndtr(again).mean(axis=0), 0.5, atol=0.01)


def test_a_left_out_cell_contributes_nothing():
    """What the other cells contribute is a distribution of these alone."""
    flow, row = mixed_flow(seed=3), np.full((1, 6), np.nan)
    grid = np.linspace(-60, 60, 200_001)
    total = 0.0
    for category in (0.0, 1.0, 2.0):
        rows = np.repeat(row, len(grid), axis=0)
        rows[:, 0], rows[:, 5] = category, grid
        total += integrate.simpson(np.exp(log_prob(flow, rows)), x=grid)
    assert total == pytest.approx(1.0, abs=1e-6)


@every_dtype
def test_rows_do_not_feel_their_neighbours(dtype):
    flow, rows = mixed_flow(dtype), mixed_rows(70)
    whole = log_prob(flow, rows)
    assert np.isfinite(whole).all()
    order = np.random.default_rng(0).permutation(70)
    assert np.array_equal(log_prob(flow, rows[order]), whole[order])
    assert np.array_equal(log_prob(flow, rows[:23]), whole[:23])


@every_dtype
@every_kind
def test_far_rows_and_wild_parameters_stay_finite(kind, dtype):
    for scale in (0.0, 5.0, 100.0):
        flow, _ = alone(kind, dtype, seed=8, scale=scale)
        is_line = isinstance(kind, (Atoms, Circle))
        x = np.r_[-1e6, -30.0, 0.0, 30.0, 1e6] if is_line else codes_of(kind)
        if isinstance(kind, Cells) and kind.high > 1e6:
            x = np.r_[x, np.round(1e6 / kind.width) * kind.width]
        found = log_prob(flow, x[:, None])
        assert np.isfinite(found).all() and (is_line or found.max() < 1e-3)
        _, by_params, _ = log_prob_vjp(flow, x[:, None], np.ones(len(x)))
        assert np.isfinite(by_params).all()
        z = apply(flow, "inverse", np.linspace(-8, 8, 33)[:, None].astype(dtype))[0]
        assert np.isfinite(z).all()


def test_starts_at_the_shares():
    kind = Atoms(low_share=0.25, high_share=0.05)
    flow = make_flow(Autoregressive(conditionals=[(0, Category([1.0, 3.0])), (1, kind)]), 2)
    p = np.exp(log_prob(flow, np.array([[0.0, -np.inf], [1.0, np.inf]])))
    np.testing.assert_allclose(p, [0.25 * 0.25, 0.75 * 0.05])


def test_flows_that_mix_such_columns_are_refused():
    own = Autoregressive(conditionals=[(0, Category([1.0, 1.0]))])
    for layers in (
        [own, Autoregressive()],
        [own, own],
        [Inverse(own)],
        [Autoregressive(conditionals=[(0, Kept(own.conditionals[0][1]))])],
    ):
        with pytest.raises(ValueError, match="conditionals"):
            Flow(layers).resolve(2)
    with pytest.raises(ValueError, match="base"):
        Flow([own], base=StudentT()).resolve(2)
    Flow([own, Permutation((1, 0))]).resolve(2)


def test_bad_options_are_refused():
    for make, message in (
        (lambda: Category([]), "shares"),
        (lambda: Category([1.0, 0.0]), "shares"),
        (lambda: Cells(0.0), "width"),
        (lambda: Cells(1.0, low=2.0, high=1.0), "low"),
        (lambda: Atoms(low_share=0.5, high_share=0.5), "low_share"),
        (lambda: Autoregressive(conditionals=[(0, Affine())]), "conditional"),
        (lambda: Autoregressive(conditionals=[(0, Atoms()), (0, Atoms())]), "distinct"),
        (lambda: Autoregressive(conditionals=[(0, Atoms())], circular=[0]), "distinct"),
        (lambda: Kept(Kept(Atoms())), "moves"),
    ):
        with pytest.raises(ValueError, match=message):
            make()


def test_comes_back_from_json():
    layer = Autoregressive(conditionals=MIXED)
    assert from_dict(layer.to_dict()) == layer
    assert from_dict({"name": "autoregressive"}) == Autoregressive()


@every_dtype
def test_a_latent_that_is_nothing_leaves_the_cell_out(dtype):
    flow = mixed_flow(dtype)
    z = np.random.default_rng(0).standard_normal((100, 6)).astype(dtype)
    z[:, :5][np.random.default_rng(1).random((100, 5)) < 0.3] = np.nan
    x = apply(flow, "inverse", z)[0]
    assert np.array_equal(np.isnan(x), np.isnan(z))
    again = apply(flow, "forward", x)[0]
    assert np.all(again[:, 2:][np.isnan(z[:, 2:])] == 0.0)
    np.testing.assert_allclose(again[:, 3:][~np.isnan(z[:, 3:])], z[:, 3:][~np.isnan(z[:, 3:])], atol=1e-3)


@pytest.mark.hooks
def test_a_device_says_that_it_has_no_path_for_them():
    flow = make_flow(Autoregressive(conditionals=[(0, Category([1.0, 1.0]))]), 2, isa="host")
    with pytest.raises(ValueError, match=r"no path there yet; what is missing is .*CategoryFormula"):
        log_prob(flow, np.zeros((3, 2)))
