"""Ends of linked columns, circles, cells that are no numbers, and the stages after the links."""

import numpy as np
import pytest
from linked import INF, NAN, gathered, one, scaler_of, scattered
from tables import every_panel

from nflows_np._model import FlowModel
from nflows_np.columns import ColumnScaler
from nflows_np.columns.gaussianization import gaussianized
from nflows_np.columns.links import ABOVE, BELOW, BETWEEN, CIRCLE, Links
from nflows_np.columns.marginals import Marginals, MonotoneMap
from nflows_np.columns.residuals import Residuals
from nflows_np.specs import Flow

# ---- ends, and cells that are no numbers


@every_panel
@pytest.mark.parametrize("source", [np.float16, np.float32, np.float64, np.longdouble])
def test_ends_are_infinite_and_what_is_outside_is_no_number(source, panel):
    for kind, x, expected in [
        ("identity", [NAN, INF, -INF], [NAN, INF, -INF]),
        ("above", [-2.0, -2.5, -INF, INF, NAN], [-INF, NAN, NAN, INF, NAN]),
        ("below", [3.0, 3.5, INF, -INF, NAN], [INF, NAN, NAN, -INF, NAN]),
        ("between", [-1.0, 4.0, -1.5, 4.5, INF, -INF, NAN], [-INF, INF, NAN, NAN, NAN, NAN, NAN]),
        ("circle", [INF, -INF, NAN], [NAN, NAN, NAN]),
    ]:
        X = np.array(x, dtype=source)[:, None]
        found, log_jacobian = gathered(scaler_of(one(kind), 0.3, 0.7), X, panel)
        assert np.array_equal(found[:, 0], expected, equal_nan=True) and not log_jacobian.any()
        u, log_slope = one(kind).forward(0, np.array(x))
        assert np.array_equal(u, expected, equal_nan=True) and not log_slope.any()


@every_panel
def test_infinities_are_the_ends_and_finite_numbers_are_inside(panel):
    for low, high in [(-1.0, 4.0), (0.0, 1.0), (0.1, 0.7), (1e6, 1e6 + 1.0), (-1e-30, 1e30)]:
        kinds = {0: (ABOVE, low, INF), 1: (BELOW, -INF, high), 2: (BETWEEN, low, high)}
        scaler = scaler_of(Links.of(kinds, 3), 0.1, 1.5)
        limit = np.finfo(panel).max
        u = np.array(
            [INF, -INF, NAN, limit, -limit, 800.0, -800.0, 40.0, -40.0, 15.0, -15.0, 0.0], dtype=panel
        )
        for target in (np.float64, np.float32):
            x = scattered(scaler, np.repeat(u[:, None], 3, axis=1), target, panel).astype(float)
            assert np.array_equal(x[0, 1:], target([high, high])) and x[0, 0] == INF
            assert np.array_equal(x[1, [0, 2]], target([low, low])) and x[1, 1] == -INF
            assert np.isnan(x[2]).all() and np.isfinite(x[3:]).all()
            assert np.all(x[3:, [0, 2]] > low) and np.all(x[3:, 1:] < high)
        by_form = np.stack([scaler.links.inverse(j, u.astype(float)) for j in range(3)], axis=1)
        assert np.all(by_form[3:, [0, 2]] > low) and np.all(by_form[3:, 1:] < high)
        assert np.array_equal(by_form[:2, 2], [high, low])


@every_panel
def test_values_however_far_stay_finite(panel):
    big = np.finfo(float).max
    links = Links.of({0: (ABOVE, -big, INF), 1: (BELOW, -INF, big), 2: (CIRCLE, 0.9 * big, big)}, 3)
    X = np.array([[big, -big, -big], [0.5 * big, big / 3.0, 0.1], [-0.3 * big, -0.9 * big, 1.0]])
    found, log_jacobian = gathered(scaler_of(links), X, panel)
    assert np.isfinite(found).all() and np.isfinite(log_jacobian).all()
    assert np.isfinite(scattered(scaler_of(links), found, panel=panel)).all()


def test_a_circle_is_closed():
    for low, high in [(0.5, 24.5), (0.0, 360.0), (-180.0, 180.0), (0.1, 0.1 + 2 * np.pi), (-1e-9, 1e9 / 3.0)]:
        links = Links.of({0: (CIRCLE, low, high)}, 1)
        x = np.array([low, high, np.nextafter(low, -INF), np.nextafter(high, -INF), np.nextafter(high, INF)])
        found, log_jacobian = gathered(scaler_of(links), x[:, None])
        assert found[0].tobytes() == found[1].tobytes() == np.array([-np.pi]).tobytes()
        assert np.all(found >= -np.pi) and np.all(found < np.pi)
        assert np.all(log_jacobian == log_jacobian[0])
        assert log_jacobian[0] == pytest.approx(np.log(2 * np.pi / (high - low)), rel=1e-14)
        assert np.array_equal(links.forward(0, x)[0], found[:, 0])


def test_whole_turns_change_nothing():
    hours = np.arange(24.0)[:, None]
    links = Links.of({0: (CIRCLE, 0.0, 24.0)}, 1)
    expected = gathered(scaler_of(links), hours)[0]
    for turns in (-1000, -1, 1, 2, 12345):
        assert np.array_equal(gathered(scaler_of(links), hours + 24.0 * turns)[0], expected)
        assert np.array_equal(
            gathered(scaler_of(links), (hours + 24.0 * turns).astype(np.int64))[0], expected
        )


@every_panel
def test_angles_come_back_within_the_period(panel):
    angles = np.r_[np.linspace(-20.0, 20.0, 401), np.pi * np.arange(-9, 10), 1e8, -1e30]
    angles = np.r_[angles, np.nextafter(angles, INF), np.nextafter(angles, -INF)].astype(panel)[:, None]
    for low, high in [(0.5, 24.5), (0.0, 360.0), (0.1, 0.7), (-180.0, 180.0), (1e7, 1e7 + 2.0)]:
        links = Links.of({0: (CIRCLE, low, high)}, 1)
        for target in (np.float64, np.float32):
            x = scattered(scaler_of(links), angles, target, panel).astype(float)
            assert np.all(x >= low) and np.all(x < high)
        x = links.inverse(0, angles[:, 0].astype(float))
        assert np.all(x >= low) and np.all(x < high)
        back = links.forward(0, x)[0] - angles[:, 0]
        near = np.abs(angles[:, 0]) < 100.0
        room = 1e-13 + 10.0 * np.spacing(high) / (high - low)
        assert np.all(np.abs(np.sin(0.5 * back[near])) < room)
    assert np.isnan(scattered(scaler_of(links), np.array([[NAN], [INF], [-INF]]))).all()


# ---- with the stages that follow


def parts():
    """Two linked columns, one that the first nearly determines, and maps of all."""
    residuals = Residuals(np.array([2]), np.array([[1.0, 0.0, 0.0]]), np.array([0.1]))
    one_map = MonotoneMap(
        np.array([-2.0, 0.0, 2.0]),
        np.array([-1.0, 0.5, 2.0]),
        np.array([0.5, 1.0, 0.7]),
        np.array([3.0, INF]),
    )
    links = Links.of({0: (ABOVE, 0.0, INF), 1: (BETWEEN, 0.0, 10.0), 2: (ABOVE, 0.0, INF)}, 3)
    loc, scale = np.array([0.2, -0.1, 0.2]), np.array([0.8, 1.3, 0.8])
    return ColumnScaler(
        loc, scale, residuals, Marginals.of({j: one_map for j in range(3)}, 3), links
    ), one_map


def test_links_come_first_then_scales_residuals_and_maps():
    scaler, one_map = parts()
    X = np.random.default_rng(0).uniform(0.01, 9.99, size=(50, 3))
    linked, total = np.empty_like(X), np.zeros(50)
    for j in range(3):
        linked[:, j], log_slope = scaler.links.forward(j, X[:, j])
        total += log_slope
    z = (linked - scaler.loc) / scaler.scale
    z[:, 2] = (z[:, 2] - z[:, 0]) / 0.1
    for j in range(3):
        z[:, j], log_slope = one_map(z[:, j])
        total += log_slope
    found, log_jacobian = gathered(scaler, X)
    np.testing.assert_allclose(found, z, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(log_jacobian, total, rtol=1e-12)
    np.testing.assert_allclose(scattered(scaler, found), X, rtol=1e-10)
    assert scaler.log_jacobian == pytest.approx(-np.log(scaler.scale).sum() - np.log(0.1))


@pytest.mark.parametrize(("cell", "linked"), [(0.0, -INF), (10.0, INF), (NAN, NAN)])
@pytest.mark.parametrize("reach", [3.0, INF])
@every_panel
def test_cells_that_are_no_numbers_pass_and_count_nothing(cell, linked, reach, panel):
    a_map = MonotoneMap(np.array([-1.0, 1.0]), np.array([-1.0, 1.0]), np.array([2.0, 3.0]), np.full(2, reach))
    links = Links.of({0: (BETWEEN, 0.0, 10.0)}, 2)
    scaler = scaler_of(links, 0.1, 0.4, marginals=Marginals.of({0: a_map, 1: a_map}, 2))
    X = np.array([[cell, 0.3], [5.0, 0.3]])
    found, log_jacobian = gathered(scaler, X, panel)
    assert np.array_equal(found[0, 0], linked, equal_nan=True) and np.array_equal(found[0, 1], found[1, 1])
    u, log_slope = links.forward(0, np.array([5.0]))
    its = log_slope[0] + a_map((u - 0.1) / 0.4)[1][0]
    assert log_jacobian[0] == pytest.approx(log_jacobian[1] - its, rel=1e-12)
    back = scattered(scaler, found, panel=panel)
    assert np.array_equal(back[0, 0], cell, equal_nan=True) and back[1] == pytest.approx(X[1], rel=1e-6)


def test_densities_are_those_of_the_columns():
    links = Links.of({0: (ABOVE, 0.0, INF), 1: (BETWEEN, 0.0, 1.0)}, 2)
    scaler = ColumnScaler(np.array([0.3, -0.2]), np.array([0.5, 1.1]), links=links)
    model = FlowModel(Flow(()).resolve(2), scaler, np.dtype(np.float64))
    X = np.random.default_rng(0).uniform(0.01, 0.99, size=(300, 2))
    z = (np.stack([np.log(X[:, 0]), np.log(X[:, 1] / (1 - X[:, 1]))], axis=1) - scaler.loc) / scaler.scale
    slopes = -np.log(X[:, 0]) - np.log(X[:, 1] * (1 - X[:, 1])) - np.log(scaler.scale).sum()
    expected = slopes - 0.5 * np.square(z).sum(axis=1) - np.log(2 * np.pi)
    np.testing.assert_allclose(model.log_prob(X), expected, rtol=1e-12, atol=1e-12)
    rows, weights = np.arange(10, 200), np.linspace(0.0, 2.0, 190)
    found = model.mean_log_jacobian(X, rows, weights)
    assert found == pytest.approx(np.average(slopes[rows], weights=weights), rel=1e-12)
    samples = model.sample(500, np.random.RandomState(0))
    assert np.all(samples > 0.0) and np.all(samples[:, 1] < 1.0)


def test_maps_are_chosen_from_the_cells_that_are_numbers():
    rng = np.random.default_rng(0)
    X, gap = np.exp(rng.exponential(size=(2000, 2))), rng.random(2000) < 0.3
    X[gap, 0] = np.where(rng.random(gap.sum()) < 0.5, NAN, 1.0)  # an atom at the end, and gaps
    links = Links.of({0: (ABOVE, 1.0, INF), 1: (ABOVE, 0.0, INF)}, 2)
    weights = rng.integers(1, 3, size=2000).astype(float)
    kept = np.flatnonzero(~gap)
    for sample_weight in (None, weights):
        scaler = ColumnScaler.fit(X, links=links, sample_weight=sample_weight)
        whole = gaussianized(scaler, X, np.arange(2000), sample_weight)
        some = gaussianized(scaler, X, kept, sample_weight)
        assert whole.links is links and whole.marginals.column(1) is not None
        for name, knots in vars(whole.marginals.column(0)).items():
            assert np.array_equal(knots, getattr(some.marginals.column(0), name))
