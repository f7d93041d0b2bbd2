"""Nothing that is trained goes unjudged: a flow has to beat its Gaussian start, and says what became of it."""

import warnings

import numpy as np
import pytest
from scipy.stats import kstest, multivariate_normal, norm
from sklearn.covariance import LedoitWolf
from sklearn.exceptions import ConvergenceWarning

from nflows_np import FlowDensity, load
from nflows_np._weights import mean, standard_error
from nflows_np.estimators._remarks import _distance
from nflows_np.estimators._split import hold_out

ROWS = 400


def toeplitz(d, correlation=0.7):
    return correlation ** np.abs(np.subtract.outer(np.arange(d), np.arange(d)))


def normal_rows(rng, n, covariance):
    return rng.standard_normal((n, len(covariance))) @ np.linalg.cholesky(covariance).T


# The start


@pytest.mark.parametrize("base", ["standard_normal", "full_normal"])
def test_the_start_of_few_rows_is_ledoit_and_wolfs(rng, base):
    """Of standardised columns, whatever their units, for a row to come."""
    X, unit = normal_rows(rng, 20, toeplitz(50)), 10.0 ** rng.uniform(-3, 3, 50)
    flow = FlowDensity("linear", base=base, dtype="float64", random_state=0).fit(X * unit)
    assert flow.best_epoch_ == 0 and flow.loss_curve_ == []
    scale = X.std(axis=0)
    covariance = LedoitWolf().fit((X - X.mean(axis=0)) / scale).covariance_ * np.outer(scale, scale) * 21 / 19
    fresh = normal_rows(rng, 100, toeplitz(50))
    expected = multivariate_normal(X.mean(axis=0), covariance).logpdf(fresh) - np.log(unit).sum()
    if base == "standard_normal":
        np.testing.assert_allclose(flow.score_samples(fresh * unit), expected, rtol=1e-6)


def test_the_start_of_many_rows_does_not_shrink(rng):
    covariance = np.array([[1.0, 0.9995], [0.9995, 1.0]])  # which the least shrinkage would spoil
    X = normal_rows(rng, 2000, covariance)
    flow = FlowDensity(
        "linear", dtype="float64", early_stopping=False, max_iter=1, learning_rate_init=1e-12
    ).fit(X)
    expected = multivariate_normal(X.mean(axis=0), np.cov(X.T, bias=True) * 2001 / 1999).logpdf(X)
    np.testing.assert_allclose(flow.score_samples(X), expected, rtol=1e-6)


def test_two_rows_say_nothing_of_correlations(rng):
    """Any two agree on all of them, however often each is repeated: columns are independent then."""
    X = rng.standard_normal((2, 6))
    counts = np.array([7, 3])
    flow = FlowDensity("linear", dtype="float64").fit(np.repeat(X, counts, axis=0))
    rows = counts.sum() ** 2 / np.square(counts).sum()
    mean = np.average(X, axis=0, weights=counts)
    variance = np.average(np.square(X - mean), axis=0, weights=counts) * (rows + 1) / (rows - 1)
    fresh = rng.standard_normal((50, 6))
    expected = norm(mean, np.sqrt(variance)).logpdf(fresh).sum(axis=1)
    np.testing.assert_allclose(flow.score_samples(fresh), expected, rtol=1e-9)


@pytest.mark.parametrize(("others", "step"), [(0, 1.0), (1, 1.0), (3, 1.0), (1, 1000.0), (3, 1000.0)])
def test_a_column_is_known_no_finer_than_its_steps(rng, others, step):
    """One that is zero in nearly all rows, or in all: a row with another value is unlikely, not hopeless."""
    X = rng.standard_normal((200, 3))
    X[:, 1] = 0.0
    X[:others, 1] = step
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        flow = FlowDensity("linear", early_stopping=False, max_iter=1, random_state=0).fit(X)
    usual, other = flow.score_samples([[0.0, 0.0, 0.0], [0.0, 2 * step, 0.0]])
    assert 10.0 < usual - other < 30.0


def test_steps_of_a_computed_column_are_those_it_was_computed_from(rng):
    """0.1 + 0.2 is not 0.3, and no step away from it."""
    X = np.c_[rng.standard_normal(200), np.zeros(200)]
    X[:3, 1] = 0.3, 0.1 + 0.2, 0.3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        flow = FlowDensity("linear", dtype="float64", early_stopping=False, max_iter=1, random_state=0).fit(X)
    usual, other = flow.score_samples([[0.0, 0.0], [0.0, 0.6]])
    assert 10.0 < usual - other < 30.0


# Judging


def test_a_flow_has_to_beat_its_start_by_more_than_chance(rng):
    """Where it does not, the start of all rows is what is left, training rows and those that judged alike."""
    X = normal_rows(rng, ROWS, toeplitz(3))
    flow = FlowDensity("maf", dtype="float64", random_state=0).fit(X)
    assert flow.best_epoch_ == 0 < flow.n_iter_ and flow.early_stopping_
    whole = FlowDensity(
        "linear", dtype="float64", early_stopping=False, max_iter=1, learning_rate_init=1e-12
    ).fit(X)
    np.testing.assert_allclose(flow.score_samples(X), whole.score_samples(X), rtol=1e-8)


def test_two_modes_beat_it(rng):
    X = np.where(rng.random((1000, 1)) < 0.5, -2.0, 2.0) + 0.5 * rng.standard_normal((1000, 1))
    flow = FlowDensity(random_state=0).fit(X)
    assert flow.gaussianized_.all() or flow.best_epoch_ > 0
    truth = -(0.5 * np.log(2 * np.pi) + 0.5 + np.log(0.5) + np.log(2.0))
    assert flow.score(X) > truth - 0.1


def test_rows_that_the_start_knows_nothing_of_do_not_drown_the_others(rng):
    """Of a few rows far out the Gaussian has no idea: what they gain is much, and no argument against all the rest."""
    X = rng.lognormal(size=(2000, 2))
    X[rng.permutation(2000)[:10]] *= 1e3
    flow = FlowDensity(gaussianize=False, random_state=0).fit(X)
    assert flow.best_epoch_ > 0
    fresh = rng.lognormal(size=(1000, 2))
    assert flow.score(fresh) > -3.3  # the truth is -2.84
    assert FlowDensity(random_state=0).fit(X).score(fresh) > -3.0


def test_a_flow_that_stays_at_its_saddle_says_so(rng):
    """Affine maps cannot begin to tell two equal modes from one."""
    X = rng.standard_normal((1000, 5))
    X[:, 2] = np.where(rng.random(1000) < 0.5, -2.0, 2.0) + 0.5 * X[:, 2]
    with pytest.warns(ConvergenceWarning, match="1 of 5 latent columns are far from normal"):
        flow = FlowDensity("maf", gaussianize=False, random_state=0).fit(X)
    assert flow.best_epoch_ == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        left = FlowDensity("maf", random_state=0).fit(X)
    assert left.gaussianized_.tolist() == [False, False, True, False, False]
    assert left.score(X) > flow.score(X) + 0.5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for preset, rows in ("linear", X), ("maf", rng.standard_normal((1000, 5))):
            FlowDensity(preset, random_state=0).fit(rows)


def test_auto_leaves_the_saddle_of_wide_tables_by_splines(rng):
    X = np.where(rng.random((500, 41)) < 0.5, -2.0, 2.0) + 0.5 * rng.standard_normal((500, 41))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        params = {"gaussianize": False, "max_iter": 60, "n_iter_no_change": 6, "random_state": 0}
        flow = FlowDensity(**params).fit(X)
    assert flow.best_epoch_ > 0
    again = FlowDensity("nsf_ar", **params).fit(X)
    assert np.array_equal(flow.parameters_, again.parameters_)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_distance_is_kolmogorovs(rng, weighted):
    z, weights = rng.standard_normal(500), rng.integers(1, 4, 500) if weighted else np.ones(500)
    expected = kstest(np.repeat(z, weights.astype(int)), "norm").statistic
    rows = weights.sum() ** 2 / np.square(weights).sum()
    assert _distance(z, weights) == pytest.approx(np.sqrt(rows) * expected)


def test_evidence_is_a_paired_difference():
    d, w = np.array([1.0, 3.0, 8.0]), np.array([2.0, 1.0, 1.0])
    share = w / w.sum()
    assert mean(d, w) == pytest.approx(share @ d)
    expected = np.sqrt(1.5 * np.sum((share * (d - share @ d)) ** 2))
    assert standard_error(d, w) == pytest.approx(expected)
    assert standard_error(d, 8e307 * w) == pytest.approx(expected)
    assert standard_error(d, None) == pytest.approx(d.std(ddof=1) / np.sqrt(3))
    assert standard_error(d[:1], None) == np.inf


@pytest.mark.parametrize("resumable", [False, True])
def test_a_fit_that_is_at_its_start_goes_on_from_its_training(rng, tmp_path, resumable):
    X = normal_rows(rng, ROWS, toeplitz(3))
    params = {"flow": "maf", "n_layers": 2, "hidden_units": 8, "random_state": 0, "warm_start": True}
    straight = FlowDensity(**params, max_iter=6).fit(X)
    first = FlowDensity(**params, max_iter=2).fit(X)
    first.save(tmp_path / "m.flow", resumable=resumable)
    read = load(tmp_path / "m.flow")
    assert read.best_epoch_ == first.best_epoch_ == 0
    assert np.array_equal(read.score_samples(X), first.score_samples(X))
    for flow in [first, read] if resumable else [first]:
        flow.set_params(max_iter=4).fit(X)
        assert flow.validation_scores_ == straight.validation_scores_
        assert np.array_equal(flow.parameters_, straight.parameters_)


# Too few to judge


@pytest.mark.parametrize("n", [12, 49, 99])
def test_auto_is_a_gaussian_where_rows_are_few_and_says_nothing(rng, n):
    X = rng.standard_normal((n, 8))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        flow = FlowDensity(random_state=0).fit(X)
    assert flow.n_iter_ == 1 and flow.best_epoch_ == 0 and not flow.converged_ and flow.loss_curve_ == []
    fresh = rng.standard_normal((2000, 8))
    truth = multivariate_normal(np.zeros(8), np.eye(8)).logpdf(fresh)
    assert (truth - flow.score_samples(fresh)).mean() < 4.0 * 16 / n


@pytest.mark.parametrize("preset", ["maf", "nsf"])
def test_a_named_flow_stays_at_its_start_and_says_so(rng, preset):
    X = rng.standard_normal((20, 4))
    with pytest.warns(UserWarning, match="20 distinct rows are too few .* stays at its start"):
        flow = FlowDensity(preset, random_state=0).fit(X)
    gaussian_ = FlowDensity("linear", random_state=0)
    with pytest.warns(UserWarning, match="too few"):
        gaussian_.fit(X)
    assert flow.loss_curve_ == []
    np.testing.assert_allclose(flow.score_samples(X), gaussian_.score_samples(X), rtol=1e-4)


def test_more_parameters_than_rows_unjudged_are_named(rng):
    X = rng.standard_normal((60, 3))
    with pytest.warns(
        UserWarning, match=r"early_stopping=False trains [\d,]+ parameters on 60 distinct rows"
    ):
        FlowDensity("maf", early_stopping=False, max_iter=2).fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        FlowDensity("maf", early_stopping=False, max_iter=1).partial_fit(X)


@pytest.mark.parametrize(("n", "held_out"), [(100, 33), (300, 100), (1000, 100), (5000, 500)])
def test_a_third_of_few_rows_judges_and_a_tenth_of_many(rng, monkeypatch, n, held_out):
    seen = []

    def spy(rows, n_validation, *rest):
        seen.append(n_validation)
        return hold_out(rows, n_validation, *rest)

    monkeypatch.setattr("nflows_np.estimators._base.hold_out", spy)
    FlowDensity("linear", max_iter=1, random_state=0).fit(rng.standard_normal((n, 1)))
    assert seen == [held_out]
