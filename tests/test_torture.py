"""Tables that break density estimators: nothing is NaN, nothing raises, and warnings name the columns.

Most fits here run without validation, so that what is judged are trained weights and not the Gaussian start
that validation would bring back.
"""

import copy
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

from nflows_np import FlowDensity
from nflows_np.columns import DegenerateColumnWarning
from nflows_np.presets import PRESETS

N_ROWS = 240
DTYPES = ("float32", "float64")
ROUND_TRIP = {"float32": 1e-3, "float64": 1e-8}  # in standard deviations of the columns

every_preset = pytest.mark.parametrize("preset", PRESETS)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


def flow_density(preset, **params):
    defaults = {"n_layers": 3, "hidden_units": 16, "max_iter": 12, "early_stopping": False, "random_state": 0}
    defaults["columns"] = {}  # plain numbers, all of them, without a word on what else they might be
    return FlowDensity(preset, **{**defaults, **params})


def fitted(flow, X, **kwargs):
    """Fit, and return the warnings about columns; there are none but those, ConvergenceWarning, and of no judgement."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", ".*(early_stopping=False trains|too few to hold some out)")
        flow.fit(X, **kwargs)
    assert {w.category for w in caught} <= {ConvergenceWarning, DegenerateColumnWarning}
    return [str(w.message) for w in caught if w.category is DegenerateColumnWarning]


def far_rows(flow):
    """Rows no table has: many standard deviations out in one column or in all, up to the end of float64."""
    d, one = flow.n_features_in_, np.eye(flow.n_features_in_)
    with np.errstate(over="ignore"):
        steps = [s * u for s in (-1e6, 1e6, -1e30, 1e30) for u in (*one, np.ones(d))]
        near = flow.loc_ + flow.scale_ * np.vstack(steps)
    limit = np.finfo(np.float64).max
    rows = np.vstack([near, np.full((1, d), 1e30), np.full((1, d), -1e30), limit * (2.0 * one - 1.0)])
    return np.clip(rows, -limit, limit)


def assert_well_behaved(flow, X, digits=0):
    """Finite wherever it is asked, unlikely where nothing is, and invertible on the ordinary rows.

    Up to so many digits less than usual.
    """
    names = getattr(flow, "feature_names_in_", None)
    X = np.asarray(X, dtype=np.float64)
    flow = copy.copy(flow)  # without the names of its columns, for arrays
    if names is not None:
        del flow.feature_names_in_
    log_density = flow.score_samples(X)
    assert np.all(np.isfinite(log_density))
    assert np.all(np.isfinite(flow.parameters_))
    far = far_rows(flow)
    far_density = flow.score_samples(far)
    assert np.all(np.isfinite(far_density))
    if np.max(np.abs(X - flow.loc_) / flow.scale_) < 1e6:
        assert np.max(far_density) < np.median(log_density)
    assert np.all(np.isfinite(flow.transform(far)))
    assert np.all(np.isfinite(flow.sample(500, random_state=0)))
    ordinary = X[np.all(np.abs(X - flow.loc_) <= 10.0 * flow.scale_, axis=1)]
    assert len(ordinary) >= min(len(X), 2) // 2
    again = flow.inverse_transform(flow.transform(ordinary))
    allowed = 10.0**digits * ROUND_TRIP[flow.parameters_.dtype.name]
    assert np.max(np.abs(again - ordinary) / flow.scale_) < allowed


# Tables, and the columns that a warning must name: all of them, and no other


def normal_columns(rng):
    return {"a": rng.normal(size=N_ROWS), "b": rng.normal(size=N_ROWS)}


def scales(rng):
    large = 1e6 * rng.normal(size=N_ROWS)
    return {"large": large, "small": 1e-6 * rng.normal(size=N_ROWS) + 1e-12 * large}, ()


def far_from_zero(rng):
    return {"year": 1e9 + rng.normal(size=N_ROWS), "tiny": 1e-6 * (7.0 + 1e-3 * rng.normal(size=N_ROWS))}, ()


def constant(rng):
    return {**normal_columns(rng), "fixed": np.full(N_ROWS, 3.3)}, ("fixed",)


def duplicated(rng):
    columns = normal_columns(rng)
    return {**columns, "copy": -2.0 * columns["a"] + 1.0}, ("copy", "a")


def dependent(rng):
    columns = normal_columns(rng)
    return {**columns, "sum": columns["a"] - 3.0 * columns["b"] + 5.0}, ("a", "b", "sum")


def cauchy(rng):
    return {"a": rng.standard_cauchy(N_ROWS), "b": 1e3 * rng.standard_cauchy(N_ROWS)}, ()


def integers(rng):
    few, many = rng.integers(0, 5, N_ROWS), rng.integers(0, 9999, N_ROWS)
    return {**normal_columns(rng), "few": few, "many": many}, ("few",)


def mostly_zero(rng):
    return {**normal_columns(rng), "rain": np.maximum(rng.normal(size=N_ROWS), 0.0)}, ("rain",)


def outlier(rng):
    columns = normal_columns(rng)
    columns["a"][17] = 1e30
    return columns, ()


DEGENERATE = (constant, duplicated, dependent)
TABLES = (*DEGENERATE, scales, far_from_zero, cauchy, integers, mostly_zero, outlier)


def frame(table):
    columns, named = table(np.random.default_rng(3))
    return pd.DataFrame(columns), named


@every_dtype
@every_preset
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_a_wild_table(table, preset, dtype):
    X, named = frame(table)
    flow = flow_density(preset, dtype=dtype)
    messages = "\n".join(fitted(flow, X))
    assert {name for name in X.columns if f"'{name}'" in messages} == set(named)
    assert_well_behaved(flow, X)


@pytest.mark.parametrize("table, kind", [
    (constant, "Constant in the training rows: 'fixed'"),
    (duplicated, "Equal to an earlier column up to scale and shift: 'copy' (repeating 'a')"),
    (dependent, "Linearly dependent: 'a', 'b', 'sum'"),
    (integers, "Few distinct or very frequent values: 'few'"),
])  # fmt: skip
def test_the_warning_says_what_is_wrong(table, kind):
    X, _ = frame(table)
    (message,) = fitted(flow_density("linear"), X)
    assert message.startswith(kind)
    (message,) = fitted(flow_density("linear"), X.to_numpy())
    assert "column " in message and "'" not in message


@every_dtype
@every_preset
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_validation_keeps_what_the_gaussian_had(table, preset, dtype):
    """Whatever training does on such a table, the start is a candidate: validation is never left worse."""
    X, _ = frame(table)
    gaussian = flow_density(preset, dtype=dtype, early_stopping=True, max_iter=1, learning_rate_init=1e-30)
    flow = flow_density(preset, dtype=dtype, early_stopping=True, learning_rate_init=0.1)
    fitted(gaussian, X)
    fitted(flow, X)
    assert flow.best_validation_score_ >= gaussian.start_score_ - 1e-6 * abs(gaussian.start_score_)
    assert_well_behaved(flow, X)


@every_dtype
@every_preset
@pytest.mark.parametrize("table", DEGENERATE, ids=lambda table: table.__name__)
def test_a_degenerate_column_does_not_ruin_training(table, preset, dtype):
    """Without validation rows there is nothing to fall back on: the training likelihood itself must hold."""
    X, _ = frame(table)
    gaussian = flow_density("linear", dtype=dtype, max_iter=1, learning_rate_init=1e-30)
    flow = flow_density(preset, dtype=dtype, max_iter=30)
    fitted(gaussian, X)
    fitted(flow, X)
    assert flow.score(X) > gaussian.score(X) - 30.0  # a few steps of the rate, on a column far narrower


@every_dtype
@pytest.mark.parametrize("value", [1e3, 1e6, 1e30])
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("preset", ["maf", "realnvp"])
def test_a_single_wild_row_does_not_ruin_the_others(preset, early_stopping, value, dtype):
    """Its own density may be anything; the density of the rows beside it stays near what it is without it."""
    X, _ = outlier(np.random.default_rng(3))
    wild = np.column_stack(list(X.values()))
    wild[17, 0] = value
    tame = np.delete(wild, 17, axis=0)
    params = {"dtype": dtype, "max_iter": 200, "early_stopping": early_stopping}
    expected = flow_density(preset, **params).fit(tame).score(tame)
    assert flow_density(preset, **params).fit(wild).score(tame) > expected - 3.0


# Shapes


@every_dtype
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("preset", ["realnvp", "maf"])
def test_a_deep_flow(preset, activation, dtype):
    """19 columns through 32 layers, trained: bounded log-scales keep both directions finite."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(400, 19)) @ rng.normal(size=(19, 19))
    X[:, ::3] = np.sinh(X[:, ::3] / 3.0)
    flow = flow_density(preset, n_layers=32, hidden_units=24, max_iter=15, activation=activation, dtype=dtype)
    gaussian = flow_density("linear", dtype=dtype, max_iter=1, learning_rate_init=1e-30)
    assert fitted(flow, X) == fitted(gaussian, X) == []
    assert flow.score(X) > gaussian.score(X) + 1.0  # it has left the start
    assert_well_behaved(flow, X)


@every_dtype
@every_preset
@pytest.mark.parametrize("n_rows, n_features", [(2, 1), (2, 3), (5, 2), (5, 8)])
def test_a_handful_of_rows(n_rows, n_features, preset, dtype):
    X = np.random.default_rng(0).normal(5.0, 3.0, size=(n_rows, n_features))
    flow = flow_density(preset, dtype=dtype, early_stopping="auto")
    fitted(flow, X)
    assert flow.early_stopping_ is False
    assert_well_behaved(flow, X)


@every_dtype
@every_preset
def test_one_column(preset, dtype):
    X = pd.DataFrame({"income": np.random.default_rng(0).lognormal(10.0, 1.0, size=300)})
    flow = flow_density(preset, dtype=dtype)
    assert fitted(flow, X) == []
    assert_well_behaved(flow, X)
    wall = pd.DataFrame({"income": np.full(20, 7.0)})
    (message,) = fitted(flow, wall)
    assert "'income'" in message
    assert_well_behaved(flow, wall)


@every_preset
@pytest.mark.parametrize("source", [np.float16, np.int8, np.uint64])
def test_a_table_of_another_type(source, preset):
    """Values are read where they lie: uint64 beyond 2^63 is not negative, and no float16 overflows."""
    rng = np.random.default_rng(2)
    if np.dtype(source).kind == "f":
        X = (1e3 * rng.normal(size=(N_ROWS, 3))).astype(source)
    else:
        low, high = np.iinfo(source).min, np.iinfo(source).max
        X = rng.integers(low, high, size=(N_ROWS, 3), dtype=source, endpoint=True)
    flow = flow_density(preset)
    assert fitted(flow, X) == []
    assert_well_behaved(flow, X)
    assert np.array_equal(flow.score_samples(X), flow.score_samples(X.astype(np.float64)))


# Training that goes wrong


@every_dtype
@pytest.mark.parametrize("preset", [name for name in PRESETS if name != "linear"])
def test_a_step_that_is_not_finite_is_dropped(preset, dtype):
    """An absurd learning rate throws the flow out of the numbers at once: it comes back, and says so."""
    if dtype == "float64" and preset in ("planar", "radial", "sylvester"):
        pytest.skip("without networks nothing multiplies weights of 1e30 often enough to leave float64")
    rng = np.random.default_rng(1)
    X, X_val = rng.normal(size=(300, 3)) ** 3, rng.normal(size=(100, 3)) ** 3
    params = {"dtype": dtype, "early_stopping": "auto", "max_iter": 20}
    start = flow_density(preset, **params, learning_rate_init=1e-30).fit(X, X_val=X_val)
    flow = flow_density(preset, **params, learning_rate_init=1e30)
    with pytest.warns(ConvergenceWarning, match="training step.* not finite; they were not applied"):
        flow.fit(X, X_val=X_val)
    assert np.all(np.isfinite(flow.parameters_))
    assert flow.score(X_val) >= start.score(X_val) - 1e-9
    assert flow.score(X_val) == pytest.approx(flow.best_validation_score_, rel=1e-12)
    assert_well_behaved(flow, X)
    flow.set_params(learning_rate_init=1e-3).partial_fit(X)  # and it is fit to go on
    assert_well_behaved(flow, X)


@every_dtype
@every_preset
@pytest.mark.parametrize("rate", [1.0, 1e6])
def test_validation_survives_any_learning_rate(rate, preset, dtype):
    """Finite but absurd steps are no accident that training could see; the validation rows see them."""
    X = np.random.default_rng(1).normal(size=(300, 3)) ** 3
    params = {"dtype": dtype, "early_stopping": True}
    start, flow = (flow_density(preset, **params, learning_rate_init=r) for r in (1e-30, rate))
    fitted(start, X)
    fitted(flow, X)
    assert flow.best_validation_score_ >= start.best_validation_score_
    steep = (preset, dtype, rate) == ("bernstein", "float32", 1.0)  # where what wins after such steps is
    assert_well_behaved(flow, X, digits=1 if steep else 0)
