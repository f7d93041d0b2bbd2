"""Columns that others nearly determine stand for what those leave of them, in float64."""

import numpy as np
import pytest

from nflows_np import FlowDensity, load
from nflows_np.columns import ColumnScaler
from nflows_np.columns.residuals import Residuals


def nearly(rng, eps, n=1000):
    X = rng.standard_normal((n, 4)) * [1.0, 10.0, 1e-3, 1e5] + [0.0, 5.0, 1.0, 0.0]
    X[:, 2] = 1.0 + 1e-3 * (X[:, 0] - 2.0 * (X[:, 1] - 5.0) / 10.0 + eps * rng.standard_normal(n))
    return X


def panels(scaler, X, dtype=np.float64):
    stream = scaler.gather(X, slice(None), dtype)
    return stream.move(np.empty(stream.shape, dtype)).transpose(0, 2, 1).reshape(-1, X.shape[1])[: len(X)]


@pytest.mark.parametrize("eps", [1e-2, 1e-4, 1e-7])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_residuals_have_a_scale_of_their_own(rng, eps, dtype):
    X = nearly(rng, eps)
    scaler = ColumnScaler.fit(X)
    assert scaler.residuals.columns.tolist() == [2]
    z = panels(scaler, X, dtype)
    np.testing.assert_allclose(np.std(z, axis=0), 1.0, atol=0.1)
    assert abs(np.corrcoef(z.T)[2, :2]).max() < 0.1


def test_is_the_formula(rng):
    X = nearly(rng, 1e-3)
    scaler = ColumnScaler.fit(X)
    z = (X - scaler.loc) / scaler.scale
    B, width = scaler.residuals.weights[0], scaler.residuals.widths[0]
    expected = z.copy()
    expected[:, 2] = (z[:, 2] - z @ B) / width
    np.testing.assert_allclose(panels(scaler, X), expected, rtol=1e-9, atol=1e-9)
    assert scaler.log_jacobian == pytest.approx(-np.log(scaler.scale).sum() - np.log(width))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scatter_undoes_gather(rng, dtype):
    X = nearly(rng, 1e-6)
    scaler = ColumnScaler.fit(X)
    stream = scaler.gather(X, slice(None), np.float64)
    moved = stream.move(np.empty(stream.shape))
    out = np.empty(X.shape, dtype)
    scaler.scatter(out, np.float64).move(moved)
    np.testing.assert_allclose(out, X, rtol=1e-6 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("value", [1e30, -1e300, np.finfo(float).max])
def test_finite_rows_stay_finite(rng, value):
    X = nearly(rng, 1e-6)
    scaler = ColumnScaler.fit(X)
    X[3] = value
    X[4, 0] = -value
    for dtype in (np.float32, np.float64):
        assert np.isfinite(panels(scaler, X, dtype)).all()
    flow = FlowDensity("linear", random_state=0).fit(nearly(rng, 1e-6))
    assert np.isfinite(flow.score_samples(X)).all()


def test_what_is_not_nearly_determined_stays(rng):
    assert ColumnScaler.fit(nearly(rng, 0.5)).residuals is None
    assert ColumnScaler.fit(rng.standard_normal((1000, 5))).residuals is None
    assert ColumnScaler.fit(nearly(rng, 1e-4, n=12)).residuals is None  # too few rows to tell


def test_a_relation_that_many_rows_break_is_none(rng):
    X = nearly(rng, 1e-4)
    X[::20, 2] = 1.0 + 1e-3 * rng.standard_normal(50)
    assert ColumnScaler.fit(X).residuals is None
    X = nearly(rng, 1e-4)
    X[::400, 2] = 1.0 + 1e-3 * rng.standard_normal(3)
    assert ColumnScaler.fit(X).residuals is not None


def test_rounding_is_no_residual(rng):
    """An exact combination has no noise to keep: what is left is the table's rounding."""
    X = rng.standard_normal((1000, 3))
    X[:, 2] = X[:, 0] + X[:, 1]
    with pytest.warns(UserWarning, match="Linearly dependent"):
        assert ColumnScaler.fit(X).residuals is None
    assert ColumnScaler.fit(nearly(rng, 1e-8).astype(np.float32)).residuals is None


def test_wild_rows_that_agree_do_not_hide_it(rng):
    X = nearly(rng, 1e-4)
    expected = ColumnScaler.fit(X).residuals.weights
    X[::250, [0, 2]] += np.array([1e6, 1e3])
    residuals = ColumnScaler.fit(X).residuals
    assert residuals.columns.tolist() == [2]
    np.testing.assert_allclose(residuals.weights, expected, rtol=0.1)


def test_a_weight_of_two_is_the_row_twice(rng):
    X, counts = nearly(rng, 1e-4), rng.integers(0, 3, 1000)
    one = ColumnScaler.fit(X, sample_weight=counts.astype(float)).residuals
    other = ColumnScaler.fit(np.repeat(X, counts, axis=0)).residuals
    np.testing.assert_allclose(one.weights, other.weights, rtol=1e-6)
    np.testing.assert_allclose(one.widths, other.widths, rtol=1e-3)


def test_circular_columns_are_left_out(rng):
    X = nearly(rng, 1e-3)
    assert ColumnScaler.fit(X).residuals is not None
    assert ColumnScaler.fit(X, as_they_are=[0]).residuals is None
    assert ColumnScaler.fit(X, as_they_are=[2]).residuals is None


def test_densities_keep_the_noise(rng):
    X, fresh = nearly(rng, 1e-6, 4000), nearly(rng, 1e-6)
    flow = FlowDensity("linear", random_state=0).fit(X)
    z = (fresh[:, 2] - 1.0) / 1e-3 - fresh[:, 0] + 2.0 * (fresh[:, 1] - 5.0) / 10.0
    rest = np.c_[fresh[:, 0], (fresh[:, 1] - 5.0) / 10.0, z / 1e-6, fresh[:, 3] / 1e5]
    truth = -0.5 * np.square(rest).sum(axis=1) - 2.0 * np.log(2 * np.pi) - np.log(10.0 * 1e-3 * 1e-6 * 1e5)
    assert abs(flow.score(fresh) - truth.mean()) < 0.02
    assert np.allclose(flow.inverse_transform(flow.transform(fresh)), fresh, rtol=1e-5, atol=1e-5)


def test_files_hold_them(rng, tmp_path):
    X = nearly(rng, 1e-6)
    flow = FlowDensity("linear", random_state=0).fit(X)
    flow.save(tmp_path / "m.flow")
    assert np.array_equal(load(tmp_path / "m.flow").score_samples(X), flow.score_samples(X))


def test_residuals_of_other_columns_are_refused(rng):
    X = rng.standard_normal((5, 3))
    residuals = Residuals(np.array([1]), np.array([[1.0, 0.0]]), np.array([0.1]))
    with pytest.raises(ValueError, match="of 2 columns, not of 3"):
        ColumnScaler(np.zeros(3), np.ones(3), residuals).gather(X, slice(None), np.float64)
