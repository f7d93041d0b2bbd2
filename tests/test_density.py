"""FlowDensity: densities in the columns' units, the fit's arithmetic, and what its attributes say."""

import copy
import pickle
import re

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy.stats import multivariate_normal
from shrunk import shrunk_gaussian
from sklearn.base import clone, is_outlier_detector
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer
from sklearn.utils import get_tags

import nflows_np
from nflows_np import FlowDensity
from nflows_np.presets import PRESETS
from nflows_np.specs import Autoregressive, FixedAffine, Flow, LinearGaussian, Permutation, StudentT, Uniform

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SMALL = {"n_layers": 2, "hidden_units": 8, "max_iter": 3, "random_state": 0}


def small(**params):
    return FlowDensity(**{**SMALL, **params})


# Densities


@pytest.mark.parametrize("dtype, rtol", [("float32", 2e-3), ("float64", 1e-9)])
def test_linear_flow_is_the_gaussian_fit(banana, dtype, rtol):
    """The start is the shrunk Gaussian, in the units of the columns, and training keeps it."""
    flow = FlowDensity(flow="linear", dtype=dtype, early_stopping=False, max_iter=1, learning_rate_init=1e-12)
    flow.fit(banana)
    gaussian = multivariate_normal(*shrunk_gaussian(banana))
    np.testing.assert_allclose(flow.score_samples(banana), gaussian.logpdf(banana), rtol=rtol)


@pytest.mark.parametrize("preset", PRESETS)
def test_density_integrates_to_one(banana, preset):
    flow = small(flow=preset, max_iter=10, dtype="float64").fit(banana)
    # Points that lie the wider apart the further out they are: at sinh t, out to 45 and to 74 of the columns' scales.
    s, t = np.linspace(-4.5, 4.5, 601), np.linspace(-5.0, 5.0, 1201)
    x, y = (m + c * np.sinh(u) for m, c, u in zip(flow.loc_, flow.scale_, (s, t), strict=True))
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    area = np.outer(np.cosh(t), np.cosh(s)) * flow.scale_.prod() * (s[1] - s[0]) * (t[1] - t[0])
    mass = np.sum(np.exp(flow.score_samples(grid)) * area.ravel())
    assert mass == pytest.approx(1.0, abs=1e-3)


def test_density_follows_a_change_of_units(banana):
    """Columns in other units are the same model: log-densities differ by the log of the units' ratio."""
    units = np.array([1e-7, 1e5])
    here = small(dtype="float64").fit(banana).score_samples(banana)
    there = small(dtype="float64").fit(banana * units).score_samples(banana * units)
    np.testing.assert_allclose(there + np.log(units).sum(), here, rtol=1e-6, atol=1e-6)


def test_training_beats_the_gaussian(banana):
    gaussian = FlowDensity(flow="linear", random_state=0).fit(banana[:300]).score(banana[300:])
    flow = FlowDensity(flow="maf", random_state=0).fit(banana[:300]).score(banana[300:])
    assert flow > gaussian + 0.3


def test_score_is_the_weighted_mean(banana, rng):
    flow = small().fit(banana)
    log_density = flow.score_samples(banana)
    weights = rng.uniform(size=len(banana))
    assert flow.score(banana) == pytest.approx(log_density.mean())
    assert flow.score(banana, sample_weight=weights) == pytest.approx(
        np.average(log_density, weights=weights)
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("preset", PRESETS)
def test_rows_do_not_know_each_other(banana, rng, preset, dtype):
    """Any subset and any order of rows gives each row the same bits, and so does any number of threads."""
    flow = small(flow=preset, dtype=dtype).fit(banana)
    for method in (flow.score_samples, flow.transform, flow.inverse_transform):
        whole = method(banana)
        order = rng.permutation(len(banana))
        assert np.array_equal(method(banana[order]), whole[order])
        assert np.array_equal(method(banana[37:39]), whole[37:39])
        assert np.array_equal(np.concatenate([method(banana[:1]), method(banana[1:])]), whole)
        assert np.array_equal(getattr(flow.set_params(n_jobs=2), method.__name__)(banana), whole)


def test_blocks_do_not_show(banana, monkeypatch):
    flow = small().fit(banana)
    X = np.tile(banana, (3, 1))
    expected = (
        flow.score_samples(X),
        flow.transform(X),
        flow.inverse_transform(X),
        flow.sample(1200, random_state=1),
    )
    monkeypatch.setattr("nflows_np._model.BLOCK_ROWS", 48)
    found = (
        flow.score_samples(X),
        flow.transform(X),
        flow.inverse_transform(X),
        flow.sample(1200, random_state=1),
    )
    for a, b in zip(expected, found, strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("dtype, rtol", [("float32", 1e-4), ("float64", 1e-10)])
@pytest.mark.parametrize("preset", PRESETS)
def test_latent_round_trip(banana, preset, dtype, rtol):
    flow = small(flow=preset, dtype=dtype).fit(banana)
    Z = flow.transform(banana)
    assert Z.dtype == np.float64
    again = flow.inverse_transform(Z)
    assert np.max(np.abs(again - banana) / flow.scale_) < 10 * rtol


def test_samples_have_the_density(banana):
    """The mean of the log-density over samples is the negative entropy, which training rows show as well."""
    flow = FlowDensity(flow="maf", random_state=0).fit(banana)
    samples = flow.sample(20_000, random_state=0)
    assert np.all(np.isfinite(samples))
    np.testing.assert_allclose(
        np.median(samples, axis=0), np.median(banana, axis=0), atol=0.2 * flow.scale_.max()
    )
    assert flow.score(samples) == pytest.approx(flow.score(banana), abs=0.2)


def test_sample_is_reproducible_and_a_prefix(banana):
    flow = small().fit(banana)
    long = flow.sample(10_000, random_state=3)
    assert np.array_equal(flow.sample(17, random_state=3), long[:17])
    assert not np.array_equal(flow.sample(17), flow.sample(17))
    state = np.random.RandomState(3)
    parts = [flow.sample(16, random_state=state), flow.sample(5, random_state=state)]
    assert np.array_equal(np.vstack(parts), long[:21])
    assert flow.sample().shape == (1, 2)


@pytest.mark.parametrize("n_samples", [0, -1, 2.5, "3", True])
def test_sample_refuses(banana, n_samples):
    with pytest.raises(ValueError, match="n_samples must be an integer of at least 1"):
        small(flow="linear").fit(banana).sample(n_samples)


# Input


@pytest.mark.parametrize("make", [
    lambda X: X.astype(np.float32),
    np.asfortranarray,
    lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    lambda X: X[::-1][::-1],
    lambda X: X.astype(">f8"),
    lambda X: X.tolist(),
    pd.DataFrame,
])  # fmt: skip
def test_any_layout_is_the_same_data(make):
    X = np.round(np.random.default_rng(0).normal(size=(60, 3)) * 64) / 64  # exact in float32
    expected = small().fit(X)
    found = small().fit(make(X))
    assert np.array_equal(found.score_samples(make(X)), expected.score_samples(X))


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int64])
def test_integer_columns(rng, dtype):
    X = rng.integers(0, 100, size=(80, 3)).astype(dtype)
    flow = small().fit(X)
    assert np.array_equal(flow.score_samples(X), flow.score_samples(X.astype(np.float64)))


def test_boolean_columns_are_categories(rng):
    X = rng.random((80, 3)) < 0.3
    flow = small().fit(X)
    assert set(flow.measure_.values()) == {"count"}
    every = np.array([[a, b, c] for a in (False, True) for b in (False, True) for c in (False, True)])
    assert np.exp(flow.score_samples(every)).sum() == pytest.approx(1.0, abs=1e-5)


def test_memory_map_is_read_in_place(tmp_path, rng):
    """Neither fit nor scoring makes an array of the map's size."""
    import tracemalloc

    path = tmp_path / "rows.npy"
    np.save(path, rng.normal(size=(400_000, 8)).astype(np.float32))
    X = np.load(path, mmap_mode="r")
    flow = FlowDensity(flow="linear", max_iter=1, random_state=0)
    tracemalloc.start()
    flow.fit(X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    flow.score_samples(X)
    _, peak_of_scores = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_of_scores < X.nbytes / 2  # of which a quarter is the result itself
    assert peak < 4 * X.nbytes  # indices, permutations and the sorted columns of the scaling


@pytest.mark.parametrize("X, message", [
    ([[1.0, np.nan]] * 3, "Input X contains NaN"),
    ([[1.0, np.inf]] * 3, "Input X contains infinity"),
    ([1.0, 2.0, 3.0], "Expected 2D array, got 1D array"),
    (np.ones((3, 2)) * 1j, "Complex data not supported"),
    (np.empty((0, 2)), r"Found array with 0 sample\(s\)"),
    (np.empty((3, 0)), r"Found array with 0 feature\(s\)"),
    ([[1.0, 2.0]], r"Found array with 1 sample\(s\)"),
    ([[1.0, 2.0], [np.inf, np.nan]], r"infinity: 2 of its values .* row 1, column 0, counted from 0\. FlowDensity"),
    (np.array([["a", "b"]] * 3), "could not convert string|not compatible"),
    (np.ones((3, 2), dtype="M8[s]"), "."),
])  # fmt: skip
def test_bad_rows_are_refused(X, message):
    with pytest.raises((ValueError, TypeError), match=message):
        small().fit(X)


WRONG_ROWS = {
    "NaN": (
        [[0.0, 1.0], [2.0, np.nan]],
        "contains NaN: 1 of its values are not finite, the first at row 1, column 1",
    ),
    "inf": ([[-np.inf, 1.0], [2.0, np.nan]], "contains infinity: 2 of .* row 0, column 0"),
    "float16": (np.array([[1, np.inf]], dtype=np.float16), "contains infinity: 1 of .* row 0, column 1"),
    "late": (np.r_[np.full((140_000, 2), 1e308), [[1.0, np.nan]]], "1 of .* row 140000, column 1"),
    "columns": ([[1.0]], "has 1 features, but FlowDensity is expecting 2 features"),
    "1D": ([1.0, 2.0], "1D array"),
    "none": (np.empty((0, 2)), r"0 sample\(s\)"),
    "complex": (np.ones((2, 2)) * 1j, "[Cc]omplex"),
    "huge": (np.array([[10**400, 1]], dtype=object), "contains an integer that is too large for float64"),
    "dates": (np.ones((2, 2), dtype="M8[s]"), "."),
}


@pytest.mark.parametrize("name", ["X", "X_val", "Z"])
@pytest.mark.parametrize("wrong, message", WRONG_ROWS.values(), ids=WRONG_ROWS)
def test_errors_in_rows_name_their_argument(banana, name, wrong, message):
    fitted = small(flow="linear").fit(banana)
    for call in {
        "X": (fitted.score_samples, fitted.score, fitted.transform),
        "X_val": (lambda rows: small().fit(banana, X_val=rows),),
        "Z": (fitted.inverse_transform,),
    }[name]:
        with pytest.raises((ValueError, TypeError), match=message) as caught:
            call(wrong)
        text = str(caught.value)
        assert "HistGradientBoosting" not in text and "missing values encoded" not in text
        others = {"X", "X_val", "Z"} - {name}
        assert not any(re.search(rf"\b{other}\b", text) for other in others)
        assert name == "X" or re.search(rf"\b{name}\b", text)


def test_errors_in_rows_name_the_column(banana):
    X = pd.DataFrame(banana, columns=["age", "height"])
    wrong = X.copy()
    wrong.iloc[7, 1] = np.nan
    fitted = small(flow="linear").fit(X)
    for call in (
        lambda: small().fit(wrong),
        lambda: small().fit(X, X_val=wrong),
        lambda: fitted.score_samples(wrong),
        lambda: fitted.transform(wrong),
    ):
        with pytest.raises(ValueError, match=r"row 7, column 1 \(column 'height'\)"):
            call()


def test_validation_rows_have_the_columns_of_the_others(banana):
    X = pd.DataFrame(banana, columns=["a", "b"])
    with pytest.raises(ValueError, match=r"X_val has the columns \['b', 'a'\].* fitted with \['a', 'b'\]"):
        small().fit(X, X_val=X[["b", "a"]])
    with pytest.warns(UserWarning, match="X_val does not have valid feature names"):
        small().fit(X, X_val=banana)
    with pytest.warns(UserWarning, match="X_val has valid feature names"):
        small().fit(banana, X_val=X)


def test_no_rows_to_score(banana):
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
        small(flow="linear").fit(banana).score_samples(np.empty((0, 2)))


def test_not_fitted():
    for call in (
        lambda flow: flow.score_samples([[0.0]]),
        lambda flow: flow.score([[0.0]]),
        lambda flow: flow.sample(),
        lambda flow: flow.transform([[0.0]]),
        lambda flow: flow.inverse_transform([[0.0]]),
        lambda flow: flow.save("model.flow"),
        lambda flow: flow.get_feature_names_out(),
    ):
        with pytest.raises(NotFittedError):
            call(FlowDensity())


def test_data_frames_and_names():
    X = load_iris(as_frame=True).data
    flow = small().fit(X)
    assert list(flow.feature_names_in_) == list(X.columns)
    assert np.array_equal(flow.score_samples(X), small().fit(X.to_numpy()).score_samples(X.to_numpy()))
    with pytest.raises(ValueError, match="Feature names must be in the same order"):
        flow.score_samples(X[X.columns[::-1]])
    with pytest.raises(ValueError, match="feature names should match"):
        flow.score_samples(X.rename(columns=str.upper))
    with pytest.raises(ValueError, match="X has 3 features, but FlowDensity is expecting 4"):
        flow.score_samples(X.to_numpy()[:, :3])


def test_set_output():
    X = load_iris(as_frame=True).data
    flow = small().fit(X).set_output(transform="pandas")
    latent = flow.transform(X)
    assert list(latent.columns) == list(flow.get_feature_names_out()) == [f"flowdensity{j}" for j in range(4)]
    assert latent.index.equals(X.index)


@pytest.mark.parametrize("Z", [[[1.0, 2.0, 3.0]], [[np.nan, 0.0]], [1.0, 2.0]])
def test_inverse_transform_refuses(banana, Z):
    with pytest.raises(ValueError):
        small(flow="linear").fit(banana).inverse_transform(Z)


# Weights


@pytest.mark.parametrize("preset", PRESETS)
def test_weights_are_repetitions(banana, rng, preset):
    """In full batches of float64 a row of weight k is the row k times, and of weight 0 no row: on score_samples too."""
    X = banana[:40]
    weights = rng.integers(0, 4, size=len(X))
    params = {
        "flow": preset,
        "alpha": 0.01,
        "dtype": "float64",
        "early_stopping": False,
        "batch_size": 10**6,
        "max_iter": 10,  # rounding errors grow from step to step
    }
    weighted = small(**params).fit(X, sample_weight=weights)
    repeated = small(**params).fit(np.repeat(X, weights, axis=0))
    np.testing.assert_allclose(weighted.score_samples(X), repeated.score_samples(X), rtol=1e-7, atol=1e-7)
    assert weighted.loss_curve_ == pytest.approx(repeated.loss_curve_, rel=1e-7)


def test_weights_are_relative(banana, rng):
    weights = rng.uniform(0.1, 2.0, size=len(banana))
    expected = small().fit(banana, sample_weight=weights)
    found = small().fit(banana, sample_weight=2.0**40 * weights)
    assert np.array_equal(found.parameters_, expected.parameters_)
    equal = small().fit(banana, sample_weight=np.full(len(banana), 3.7))
    assert np.array_equal(equal.parameters_, small().fit(banana).parameters_)


def test_rows_of_weight_zero_are_not_there(banana):
    """Not in the scaling, not in the split, not in an epoch: the same bits as without them."""
    wild = np.vstack([banana, [[1e30, -1e30]]])
    weights = np.r_[np.ones(len(banana)), 0.0]
    assert np.array_equal(
        small().fit(wild, sample_weight=weights).parameters_, small().fit(banana).parameters_
    )


def test_validation_score_is_weighted(banana, rng):
    weights = rng.uniform(size=len(banana))
    flow = small(max_iter=2).fit(banana, sample_weight=weights)
    plain = small(max_iter=2).fit(banana)
    assert flow.early_stopping_ and flow.best_validation_score_ != plain.best_validation_score_


@pytest.mark.parametrize("factor", [1e-320, 1e-300, 1.0, 1e308])
def test_scores_take_weights_of_any_size(banana, factor):
    """Only their ratios count, in `score` and in the fit's own validation."""
    flow = small(flow="linear").fit(banana)
    weights = np.r_[np.ones(200), np.zeros(len(banana) - 200)]
    assert flow.score(banana, sample_weight=factor * weights) == pytest.approx(
        flow.score(banana[:200]), rel=1e-12
    )
    weights[200:] = 0.5
    expected = small(early_stopping=True).fit(banana, sample_weight=weights)
    found = small(early_stopping=True).fit(banana, sample_weight=factor * weights)
    assert found.best_validation_score_ == pytest.approx(expected.best_validation_score_, rel=1e-6)


@pytest.mark.parametrize("weights", [np.r_[np.ones(400), 0.0], np.r_[np.full(400, 1e308), 5e-324]])
def test_rows_without_weight_may_have_no_density(rng, weights):
    """0 times -inf is no number; a weight that vanishes against the others is 0, too."""
    X = rng.uniform(-1.0, 1.0, size=(400, 2))
    flow = FlowDensity(Flow([FixedAffine(0.0, 1.0)], base=Uniform(-9.0, 9.0)), max_iter=1)
    flow.set_params(early_stopping=False).fit(X)
    wider = np.r_[X, [[1e3, 1e3]]]
    assert flow.score(wider) == -np.inf
    assert flow.score(wider, sample_weight=weights) == pytest.approx(flow.score(X), rel=1e-12)


@pytest.mark.parametrize("weights, message", [
    (np.zeros(400), "weight.*zero|zero.*weight"),
    (-np.ones(400), "[Nn]egative"),
    (np.r_[np.ones(399), -1e-300], "[Nn]egative"),
    (np.full(400, np.nan), "sample_weight contains NaN"),
    (np.full(400, np.inf), "sample_weight contains infinity"),
    (np.ones(399), "shape|length|inconsistent"),
    ([10**400] * 400, "sample_weight contains an integer that is too large"),
])  # fmt: skip
def test_bad_weights_of_scores_are_refused(banana, weights, message):
    with pytest.raises(ValueError, match=message):
        small(flow="linear").fit(banana).score(banana, sample_weight=weights)


@pytest.mark.parametrize("weights, message", [
    (np.zeros(400), "weight.*zero|zero.*weight"),
    (np.r_[1.0, np.zeros(399)], "1 sample"),
    (-np.ones(400), "[Nn]egative"),
    (np.full(400, np.nan), "NaN"),
    (np.ones(399), "shape|length|inconsistent"),
])  # fmt: skip
def test_bad_weights_are_refused(banana, weights, message):
    with pytest.raises(ValueError, match=message):
        small().fit(banana, sample_weight=weights)


# Parameters


@pytest.mark.parametrize("params", [
    {"flow": "spline"},
    {"flow": Autoregressive()},
    {"n_layers": 0},
    {"hidden_units": 0},
    {"hidden_units": [8, -1]},
    {"hidden_units": [8, 1.5]},
    {"base": "uniform"},
    {"base": "cauchy"},
    {"base": StudentT},
    {"base": LinearGaussian()},
    {"activation": "gelu"},
    {"max_iter": 0},
    {"batch_size": 0},
    {"learning_rate_init": 0.0},
    {"alpha": -1.0},
    {"clip_ratio": 1.0},
    {"clip_ratio": np.nan},
    {"early_stopping": "yes"},
    {"validation_fraction": 1.0},
    {"n_iter_no_change": 0},
    {"tol": -1e-3},
    {"dtype": "float16"},
    {"dtype": np.int32},
    {"device": "gpu"},
    {"n_jobs": 1.5},
    {"n_jobs": 0},
    {"random_state": "zero"},
    {"flow": Flow([LinearGaussian()]), "n_layers": 3},
    {"flow": Flow([LinearGaussian()]), "hidden_units": 8},
    {"flow": Flow([LinearGaussian()]), "activation": "tanh"},
    {"flow": Flow([LinearGaussian()]), "flow_params": {"n_bins": 8}},
    {"flow": "nsf", "flow_params": ["n_bins"]},
    {"flow": "maf", "flow_params": {"tail_bound": 3.0}},
    {"flow": "nsf", "flow_params": {"n_layers": 3}},
    {"flow_params": {"n_bins": 8}},
])  # fmt: skip
def test_bad_parameters_are_refused_by_name(banana, params):
    with pytest.raises(ValueError, match=list(params)[-1]):
        FlowDensity(**params).fit(banana)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_name_and_a_presets_flow_are_the_same(banana, preset):
    by_name = FlowDensity(preset, max_iter=1, random_state=0).fit(banana)
    by_flow = FlowDensity(PRESETS[preset](), max_iter=1, random_state=0).fit(banana)
    assert by_flow.flow_ == by_name.flow_
    assert np.array_equal(by_flow.parameters_, by_name.parameters_)


@pytest.mark.parametrize("beside", [
    {"n_layers": 2}, {"hidden_units": 8}, {"hidden_units": np.array([8])}, {"activation": "elu"},
    {"flow_params": {"n_bins": 4}},
])  # fmt: skip
@pytest.mark.parametrize("flow", [Flow([LinearGaussian()]), PRESETS["nsf"]()], ids=["own", "preset"])
def test_a_flow_says_what_it_is_for_itself(banana, flow, beside):
    with pytest.raises(ValueError, match=rf"{next(iter(beside))}=.* has no meaning with a Flow"):
        FlowDensity(flow, **beside).fit(banana)
    FlowDensity(flow, n_layers="auto", activation="auto", flow_params={}, max_iter=1).fit(banana)


def test_own_options_of_a_preset(banana, tmp_path):
    own = {"n_bins": 4, "tail_bound": 2.0}
    flow = small(flow="nsf", flow_params=own, warm_start=True).fit(banana)
    expected = PRESETS["nsf"](2, (8,), **own).for_table(*banana.shape)
    assert [type(layer) for layer in flow.flow_.bijections] == [type(layer) for layer in expected.bijections]
    assert flow.flow_.bijections[2].transformer == expected.bijections[2].transformer
    assert flow.get_params()["flow_params"] is own and own == {"n_bins": 4, "tail_bound": 2.0}
    copied = clone(flow)
    assert copied.flow_params == own and copied.flow_params is not own
    flow.save(tmp_path / "model.flow", resumable=True)
    for other in (pickle.loads(pickle.dumps(flow)), nflows_np.load(tmp_path / "model.flow")):
        assert other.flow_params == own and other.flow_ == flow.flow_
        assert np.array_equal(other.score_samples(banana), flow.score_samples(banana))
        other.fit(banana)  # goes on
    own["n_bins"] = 8
    with pytest.raises(ValueError, match=r"changed since: flow_params \({'n_bins': 4.*} to {'n_bins': 8"):
        flow.fit(banana)


def test_a_presets_flow_is_a_parameter_like_any_other(banana, tmp_path):
    flow = FlowDensity(PRESETS["nsf"](n_layers=2), max_iter=2, random_state=0, warm_start=True).fit(banana)
    assert clone(flow).flow == flow.flow
    flow.save(tmp_path / "model.flow", resumable=True)
    again = nflows_np.load(tmp_path / "model.flow")
    assert again.flow == flow.flow and again.flow_ == flow.flow_
    assert np.array_equal(again.fit(banana).parameters_, flow.fit(banana).parameters_)


def test_a_search_over_presets_is_a_list_of_grids(banana):
    grids = [
        {"flow": ["maf"]},
        {"flow": ["nsf", "nsf_ar"], "flow_params": [{"n_bins": 3}, {"n_bins": 6}]},
    ]
    search = GridSearchCV(small(max_iter=1), grids, cv=2, error_score="raise").fit(banana)
    assert len(search.cv_results_["params"]) == 5
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    crossed = {"flow": ["nsf", "maf"], "flow_params": [{"n_bins": 3}]}
    with pytest.raises(ValueError, match=r"'n_bins' is no option of the preset 'maf'.* param_grid=\[\{"):
        GridSearchCV(small(max_iter=1), crossed, cv=2, error_score="raise").fit(banana)


@pytest.mark.parametrize("params", [{"flow": "x"}, {"base": "x"}, {"activation": "x"}, {"dtype": "x"}])
def test_errors_list_names_in_one_order(banana, params):
    """A set's order would change from process to process, with the hashes of its strings."""
    (name,) = params
    with pytest.raises(ValueError, match="must be a str among") as error:
        FlowDensity(**params).fit(banana)
    listed = re.findall(r"'(\w+)'", re.search(r"among {(.*?)}", str(error.value))[1])
    assert (
        listed
        == {
            "flow": ["auto", *PRESETS],
            "base": [
                "auto",
                "standard_normal",
                "diagonal_normal",
                "full_normal",
                "gaussian_mixture",
                "student_t",
            ],
            "activation": ["auto", "relu", "tanh", "silu", "elu"],
            "dtype": ["float32", "float64"],
        }[name]
    )


@pytest.mark.parametrize("dtype", ["float32", np.float32, np.dtype("float32")])
def test_spellings_of_a_dtype(banana, dtype):
    flow = small(dtype=dtype).fit(banana)
    assert flow.parameters_.dtype == np.float32
    assert np.array_equal(flow.parameters_, small().fit(banana).parameters_)


@pytest.mark.parametrize("hidden_units", [8, (8,), [8], np.array([8]), np.int64(8)])
def test_spellings_of_hidden_units(banana, hidden_units):
    flow = small(hidden_units=hidden_units).fit(banana)
    assert flow.hidden_units_ == (8,) and all(type(units) is int for units in flow.hidden_units_)


def test_a_flow_of_your_own(banana):
    spec = Flow([LinearGaussian(), Permutation("random"), Autoregressive(hidden_units=(8,))])
    flow = FlowDensity(spec, max_iter=3, random_state=0).fit(banana)
    assert flow.flow is spec
    assert flow.flow_ == spec.resolve(2, FakeGenerator(flow.flow_.bijections[1].order))
    assert np.all(np.isfinite(flow.score_samples(banana)))


class FakeGenerator:
    """Draws the order that it is told."""

    def __init__(self, order):
        self.order = order

    def permutation(self, n):
        assert n == len(self.order)
        return self.order


def test_auto_stays_auto(banana):
    flow = FlowDensity(max_iter=2, random_state=0).fit(banana)
    assert flow.flow == flow.n_layers == flow.hidden_units == flow.batch_size == flow.early_stopping == "auto"
    assert isinstance(flow.flow_, Flow)
    assert flow.n_layers_ >= 1 and len(flow.hidden_units_) >= 1
    assert 1 <= flow.batch_size_ <= len(banana)
    assert flow.early_stopping_ is True
    assert flow.n_parameters_ == len(flow.parameters_) > 0


@pytest.mark.parametrize("n", [2, 3, 10, 30])
def test_few_rows(rng, n):
    X = rng.normal(size=(n, 3))
    flow = FlowDensity(random_state=0).fit(X)
    assert flow.early_stopping_ is False and flow.validation_scores_ is None
    assert np.all(np.isfinite(flow.score_samples(rng.normal(size=(50, 3)))))


@pytest.mark.parametrize("n", [2, 3, 4, 12])
def test_early_stopping_with_few_rows(rng, n):
    """The split shrinks to one row, and is given up where two rows would not be left to learn from."""
    flow = small(early_stopping=True).fit(rng.normal(size=(n, 2)))
    assert flow.early_stopping_ is (n > 2)


@pytest.mark.parametrize("preset", PRESETS)
def test_one_column(rng, preset):
    X = rng.normal(3.0, 2.0, size=(200, 1))
    flow = small(flow=preset, max_iter=20).fit(X)
    assert flow.score(X) == pytest.approx(-np.log(2.0) - 0.5 * np.log(2 * np.pi) - 0.5, abs=0.15)
    assert flow.sample(7, random_state=0).shape == (7, 1)


# The company it keeps


def test_what_it_is():
    tags = get_tags(FlowDensity())
    assert tags.estimator_type == "density_estimator"
    assert not tags.non_deterministic and not is_outlier_detector(FlowDensity())


def test_clone_and_copies(banana):
    flow = small(flow=Flow([LinearGaussian()]), n_layers="auto", hidden_units="auto").fit(banana)
    assert clone(flow).get_params() == flow.get_params() and not hasattr(clone(flow), "parameters_")
    expected = flow.score_samples(banana)
    for other in (copy.copy(flow), copy.deepcopy(flow), pickle.loads(pickle.dumps(flow))):
        assert np.array_equal(other.score_samples(banana), expected)
        assert np.array_equal(other.sample(3, random_state=0), flow.sample(3, random_state=0))


def test_fitting_again_is_idempotent(banana):
    flow = small()
    first = flow.fit(banana).score_samples(banana)
    assert np.array_equal(flow.fit(banana).score_samples(banana), first)
    state = np.random.RandomState(0)
    flow.set_params(random_state=state)
    assert not np.array_equal(flow.fit(banana).parameters_, flow.fit(banana).parameters_)  # it moves on


def test_a_refused_fit_leaves_the_estimator_as_it_was(banana):
    flow = small().fit(pd.DataFrame(banana, columns=["a", "b"]))
    before = {name: id(value) for name, value in vars(flow).items() if name != "_engine_model"}
    expected = flow.score_samples(pd.DataFrame(banana, columns=["a", "b"]))
    for X, kwargs in (
        (np.full((5, 3), np.nan), {}),
        (banana, {"sample_weight": np.zeros(len(banana))}),
        (np.ones((5, 3)), {"X_val": np.ones((5, 2))}),
    ):
        with pytest.raises(ValueError):
            flow.fit(X, **kwargs)
        assert {name: id(value) for name, value in vars(flow).items() if name != "_engine_model"} == before
    assert np.array_equal(flow.score_samples(pd.DataFrame(banana, columns=["a", "b"])), expected)


def test_pipeline_and_cross_validation(banana):
    pipeline = make_pipeline(PowerTransformer(), small(flow="linear"))
    pipeline.fit(banana)
    assert pipeline.score_samples(banana).shape == (400,)
    assert pipeline.transform(banana).shape == (400, 2)
    scores = cross_val_score(small(flow="linear"), banana, cv=3)
    assert np.all(np.isfinite(scores)) and np.ptp(scores) < 1.0


def test_metadata_routing(banana, rng):
    weights = rng.uniform(size=len(banana))
    with sklearn.config_context(enable_metadata_routing=True):
        flow = small(flow="linear").set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        routed = cross_val_score(flow, banana, cv=2, params={"sample_weight": weights})
    halves = [(np.arange(200, 400), np.arange(200)), (np.arange(200), np.arange(200, 400))]
    expected = [
        small(flow="linear")
        .fit(banana[a], sample_weight=weights[a])
        .score(banana[b], sample_weight=weights[b])
        for a, b in halves
    ]
    np.testing.assert_allclose(routed, expected)


def test_validation_rows_may_be_given(banana):
    flow = small(max_iter=10).fit(banana[:300], X_val=banana[300:])
    assert flow.early_stopping_ is True
    assert flow.score(banana[300:]) == pytest.approx(flow.best_validation_score_, rel=1e-12)
    with pytest.raises(ValueError, match="X_val is given while early_stopping is False"):
        small(early_stopping=False).fit(banana[:300], X_val=banana[300:])
    with pytest.raises(ValueError, match="X_val has 1 features"):
        small().fit(banana[:300], X_val=banana[300:, :1])


def test_no_warning_where_all_is_well(banana, recwarn):
    FlowDensity(max_iter=1000, learning_rate_init=5e-3, random_state=0).fit(banana)
    FlowDensity(flow="linear", max_iter=5, early_stopping=False).fit(banana).partial_fit(banana)
    assert [str(w.message) for w in recwarn if not issubclass(w.category, DeprecationWarning)] == []


def test_the_end_of_max_iter_is_told(banana):
    with pytest.warns(ConvergenceWarning, match=r"Maximum number of epochs \(2\) reached"):
        small(max_iter=2).fit(banana)
