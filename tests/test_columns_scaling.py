"""The robust scaling of the columns and the empirical distribution it is learnt from."""

import warnings

import numpy as np
import pytest
from tables import INTEGERS, SOURCES, every_panel, gathered, table

from nflows_np.columns import ColumnScaler, DegenerateColumnWarning, Scatter
from nflows_np.columns.empirical import Empirical, evenly_spread
from nflows_np.columns.scaling import MAX_ROWS

# ---- the empirical distribution


def test_quantiles_are_the_averaged_inverse_distribution_function():
    rng = np.random.default_rng(0)
    q = np.array([0.1, 0.25, 0.5, 0.75, 0.9])
    for n in [*range(1, 30), 1000]:
        x = rng.integers(0, 20, size=n).astype(float)
        expected = np.quantile(x, q, method="averaged_inverted_cdf")
        assert Empirical.of(x).quantiles(q) == pytest.approx(expected, abs=1e-12)


def test_weights_are_repetitions_to_the_last_bit():
    rng = np.random.default_rng(1)
    for n in [1, 2, 5, 40]:
        x = np.round(rng.standard_cauchy(n), 1)
        weight = rng.integers(0, 4, size=n)
        weight[0] += 1
        used = weight > 0
        weighted = Empirical.of(x[used], weight[used].astype(float))
        repeated = Empirical.of(np.repeat(x, weight))
        assert np.array_equal(weighted.values, repeated.values)
        assert np.array_equal(weighted.weights, repeated.weights)


def test_spread_is_the_standard_deviation():
    x = np.random.default_rng(2).normal(1e6, 3.0, size=500)
    assert Empirical.of(x).spread() == pytest.approx(x.std(), rel=1e-9)
    assert Empirical.of(np.array([-1.7e308, 1.7e308])).spread() == pytest.approx(1.7e308)
    assert Empirical.of(np.array([2.0, 2.0])).spread() == 0.0


@pytest.mark.parametrize("n, size", [(10, 10), (10, 3), (1000, 999), (10**9, 4096)])
def test_evenly_spread_indices(n, size):
    chosen = evenly_spread(n, size)
    assert chosen[0] >= 0 and chosen[-1] < n and (np.diff(chosen) > 0).all()
    assert 0.6 * min(n, size) <= len(chosen) <= size or n <= size
    assert np.diff(chosen).max() <= 4 * max(1, n / size)


# ---- the scaler


def fit_quietly(X, *args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateColumnWarning)
        return ColumnScaler.fit(np.asarray(X), *args, **kwargs)


def equal(a, b):
    return np.array_equal(a.loc, b.loc) and np.array_equal(a.scale, b.scale)


def test_normal_columns_get_mean_and_standard_deviation():
    X = np.random.default_rng(0).normal([5.0, -1e6], [2.0, 1e-3], size=(100_000, 2))
    scaler = ColumnScaler.fit(X)
    assert scaler.loc == pytest.approx([5.0, -1e6], abs=0.03)
    assert scaler.scale == pytest.approx([2.0, 1e-3], rel=0.02)
    assert scaler.log_jacobian == pytest.approx(-np.log(scaler.scale).sum(), rel=1e-14)


def test_outliers_move_nothing():
    X = np.random.default_rng(0).normal(size=(10_001, 1))
    wild = X.copy()
    wild[:3] = 1e300
    before, after = ColumnScaler.fit(X), ColumnScaler.fit(wild)
    assert after.loc == pytest.approx(before.loc, abs=1e-2)
    assert after.scale == pytest.approx(before.scale, rel=1e-2)


@pytest.mark.parametrize("kind", ["continuous", "rounded", "mostly zero"])
def test_sample_weights_are_repetitions_to_the_last_bit(kind):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 4)) ** 3
    if kind == "rounded":
        X = X.round()
    if kind == "mostly zero":
        X *= rng.random(X.shape) < 0.1
    weight = rng.integers(0, 3, size=60)
    weighted = fit_quietly(X, sample_weight=weight.astype(float))
    assert equal(weighted, fit_quietly(np.repeat(X, weight, axis=0)))
    assert equal(weighted, fit_quietly(X, np.flatnonzero(weight), sample_weight=weight.astype(float)))
    assert equal(weighted, fit_quietly(X, sample_weight=2.0 * weight))
    assert not equal(weighted, fit_quietly(X))


@pytest.mark.parametrize("factor", [2.0**1020, 2.0**-1060, 3e300, 1e-300])
def test_only_the_ratios_of_weights_count(factor):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4)) * (rng.random((60, 4)) < [0.1, 0.1, 1.0, 1.0])
    weight = rng.integers(0, 5, size=60).astype(float)
    expected = fit_quietly(X, sample_weight=weight)
    scaler = fit_quietly(X, sample_weight=factor * weight)
    assert scaler.loc == pytest.approx(expected.loc) and scaler.scale == pytest.approx(expected.scale)


def test_weights_belong_to_the_rows_of_the_table():
    X = np.random.default_rng(0).normal(size=(50, 2))
    weight, rows = np.arange(50.0), np.arange(10, 40)[::-1].copy()
    assert equal(fit_quietly(X, rows, sample_weight=weight), fit_quietly(X[rows], sample_weight=weight[rows]))


def test_scaling_is_equivariant():
    X = np.random.default_rng(0).standard_cauchy(size=(200, 1))
    one, other = ColumnScaler.fit(X), ColumnScaler.fit(1e6 - 4.0 * X)
    assert other.loc == pytest.approx(1e6 - 4.0 * one.loc, rel=1e-12)
    assert other.scale == pytest.approx(4.0 * one.scale, rel=1e-9)


@pytest.mark.parametrize("n_rows", [MAX_ROWS + 1, 3 * MAX_ROWS])
@pytest.mark.parametrize("weighted", [False, True])
def test_large_tables_are_fitted_from_evenly_spread_rows(n_rows, weighted):
    rng = np.random.default_rng(0)
    X = rng.normal([10.0, 0.0], [3.0, 1e-4], size=(n_rows, 2))
    X[:, 1] *= np.arange(n_rows) % 24 == 5  # a periodic table, zero for most of the period
    weight = np.ones(n_rows)
    weight[::2] = 0.0
    scaler = fit_quietly(X, sample_weight=weight if weighted else None)
    assert scaler.loc == pytest.approx([10.0, 0.0], abs=0.05)
    used = X[weight > 0, 1] if weighted else X[:, 1]
    assert scaler.scale[0] == pytest.approx(3.0, rel=0.02)
    assert scaler.scale[1] == pytest.approx(used.std(), rel=1e-9)  # a vanishing range is judged by all rows


def test_a_rare_value_in_a_large_table_is_not_overlooked():
    X = np.zeros((MAX_ROWS + MAX_ROWS // 2, 1))
    row = np.setdiff1d(np.arange(len(X)), evenly_spread(len(X), MAX_ROWS))[0]
    X[row] = 7.0
    with pytest.warns(DegenerateColumnWarning) as record:
        scaler = ColumnScaler.fit(X)
    assert not any("Constant" in str(warning.message) for warning in record)
    assert scaler.scale[0] == pytest.approx(X.std())


@pytest.mark.parametrize("source", SOURCES, ids=lambda t: np.dtype(t).str)
def test_every_type_and_layout_gives_the_same_scaling(source):
    X = table(source, 300, 3)
    expected = fit_quietly(X.astype(np.float64))
    for layout in (X, np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2], X[:, ::-1].copy()[:, ::-1]):
        assert equal(fit_quietly(layout), expected)


EXTREME = {
    "1e6": np.random.default_rng(0).normal(size=200) * 1e6,
    "1e-6": np.random.default_rng(0).normal(size=200) * 1e-6,
    "denormal": np.random.default_rng(0).normal(size=200) * 1e-315,
    "smallest": np.arange(200) * 5e-324,
    "huge": np.random.default_rng(0).uniform(-1.0, 1.0, size=200) * 1.7e308,
    "two ends": np.resize([-1.7e308, 1.7e308], 200),
    "cauchy": np.random.default_rng(0).standard_cauchy(200) * 1e100,
    "offset": 1e15 + np.arange(200.0),
    "constant": np.full(200, 1e-300),
    "jitter": np.resize([1e9, np.nextafter(1e9, 2e9)], 200),
    "one off": np.r_[np.zeros(199), 1e-200],
    "wild": np.r_[np.random.default_rng(0).normal(size=199), 1e308],
}


@pytest.mark.parametrize("name", EXTREME)
@every_panel
def test_torture(name, panel):
    X = EXTREME[name][:, None]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", DegenerateColumnWarning)
        scaler = ColumnScaler.fit(X)
    assert np.isfinite([*scaler.loc, *scaler.scale, scaler.log_jacobian]).all() and scaler.scale[0] > 0
    z = gathered(X, None, scaler.loc, scaler.scale, panel).transpose(0, 2, 1).ravel()[:200]
    assert np.isfinite(z).all()
    assert np.median(np.abs(z)) < 3.0
    back = np.empty_like(X)
    z = gathered(X, None, scaler.loc, scaler.scale, np.float64)
    Scatter(back, scaler.loc, scaler.scale, np.float64).move(z)
    if name != "wild":
        error = np.abs(0.5 * back - 0.5 * X).max()
        assert error <= 1e-12 * max(np.abs(0.5 * X).max(), scaler.scale[0]) + 5e-324


@pytest.mark.parametrize("dtype", INTEGERS)
def test_extremes_of_the_integers(dtype):
    info = np.iinfo(dtype)
    X = np.resize(np.array([info.min, info.max], dtype=dtype), (100, 1))
    scaler = fit_quietly(X)
    z = gathered(X, None, scaler.loc, scaler.scale)[0, 0]
    assert np.abs(z) == pytest.approx(0.5 * 1.349, rel=0.05)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_few_rows(n):
    X = np.random.default_rng(0).normal(size=(n, 3))
    scaler = fit_quietly(X)
    assert scaler.loc == pytest.approx(np.median(X, axis=0))
    assert (scaler.scale > 0).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_must_be_finite(value):
    X = np.zeros((20, 3))
    X[4, 2] = value
    with pytest.raises(ValueError, match=f"X must be finite; column 2 holds {value}"):
        fit_quietly(X)
    fit_quietly(X, np.delete(np.arange(20), 4))


@pytest.mark.parametrize(
    "weight, message",
    [
        (np.zeros(5), "no row has a positive weight"),
        (np.array([1.0, 1.0, -2.0, 1.0, 1.0]), "not negative; it holds -2.0"),
        (np.array([1.0, np.nan, 1.0, 1.0, 1.0]), "must be finite and not negative; it holds nan"),
        (np.ones(4), r"sample_weight must have shape \(5,\); got \(4,\)"),
    ],
)
def test_weights_are_checked(weight, message):
    with pytest.raises(ValueError, match=message):
        ColumnScaler.fit(np.eye(5), sample_weight=weight)


def test_a_scaler_is_checked_and_does_not_change():
    scaler = ColumnScaler([1.0, 2.0], [3.0, 4.0])
    assert scaler.loc.dtype == scaler.scale.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        scaler.scale[0] = 1.0
    for loc, scale, message in [
        ([0.0, np.nan], [1.0, 1.0], r"loc\[1\] must be finite; got nan"),
        ([0.0, 0.0], [1.0, 0.0], r"scale\[1\] must be finite and positive; got 0.0"),
        ([0.0, 0.0], [np.inf, 1.0], r"scale\[0\] must be finite and positive; got inf"),
        ([0.0, 0.0], [1.0], r"scale must be a vector like loc; got shape \(1,\)"),
        (0.0, 1.0, r"loc must be a vector like loc; got shape \(\)"),
    ]:
        with pytest.raises(ValueError, match=message):
            ColumnScaler(loc, scale)
