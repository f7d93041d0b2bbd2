"""Columns of several kinds: what went wrong once, each with its right value."""

import warnings

import numpy as np
import pandas as pd
import pytest

from nflows_np import FlowDensity, load
from nflows_np.columns import Bounded, Categorical, Drop, Integer, Periodic, Positive, Real
from nflows_np.specs import Autoregressive, Flow, Product, RationalQuadratic, StandardNormal, VonMises


def fitted(X, **params):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return FlowDensity(**{"flow": "nsf_ar", "max_iter": 2, "random_state": 0} | params).fit(X)


@pytest.mark.parametrize(
    "kind, draw",
    [
        (Integer(0), lambda rng, n: rng.poisson(20_000, n)),
        (Integer(0), lambda rng, n: np.rint(rng.lognormal(7.0, 0.3, n))),
        (Integer(), lambda rng, n: rng.poisson(20_000, n)),
        (Bounded(0, 100, rounded=0.1), lambda rng, n: np.round(rng.uniform(1, 99, n), 1)),
        (Positive(rounded=50), lambda rng, n: 50.0 * np.rint(rng.lognormal(11.5, 0.2, n) / 50)),
    ],
    ids=["Poisson", "lognormal", "without bounds", "tenths", "fifties"],
)
def test_steps_that_are_narrow_beside_the_spread(kind, draw, tmp_path):
    rng = np.random.default_rng(0)
    X = np.column_stack([draw(rng, 400), rng.normal(size=400)]).astype(float)
    model = fitted(X, columns={0: kind}, max_iter=40)
    model.save(tmp_path / "model.flow")
    assert np.array_equal(load(tmp_path / "model.flow").score_samples(X), model.score_samples(X))
    z = model.transform(X)[:, 0]
    assert abs(z.mean()) < 0.3 and 0.7 < z.std() < 1.3
    S = model.sample(500, random_state=0)[:, 0]
    assert np.allclose(S / kind.step, np.round(S / kind.step)) and np.isfinite(model.score_samples(X)).all()
    assert np.quantile(S, 0.5) == pytest.approx(np.quantile(X[:, 0], 0.5), rel=0.2)


def test_a_column_with_a_gap_is_no_part_of_a_residual():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 3))
    X[:, 1] = 2 * X[:, 0] + 1e-5 * rng.normal(size=20_000)
    X[7, 0] = np.nan  # where the rows that are looked at may not have it
    model = fitted(X, missing="observed", max_iter=1)
    near, far = model.score_samples([[np.nan, 1.0, 0.0], [np.nan, 9.0, 0.0]])
    assert near < 0.0 and far < near - 3.0


@pytest.mark.parametrize(
    "kind, end", [(Bounded(0.1, None, atoms="low"), 0.1), (Bounded(0, 0.3, atoms="high"), 0.3)]
)
def test_ends_of_numbers_with_few_digits(kind, end):
    rng = np.random.default_rng(0)
    x = np.where(rng.random(2000) < 0.2, end, rng.uniform(0.11, 0.29, 2000))[:, None]
    wide, narrow = fitted(x, columns=kind), fitted(x.astype(np.float32), columns=kind)
    at = np.array([[end]])
    expected = wide.score_samples(at)
    assert np.exp(expected) == pytest.approx(0.2, abs=0.05)
    assert narrow.score_samples(at.astype(np.float32)) == pytest.approx(expected, abs=1e-3)
    assert np.mean(np.isclose(narrow.sample(2000, random_state=0), end, atol=1e-12)) == pytest.approx(
        0.2, abs=0.05
    )


def test_rounded_numbers_with_few_digits():
    x = np.random.default_rng(0).normal(size=(500, 1)).round(1).astype(np.float32)
    assert np.isfinite(fitted(10 * x, columns=Real(rounded=0.5 * 2)).score_samples(np.rint(10 * x))).all()
    assert np.isfinite(fitted(x, columns=Real(rounded=0.1)).score_samples(x)).all()


def test_an_interrupt_while_gaps_are_learnt_stops_the_caller(monkeypatch):
    from nflows_np.estimators import _base

    def interrupted(*args):
        flow, parameters, history = fit_pattern(*args)
        history.interrupted = True
        return flow, parameters, history

    fit_pattern = _base.fit_pattern
    monkeypatch.setattr(_base, "fit_pattern", interrupted)
    X = np.random.default_rng(0).normal(size=(300, 2))
    X[:40, 1] = np.nan
    flow = FlowDensity("nsf_ar", missing="observed", max_iter=2)
    with pytest.raises(KeyboardInterrupt), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        flow.fit(X)
    assert np.isfinite(flow.score_samples(X)).all()


def test_a_fit_that_goes_on_keeps_the_pattern_of_gaps():
    X = np.random.default_rng(0).normal(size=(300, 2))
    X[:60, 1] = np.nan
    model = fitted(X, missing="observed")
    model.partial_fit(X)
    assert np.isnan(model.sample(500, random_state=0, keep_missing=True)[:, 1]).mean() == pytest.approx(
        0.2, abs=0.1
    )


def test_a_guess_has_to_fit_all_rows():
    X = np.random.default_rng(0).uniform(size=(300_000, 1))
    X[3] = -0.001
    model = fitted(X, columns="auto", flow="linear", max_iter=1)
    assert np.isfinite(model.score_samples(X[:10])).all()


def test_numbers_beside_texts_in_a_list_stay_numbers():
    rng = np.random.default_rng(0)
    rows = [
        [str(name), float(x)]
        for name, x in zip(rng.choice(["a", "b"], 200), rng.normal(size=200), strict=True)
    ]
    model = fitted(rows, columns={0: Categorical()})
    assert model.columns_ == {0: Categorical(["a", "b"]), 1: Real()}


def test_finite_numbers_of_a_column_with_gaps_stay_finite():
    X = np.random.default_rng(0).normal(size=(300, 2))
    X[:40, 1] = np.nan
    model = fitted(X, missing="observed")
    assert np.isfinite(model.inverse_transform(model.transform([[0.0, 1e17]]))).all()


def test_angles_of_a_flow_are_wrapped_beside_columns_with_bounds():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.uniform(-np.pi, np.pi, 300), rng.exponential(size=300)])
    layer = Autoregressive(RationalQuadratic(4), circular=[0], hidden_units=(8,))
    flow = Flow([layer], base=Product([((0,), VonMises()), ((1,), StandardNormal())]))
    model = fitted(X, flow=flow, columns={1: Positive()})
    Z = model.transform(X) + np.array([6 * np.pi, 0.0])
    assert np.abs(model.inverse_transform(Z)[:, 0]).max() <= np.pi


def test_a_period_of_small_integers():
    X = np.arange(-100, 100, dtype=np.int8)[:, None]
    with pytest.raises(ValueError, match="period of 24"):
        fitted(X, columns=Periodic(0, 24))


def test_counts_stay_below_their_bound():
    X = np.random.default_rng(0).integers(0, 10**9, (300, 1)).astype(float)
    model = fitted(X, columns=Integer(0, 10**9))
    Z = np.linspace(-60, 60, 41)[:, None]
    rows = model.inverse_transform(Z)
    assert rows.min() >= 0 and rows.max() <= 10**9


def test_messages_name_the_columns_of_the_table():
    rng = np.random.default_rng(0)
    X = np.column_stack([np.arange(300.0), rng.normal(size=300), np.full(300, 7.0)])
    with pytest.warns(UserWarning, match=r"column 2\..*columns=\{2: Drop\(\)\}"):
        FlowDensity("linear", columns={0: Drop()}).fit(X)
    flow = Flow([Autoregressive()])
    with pytest.raises(ValueError, match="a Flow is taken as it is"):
        fitted(X, flow=flow, columns={0: Drop(), 2: Integer(0)})
    with pytest.raises(ValueError, match=r"X_val: column 1 .* left-out"):
        fitted(X, columns={0: Drop()}, max_iter=1).fit(X, X_val=np.where(X == X[3, 1], np.nan, X))


def test_imputed_tables_are_tables_of_their_own():
    X = np.random.default_rng(0).normal(size=(300, 2))
    first, second = fitted(X).impute(X, 2)
    first[0, 0] = 5.0
    assert second[0, 0] == X[0, 0] != 5.0


def test_pictures_of_tables_with_dropped_columns():
    pytest.importorskip("matplotlib")
    from nflows_np.plotting import plot_density

    rng = np.random.default_rng(0)
    X = pd.DataFrame({"id": np.arange(300), "a": rng.normal(size=300), "b": rng.normal(size=300)})
    figure = plot_density(fitted(X, columns={"id": Drop()}), X, random_state=0)
    assert figure.axes[0].get_xlabel() == "a" and figure.axes[0].get_ylabel() == "b"
