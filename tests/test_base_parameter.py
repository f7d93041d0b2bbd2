"""FlowDensity(base=...): which base a fit has, what it learns, and that it draws, saves and clones like any other."""

import numpy as np
import pytest
from scipy import stats
from sklearn.base import clone

import nflows_np
from nflows_np import FlowDensity
from nflows_np.specs import (
    Autoregressive,
    CircularSpline,
    DiagonalNormal,
    Elementwise,
    Flow,
    FullNormal,
    GaussianMixture,
    LinearGaussian,
    Product,
    StandardNormal,
    StudentT,
    Uniform,
    VonMises,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

NAMED = {
    "standard_normal": StandardNormal(),
    "diagonal_normal": DiagonalNormal(),
    "full_normal": FullNormal(),
    "gaussian_mixture": GaussianMixture(),
    "student_t": StudentT(),
}
INSTANCES = [GaussianMixture(3), StudentT(4.0), Product([((1,), StudentT(3.0)), ((0,), GaussianMixture(2))])]

every_named = pytest.mark.parametrize("name", NAMED)
every_base = pytest.mark.parametrize("base", [*NAMED, *INSTANCES], ids=str)


def small(flow="maf", **params):
    sizes = {} if isinstance(flow, Flow) else {"n_layers": 2, "hidden_units": 8}
    return FlowDensity(flow, **{**sizes, "max_iter": 3, "random_state": 0, **params})


@every_named
def test_names(banana, name):
    flow = small(base=name).fit(banana)
    assert flow.base == name and flow.flow_.base == NAMED[name]
    same = small(base=NAMED[name]).fit(banana)
    assert np.array_equal(flow.parameters_, same.parameters_)


@every_named
def test_names_in_a_flow(banana, name):
    spec = Flow([LinearGaussian()], base=name)
    assert spec == Flow([LinearGaussian()], base=NAMED[name])
    flow = small(spec).fit(banana)
    assert flow.flow_.base == NAMED[name]
    assert np.array_equal(
        flow.parameters_, small(Flow([LinearGaussian()]), base=name).fit(banana).parameters_
    )


def test_a_flow_refuses_other_names():
    for name in ("uniform", "cauchy", ""):
        with pytest.raises(ValueError, match=rf"Flow: base must be one of .*'student_t'\]; got '{name}'"):
            Flow([], base=name)


def test_auto_is_the_flows_own(banana):
    assert small().fit(banana).flow_.base == StandardNormal()
    spec = Flow([LinearGaussian()], base=StudentT(5.0))
    assert small(spec).fit(banana).flow_.base == StudentT(5.0)
    assert small(spec, base="auto").fit(banana).flow_.base == StudentT(5.0)
    replaced = small(spec, base=GaussianMixture(2)).fit(banana)
    assert replaced.flow is spec and replaced.flow_.base == GaussianMixture(2)


@every_base
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_fits_scores_and_draws(banana, base, dtype):
    flow = small(base=base, dtype=dtype, max_iter=60).fit(banana)
    assert np.isfinite(flow.score_samples(banana)).all()
    n_own = sum(size for name, _, size, _ in flow._model.flow.layout() if name.startswith("base."))
    assert flow.n_parameters_ == small(dtype=dtype).fit(banana).n_parameters_ + n_own
    samples = flow.sample(5000, random_state=0)
    assert samples.shape == (5000, 2) and np.isfinite(samples).all()
    np.testing.assert_allclose(
        np.median(samples, axis=0), np.median(banana, axis=0), atol=0.3 * flow.scale_.max()
    )
    assert np.median(flow.score_samples(samples)) == pytest.approx(
        np.median(flow.score_samples(banana)), abs=0.3
    )


@every_base
def test_samples_are_prefixes_and_do_not_depend_on_threads(banana, base):
    flow = small(base=base).fit(banana)
    long = flow.sample(40_000, random_state=3)
    assert np.array_equal(flow.sample(17, random_state=3), long[:17])
    assert np.array_equal(flow.set_params(n_jobs=2).sample(40_000, random_state=3), long)
    assert not np.array_equal(flow.sample(17), flow.sample(17))


@every_base
def test_trains_the_base_too(banana, base):
    flow = small(base=base, early_stopping=False, max_iter=30).fit(banana)
    start = small(base=base, early_stopping=False, max_iter=1, learning_rate_init=1e-12).fit(banana)
    own = [
        slice(at, at + size) for name, at, size, _ in flow._model.flow.layout() if name.startswith("base.")
    ]
    assert all(np.any(flow.parameters_[part] != start.parameters_[part]) for part in own)
    assert flow.score(banana) > start.score(banana)


@every_base
def test_parameters_clone_and_come_back_from_files(banana, tmp_path, base):
    flow = small(base=base, warm_start=True).fit(banana)
    assert flow.get_params()["base"] == base == clone(flow).get_params()["base"]
    flow.save(tmp_path / "model.flow", resumable=True)
    again = nflows_np.load(tmp_path / "model.flow")
    assert again.base == base and again.flow_ == flow.flow_
    assert np.array_equal(again.score_samples(banana), flow.score_samples(banana))
    assert np.array_equal(again.sample(20, random_state=1), flow.sample(20, random_state=1))
    assert np.array_equal(again.fit(banana).parameters_, flow.fit(banana).parameters_)
    with pytest.raises(ValueError, match=r"these parameters have changed since: base \("):
        flow.set_params(base=DiagonalNormal()).fit(banana)


def test_columns_of_a_product_are_those_of_the_table(banana):
    base = Product([((0, 1, 2), FullNormal())])
    with pytest.raises(ValueError, match="Product: columns of parts must be all of the 2 columns"):
        small(base=base).fit(banana)


def test_heavy_tails_ask_for_student_t():
    rows = np.random.default_rng(0).standard_t(2.0, size=(4000, 1))
    params = {"max_iter": 100, "n_layers": 1}
    normal, heavy = (small("linear", base=base, **params).fit(rows[:2000]) for base in ("auto", "student_t"))
    truth = stats.t.logpdf(rows[2000:], 2.0).mean()
    assert heavy.score(rows[2000:]) > normal.score(rows[2000:]) + 0.2
    assert heavy.score(rows[2000:]) == pytest.approx(truth, abs=0.05)


def test_clusters_ask_for_a_mixture():
    rng = np.random.default_rng(0)
    rows = rng.choice([-10.0, 0.0, 10.0], size=(2000, 2)) + 0.3 * rng.standard_normal((2000, 2))
    params = {"max_iter": 30, "n_layers": 1}
    normal, mixture = (
        small("linear", base=base, **params).fit(rows) for base in ("auto", GaussianMixture(15))
    )
    truth = 2.0 * (-np.log(3.0) - np.log(0.3) - 0.5 * np.log(2.0 * np.pi) - 0.5)
    assert mixture.score(rows) > normal.score(rows) + 2.0
    assert mixture.score(rows) == pytest.approx(truth, abs=0.2)


@pytest.mark.parametrize(
    "spec",
    [
        Flow([Elementwise(CircularSpline())], base=VonMises()),
        Flow([], base=Uniform(-200.0, 200.0)),
    ],
)
def test_bases_of_circles_and_boxes_take_flows_of_your_own(banana, spec):
    flow = small(spec).fit(banana)
    assert np.isfinite(flow.score_samples(banana)).all()
    assert flow.sample(10, random_state=0).shape == (10, 2)


def test_a_flow_behind_a_base(banana):
    spec = Flow([LinearGaussian(), Autoregressive(hidden_units=(8,))], base=StudentT())
    assert small(spec, max_iter=20).fit(banana).score(banana) > small("linear").fit(banana).score(banana)
