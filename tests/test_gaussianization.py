"""Which columns are mapped to normal scores, how well, and what a fit makes of it."""

import warnings

import numpy as np
import pytest
from scipy import stats

from nflows_np import FlowDensity, load
from nflows_np.columns import ColumnScaler
from nflows_np.columns.empirical import Empirical
from nflows_np.columns.gaussianization import choose_map, gaussianized
from nflows_np.columns.monotone_fits import mixture_map, quantile_map

# Mean loss against the truth that a column of 1,000 rows may have. Measured: a half to two thirds of it.
SHAPES = {
    "exponential": (stats.expon(), 0.025),
    "lognormal": (stats.lognorm(1.0), 0.02),
    "uniform": (stats.uniform(), 0.03),
    "t3": (stats.t(3), 0.02),
    "t2": (stats.t(2), 0.03),
}


def two_modes(rng, n, apart):
    x = rng.standard_normal(n) + np.where(rng.random(n) < 0.5, -0.5, 0.5) * apart

    def log_density(y):
        return np.logaddexp(*(stats.norm.logpdf(y, s * apart / 2) for s in (-1, 1))) - np.log(2)

    return x, log_density


def scaled(x):
    """As the scaler does, and how to read densities of scaled values as those of x."""
    loc, scale = np.median(x), np.subtract(*np.quantile(x, [0.75, 0.25])) / 1.349
    return (x - loc) / scale, lambda column, y: column.log_density((y - loc) / scale) - np.log(scale)


# One column


@pytest.mark.parametrize("shape", SHAPES)
def test_is_close_to_the_truth(rng, shape):
    truth, allowed = SHAPES[shape]
    z, read = scaled(truth.rvs(1000, random_state=rng))
    fresh = truth.rvs(20_000, random_state=rng)
    assert np.mean(truth.logpdf(fresh) - read(choose_map(z), fresh)) < allowed


@pytest.mark.parametrize("apart", [6.0, 100.0, 1e4])
def test_modes_far_apart(rng, apart):
    x, truth = two_modes(rng, 1000, apart)
    z, read = scaled(x)
    fresh = two_modes(rng, 20_000, apart)[0]
    loss = truth(fresh) - read(choose_map(z), fresh)
    assert np.mean(loss) < 0.02 and np.max(loss) < 8.0


def test_roughly_is_enough_to_tell_which_columns_need_a_map(rng):
    X = np.c_[
        rng.standard_normal((300, 37)), np.exp(rng.standard_normal(300)), np.exp(np.arange(300) % 36 / 8)
    ]
    rows, scaler = np.arange(len(X)), ColumnScaler(np.median(X, axis=0), np.ones(39))
    rough, judged = (gaussianized(scaler, X, rows, rough=rough).marginals for rough in (True, False))
    for maps in (rough, judged):
        assert maps.column(37) is not None and maps.column(38) is not None
        assert sum(maps.column(j) is not None for j in range(37)) <= 2


@pytest.mark.parametrize("n", [100, 1000, 20_000])
def test_a_normal_column_stays_as_it_is(n):
    chosen = [choose_map(np.random.default_rng(seed).standard_normal(n)) for seed in range(5)]
    assert sum(column is not None for column in chosen) <= 1


def test_few_values_are_no_steep_bins(rng):
    assert choose_map(rng.integers(0, 8, 2000) - 3.5) is None
    with_atom = np.where(rng.random(2000) < 0.3, 0.0, rng.exponential(size=2000))
    column = choose_map(with_atom)
    assert column is None or np.max(column(np.unique(with_atom))[1]) < np.log(100.0)


@pytest.mark.parametrize(
    "z",
    [
        np.zeros(200),
        np.r_[np.zeros(199), 1.0],
        np.repeat([-1.0, 0.0, 1e-300], 70),
        np.arange(3.0),
        np.arange(24.0) ** 3,
        np.r_[np.full(100, -1e300), np.full(100, 1e300)],
    ],
    ids=["constant", "nearly constant", "ties", "three rows", "few rows", "two values"],
)
def test_columns_that_tell_nothing_stay_as_they_are(z):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert choose_map(z) is None


@pytest.mark.parametrize("value", [1e8, 1e150, -1e308])
def test_wild_values_do_not_decide(rng, value):
    z = rng.exponential(size=500)
    z[::100] = value
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        column = choose_map(z)
        u, log_slope = column(np.clip(z, -1e100, 1e100))
    assert np.isfinite(u).all() and np.isfinite(log_slope).all()
    assert np.mean(stats.expon.logpdf(z[1:100]) - column.log_density(z[1:100])) < 0.2


def test_a_row_outside_is_not_hopeless(rng):
    """Tails are no steeper than lognormal ones: not a thousand nats below what a normal gives a row."""
    x = rng.uniform(size=4000)
    z, read = scaled(x)
    outside = np.array([-1.0, -10.0, 2.0, 11.0])
    normal = stats.norm.logpdf(outside, x.mean(), x.std())
    assert np.all(read(choose_map(z), outside) > normal - 1000.0)


@pytest.mark.parametrize("fit", [quantile_map(8, (3.0, 30.0)), mixture_map(2, (3.0, 3.0))])
def test_a_weight_of_two_is_the_value_twice(rng, fit):
    z = two_modes(rng, 500, 5.0)[0]
    weights = rng.integers(1, 4, 500).astype(float)
    once, repeated = fit(Empirical.of(z, weights)), fit(Empirical.of(np.repeat(z, weights.astype(int))))
    for name in ("x", "scores", "slopes", "reach"):
        np.testing.assert_allclose(getattr(once, name), getattr(repeated, name), rtol=1e-12)


# A fit


def independent_columns(rng, n):
    return np.column_stack(
        [rng.exponential(size=n), rng.standard_normal(n), two_modes(rng, n, 8.0)[0], rng.standard_t(3, n)]
    )


def test_columns_by_themselves_are_nearly_right_at_the_start(rng):
    X, fresh = independent_columns(rng, 1000), independent_columns(rng, 10_000)
    flow = FlowDensity(random_state=0).fit(X)
    assert flow.gaussianized_.tolist() == [True, False, True, True]
    truth = stats.expon.logpdf(fresh[:, 0]) + stats.norm.logpdf(fresh[:, 1]) + stats.t.logpdf(fresh[:, 3], 3)
    truth += two_modes(rng, 1, 8.0)[1](fresh[:, 2])
    assert np.mean(truth - flow.score_samples(fresh)) < 0.1


def test_held_out_rows_decide(rng):
    """A sum that is constant is bent by maps of single columns."""
    X = rng.dirichlet(np.full(4, 0.7), 1500)
    X[:, 3] += 0.02 * rng.standard_normal(1500)
    X = np.column_stack([X, rng.exponential(size=1500)])
    fits = {g: FlowDensity(gaussianize=g, max_iter=40, random_state=0).fit(X) for g in (True, False, "auto")}
    assert fits[True].gaussianized_.any() and not fits[False].gaussianized_.any()
    better = max((True, False), key=lambda g: fits[g].best_validation_score_)
    assert np.array_equal(fits["auto"].parameters_, fits[better].parameters_)
    assert np.array_equal(fits["auto"].gaussianized_, fits[better].gaussianized_)


def test_reported_likelihoods_are_of_the_columns(rng):
    """The maps' Jacobian is counted in the loss, in validation scores and in densities alike."""
    X, X_val = independent_columns(rng, 600), independent_columns(rng, 300)
    flow = FlowDensity("maf", gaussianize=True, dtype="float64", max_iter=30, random_state=0).fit(
        X, X_val=X_val
    )
    assert flow.best_validation_score_ == pytest.approx(flow.score(X_val), rel=1e-9)
    quiet = FlowDensity("maf", gaussianize=True, max_iter=1, learning_rate_init=1e-12, early_stopping=False)
    quiet.fit(X)
    assert quiet.loss_curve_[0] == pytest.approx(-quiet.score(X), rel=1e-5)


def test_the_density_is_one_and_samples_are_its(rng):
    flow = FlowDensity(random_state=0).fit(rng.exponential(size=(2000, 1)))
    assert flow.gaussianized_.all()
    grid = np.linspace(-5.0, 40.0, 400_001)
    assert np.trapezoid(np.exp(flow.score_samples(grid[:, None])), grid) == pytest.approx(1.0, abs=1e-3)
    assert stats.kstest(flow.sample(4000, random_state=0)[:, 0], "expon").statistic < 0.05


def test_files_and_copies_keep_the_maps(rng, tmp_path):
    X = independent_columns(rng, 500)
    flow = FlowDensity(gaussianize=True, max_iter=4, random_state=0).fit(X)
    flow.save(tmp_path / "flow.nflow")
    loaded = load(tmp_path / "flow.nflow")
    assert np.array_equal(loaded.gaussianized_, flow.gaussianized_)
    assert np.array_equal(loaded.score_samples(X), flow.score_samples(X))
    assert np.array_equal(loaded.sample(10, random_state=1), flow.sample(10, random_state=1))


@pytest.mark.parametrize("gaussianize", [True, "auto"])
def test_going_on_is_bit_for_bit(rng, gaussianize):
    """Four epochs and six more are ten, once it is chosen what they are of."""
    X = independent_columns(rng, 500)
    params = {"gaussianize": gaussianize, "random_state": 0, "warm_start": True}
    whole = FlowDensity(max_iter=10, **params).fit(X)
    parts = FlowDensity(max_iter=4, **params).fit(X)
    parts.set_params(max_iter=6).fit(X)
    assert np.array_equal(parts.gaussianized_, whole.gaussianized_)
    assert np.array_equal(parts.score_samples(X), whole.score_samples(X))


def test_an_interrupted_trial_keeps_what_it_has(rng, monkeypatch):
    """Ctrl-C in the second of two fits ends both, and the better one stays."""
    from nflows_np import training

    X, epochs = independent_columns(rng, 500), []
    epoch = training._Run.epoch

    def interrupted(run):
        epochs.append(run.model.scaler.marginals is not None)
        if sum(epochs) > 2:
            raise KeyboardInterrupt
        return epoch(run)

    monkeypatch.setattr(training._Run, "epoch", interrupted)
    flow = FlowDensity(max_iter=5, random_state=0)
    with pytest.raises(KeyboardInterrupt), pytest.warns(UserWarning, match="Training interrupted"):
        flow.fit(X)
    assert sum(epochs) == 3 and np.isfinite(flow.score(X))


def test_ctrl_c_while_maps_are_made_loses_nothing(rng, monkeypatch):
    """It comes after a whole fit, which stays, and nothing is fitted after it."""
    X = independent_columns(rng, 500)[:, 2:3]

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("nflows_np.estimators.fitting._gaussianized", interrupted)
    left = FlowDensity(random_state=0)
    with pytest.raises(KeyboardInterrupt), pytest.warns(UserWarning, match="Training interrupted"):
        left.fit(X)
    plain = FlowDensity("nsf_ar", gaussianize=False, random_state=0).fit(X)
    assert np.array_equal(left.score_samples(X), plain.score_samples(X))
