"""Monotone maps of columns to normal scores: the formula, both ways, and in the streams."""

import numpy as np
import pytest

from nflows_np.columns import ColumnScaler, Gather
from nflows_np.columns.gaussianization import gaussianized
from nflows_np.columns.marginals import Marginals, MonotoneMap


def skewed(rng, n=1000):
    """Columns that want a map, one that wants none, and one that the first nearly determines."""
    X = np.column_stack(
        [
            rng.exponential(size=n),
            rng.standard_normal(n),
            rng.standard_t(2, n),
            rng.standard_normal(n) + 1e4 * (rng.random(n) < 0.5),
        ]
    )
    return np.column_stack([X, X[:, 0] + 1e-5 * rng.standard_t(3, n)]) * [1.0, 10.0, 1e-3, 1e5, 1.0]


def fitted(X):
    scaler = ColumnScaler.fit(X)
    return scaler, gaussianized(scaler, X, np.arange(len(X)))


def moved(scaler, X, dtype=np.float64):
    """The panels of some rows, and the maps' log-Jacobians."""
    log_jacobian = np.full(len(X), np.nan)
    stream = scaler.gather(X, slice(0, len(X)), dtype, log_jacobian)
    return stream.move(np.empty(stream.shape, dtype)), log_jacobian


def rows_of(panels, n):
    return panels.transpose(0, 2, 1).reshape(-1, panels.shape[1])[:n]


def a_map(reach=(3.0, np.inf)):
    return MonotoneMap(
        np.array([-2.0, -0.5, 0.1, 3.0]),
        np.array([-1.5, 0.0, 0.2, 2.0]),
        np.array([0.5, 2.0, 0.1, 0.7]),
        np.array(reach),
    )


def test_the_slope_is_the_derivative():
    x, h = np.linspace(-9.0, 9.0, 1001) + 1e-3, 1e-6
    numeric = (a_map()(x + h)[0] - a_map()(x - h)[0]) / (2 * h)
    np.testing.assert_allclose(np.exp(a_map()(x)[1]), numeric, rtol=1e-7)


def test_increases_and_meets_its_knots():
    one = a_map()
    u, log_slope = one(one.x)
    np.testing.assert_allclose(u, one.scores, rtol=1e-15, atol=1e-15)
    np.testing.assert_allclose(np.exp(log_slope), one.slopes, rtol=1e-14)
    assert np.all(np.diff(one(np.linspace(-50.0, 50.0, 5001))[0]) > 0.0)


def test_streams_are_the_formula(rng):
    X = skewed(rng)
    scaler, mapped = fitted(X)
    assert scaler.residuals.columns.tolist() == [4]
    z = rows_of(moved(scaler, X)[0], len(X))
    panels, log_jacobian = moved(mapped, X)
    expected, total = z.copy(), np.zeros(len(X))
    for j in range(5):
        column = mapped.marginals.column(j)
        assert (column is None) == (j == 1)
        if column is not None:
            expected[:, j], log_slope = column(z[:, j])
            total += log_slope
    np.testing.assert_allclose(rows_of(panels, len(X)), expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(log_jacobian, total, rtol=1e-12, atol=1e-12)
    assert not panels.transpose(0, 2, 1).reshape(-1, 5)[len(X) :].any()
    assert not moved(scaler, X)[1].any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scatter_undoes_gather(rng, dtype):
    X = skewed(rng)
    mapped = fitted(X)[1]
    fresh = np.vstack([X, 3.0 * X - X.mean(axis=0)])  # beyond the knots, too
    out = np.empty(fresh.shape, dtype)
    mapped.scatter(out, np.float64).move(moved(mapped, fresh)[0])
    tolerance = np.ptp(X, axis=0) * (1e-6 if dtype == np.float32 else 1e-11)
    assert np.all(np.abs(out - fresh) <= tolerance + np.abs(fresh) * 1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [1e30, -1e300, np.finfo(float).max])
def test_finite_rows_stay_finite_both_ways(rng, dtype, value):
    X = skewed(rng)
    mapped = fitted(X)[1]
    X[3], X[4, 0] = value, -value
    panels, log_jacobian = moved(mapped, X, dtype)
    assert np.isfinite(panels).all() and np.isfinite(log_jacobian).all()
    far = np.full((1, 5, 16), np.clip(value, np.finfo(dtype).min, np.finfo(dtype).max), dtype)
    for out in (np.empty((16, 5)), np.empty((16, 5), np.float32)):
        mapped.scatter(out, dtype).move(far)
        assert np.isfinite(out).all()


def test_what_is_not_finite_stays_so(rng):
    X = skewed(rng)
    mapped = fitted(X)[1]
    X[0, 0], X[1, 2], X[2, 3] = np.nan, np.inf, -np.inf
    u = rows_of(moved(mapped, X)[0], 3)
    assert np.isnan(u[0, 0]) and u[1, 2] == np.inf and u[2, 3] == -np.inf


def test_a_row_is_the_same_whichever_come_with_it(rng):
    X = skewed(rng)
    mapped = fitted(X)[1]
    panels, log_jacobian = moved(mapped, X)
    for i in (0, 17, len(X) - 1):
        alone, its = moved(mapped, X[i : i + 1])
        assert np.array_equal(rows_of(alone, 1)[0], rows_of(panels, len(X))[i]) and its[0] == log_jacobian[i]


def test_a_place_for_the_jacobian_that_does_not_fit_is_refused(rng):
    X = skewed(rng)
    mapped = fitted(X)[1]
    for place in (np.empty(3), np.empty(len(X), np.float32), np.empty(2 * len(X))[::2]):
        with pytest.raises(ValueError, match=r"log_jacobian must be contiguous float64 of shape \(1000,\)"):
            mapped.gather(X, slice(None), np.float64, place)


@pytest.mark.parametrize(
    ("field", "at", "value", "message"),
    [
        ("begins", 1, 1, "marginal_begins are not those of 2 columns"),
        ("begins", 2, 5, "the maps have other than 5 knots"),
        ("x", 1, -3.0, "marginal_x are not finite, or do not increase"),
        ("scores", 2, np.nan, "marginal_scores are not finite, or do not increase"),
        ("slopes", 3, 0.0, "marginal_slopes are not finite and positive"),
        ("reach", 3, -1.0, "marginal_reach is not of 4 positive numbers"),
    ],
)
def test_maps_that_are_none_are_refused(field, at, value, message):
    good = Marginals.of({1: a_map()}, 2)
    good.check(2)
    arrays = {name: array.copy() for name, array in vars(good).items()}
    arrays[field][at] = value
    X, unit = np.zeros((4, 2)), np.ones(2)
    with pytest.raises(ValueError, match=message):
        Gather(X, slice(None), np.zeros(2), unit, np.float64, None, Marginals(**arrays))
    with pytest.raises(ValueError, match="marginal_begins are not those of 3 columns"):
        good.check(3)
