"""Rows in clusters far apart, in many columns: where a fit starts, and when it starts there."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal
from shrunk import shrunk_gaussian

from nflows_np import FlowDensity, load, training
from nflows_np._model import FlowModel
from nflows_np.columns import ColumnScaler
from nflows_np.estimators import _trials
from nflows_np.estimators._seeds import Seeds
from nflows_np.estimators._starts import at_clusters
from nflows_np.presets import maf
from nflows_np.specs import Flow, GaussianMixture
from nflows_np.training_state import Rows

SEEDS = Seeds([1, 2, 3, 4])


def clusters(rng, n, d, apart):
    """Two unit normals along the diagonal, the first of a third of the rows; the rows, and the truth."""
    centres = np.array([[-0.4], [0.6]]) * np.full(d, apart / np.sqrt(d))
    shares = np.array([1 / 3, 2 / 3])
    side = rng.choice(2, n, p=shares)

    def log_density(rows):
        return logsumexp([
            np.log(share) + multivariate_normal(centre).logpdf(rows)
            for share, centre in zip(shares, centres, strict=True)
        ], axis=0)  # fmt: skip

    return centres[side] + rng.standard_normal((n, d)), side, log_density


def started(X, k, weights=None):
    """A model at its start from clusters, in float64."""
    d = X.shape[1]
    flow = Flow(maf(n_layers=2).bijections, base=GaussianMixture(k))
    flow = flow.for_table(len(X), d, None).resolve(d, np.random.default_rng(0))
    scaler = ColumnScaler.fit(X, np.arange(len(X)), sample_weight=weights)
    model = FlowModel(flow, scaler, np.dtype(np.float64))
    at_clusters(model, Rows(X, np.arange(len(X)), weights), SEEDS)
    return model


@pytest.mark.parametrize("weighted", [False, True])
def test_the_start_is_a_mixture_of_one_shrunk_covariance(rng, weighted):
    X, side, _ = clusters(rng, 600, 4, 30.0)
    weights = rng.uniform(0.5, 2.0, len(X)) if weighted else np.ones(len(X))
    centres = np.array([np.average(X[side == c], axis=0, weights=weights[side == c]) for c in (0, 1)])
    shares = np.bincount(side, weights) / weights.sum()
    mean, covariance = shrunk_gaussian(X - centres[side], weights)
    np.testing.assert_allclose(mean, 0.0, atol=1e-12)
    of_each = [multivariate_normal(centre, covariance).logpdf(X) for centre in centres]
    expected = logsumexp(np.log(shares)[:, None] + of_each, axis=0)
    model = started(X, 2, weights if weighted else None)
    np.testing.assert_allclose(model.log_prob(X), expected, rtol=1e-9)


def test_one_cluster_is_the_gaussian_start(rng):
    X = rng.standard_normal((300, 3)) @ rng.standard_normal((3, 3))
    one = started(X, 1).log_prob(X)
    mean, covariance = shrunk_gaussian(X)
    np.testing.assert_allclose(one, multivariate_normal(mean, covariance).logpdf(X), rtol=1e-9)


def test_more_clusters_than_different_rows(rng):
    X = np.repeat(rng.standard_normal((3, 2)), 20, axis=0)
    model = started(X, 8)
    assert np.isfinite(model.flow.get_params()).all() and np.isfinite(model.log_prob(X)).all()


@pytest.mark.parametrize("apart", [10.0, 100.0])
def test_many_columns_are_not_stuck_at_the_gaussian(rng, apart):
    """At 600 rows of 40 columns their covariance costs as much as the gap: a flow from the Gaussian learns nothing."""
    X, _, truth = clusters(rng, 600, 40, apart)
    fresh = clusters(rng, 4000, 40, apart)[0]
    flow = FlowDensity(random_state=0).fit(X)
    plain = FlowDensity("linear").fit(X)
    assert flow.flow_.base == GaussianMixture(2) and flow.converged_
    assert np.mean(truth(fresh)) - flow.score(fresh) < 0.5 * (np.mean(truth(fresh)) - plain.score(fresh))
    if not flow.best_epoch_:
        assert "the 2 clusters that training starts at" in flow.summary_


def test_what_was_said_is_not_changed(rng):
    """A preset, a flow and a base are taken as they are."""
    X, *_ = clusters(rng, 300, 5, 100.0)
    for params in ({"flow": "maf"}, {"base": "student_t"}, {"flow": Flow(maf().bijections)}):
        assert not isinstance(
            FlowDensity(**params, max_iter=2, random_state=0).fit(X).flow_.base, GaussianMixture
        )


@pytest.mark.parametrize("seed", range(4))
def test_a_normal_table_has_no_clusters(seed):
    X = np.random.default_rng(seed).standard_normal((200, 3))
    flow = FlowDensity(random_state=seed).fit(X)
    assert not isinstance(flow.flow_.base, GaussianMixture)


def test_saved_sampled_and_gone_on_with(rng, tmp_path):
    X, *_ = clusters(rng, 400, 30, 100.0)
    flow = FlowDensity(random_state=0, warm_start=True).fit(X)
    assert flow.flow_.base == GaussianMixture(2)
    samples = flow.sample(2000, random_state=1)
    assert np.mean(samples.sum(axis=1) > 0) == pytest.approx(2 / 3, abs=0.05)
    flow.save(tmp_path / "flow", resumable=True)
    again = load(tmp_path / "flow")
    assert np.array_equal(again.score_samples(X), flow.score_samples(X))
    assert np.array_equal(again.fit(X).score_samples(X), flow.fit(X).score_samples(X))


def test_going_on_does_not_forget_the_start(rng):
    """It is the clusters' that further epochs have to beat, and what is left where they do not."""
    X, *_ = clusters(rng, 400, 30, 100.0)
    flow = FlowDensity(random_state=0, warm_start=True, max_iter=2).fit(X)
    assert flow.flow_.base == GaussianMixture(2) and flow.best_epoch_ == 0
    before = flow.score_samples(X)
    flow.fit(X)
    assert flow.n_iter_ == 4 and flow.best_validation_score_ >= flow.start_score_
    assert flow.best_epoch_ > 0 or np.array_equal(flow.score_samples(X), before)


def test_a_small_cluster_far_away_is_no_wild_row(rng):
    X = rng.standard_normal((600, 3))
    X[:90] += 300.0
    model = started(X, 2)
    assert model.log_prob(X).mean() > -5.0
    X[:90] = rng.standard_normal((90, 3))
    X[0] = 1e6  # which is one
    assert np.median(started(X, 2).log_prob(X)) > -6.0


def test_ctrl_c_in_the_fit_from_clusters_loses_nothing(rng, monkeypatch):
    """The fit before it stays where that one is no better, and the caller is told."""
    X, epochs = rng.standard_normal((400, 2)), []
    epoch = training._Run.epoch

    def interrupted(run):
        epochs.append(isinstance(run.model.spec.base, GaussianMixture))
        if sum(epochs) > 1:
            raise KeyboardInterrupt
        return epoch(run)

    monkeypatch.setattr(training._Run, "epoch", interrupted)
    monkeypatch.setattr(_trials, "_nearly_as_good", lambda score, fitted: True)
    left = FlowDensity(gaussianize=False, random_state=0)
    with pytest.raises(KeyboardInterrupt), pytest.warns(UserWarning, match="Training interrupted"):
        left.fit(X)
    monkeypatch.undo()
    plain = FlowDensity("nsf_ar", gaussianize=False, random_state=0).fit(X)
    assert sum(epochs) == 2 and np.array_equal(left.score_samples(X), plain.score_samples(X))
