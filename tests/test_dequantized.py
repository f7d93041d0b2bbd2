"""Integers by noise of one step: an option, with every preset; their masses are means of a density."""

import numpy as np
import pytest
from scipy import stats

from nflows_np import FlowDensity, load
from nflows_np.columns import Integer, Ordinal, Periodic, Real

COUNTS = np.arange(40.0)


def counts(n, seed=0):
    rng = np.random.default_rng(seed)
    k = rng.poisson(4.0, n)
    return np.column_stack([k, rng.normal(k, 1.0)]).astype(float)


@pytest.mark.parametrize("preset", ["realnvp", "nsf", "auto"])
def test_every_preset_can_have_counts(preset, tmp_path):
    columns = {0: Integer(0, dequantize=True)}
    flow = FlowDensity(preset, columns=columns, max_iter=60, random_state=0).fit(counts(5000))
    test = counts(4000, 1)
    truth = stats.poisson.logpmf(test[:, 0], 4.0) + stats.norm.logpdf(test[:, 1], test[:, 0], 1.0)
    assert (truth - flow.score_samples(test)).mean() < 0.1
    assert flow.measure_ == {0: "count", 1: "length"} and flow.columns_[0] == columns[0]
    drawn = flow.sample(2000, random_state=0)[:, 0]
    assert np.array_equal(drawn, np.round(drawn)) and drawn.min() >= 0
    assert np.array_equal(flow.score_samples(test[:50]), flow.score_samples(test)[:50])
    flow.save(tmp_path / "model.flow")
    assert np.array_equal(load(tmp_path / "model.flow").score_samples(test), flow.score_samples(test))


def test_masses_add_up():
    X = counts(3000)[:, :1]
    flow = FlowDensity("nsf", columns=Integer(0, dequantize=True), max_iter=30, random_state=0).fit(X)
    assert np.exp(flow.score_samples(COUNTS[:, None])).sum() == pytest.approx(1.0, abs=0.01)
    assert flow.score_samples([[-1.0], [2.5]]).tolist() == [-np.inf, -np.inf]


def test_beside_angles_and_ranks():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.integers(0, 3, 600), rng.uniform(0, 360, 600), rng.normal(size=600).round(1)])
    columns = {
        0: Ordinal([0, 1, 2], dequantize=True),
        1: Periodic(0, 360),
        2: Real(rounded=0.1, dequantize=True),
    }
    flow = FlowDensity("realnvp", columns=columns, max_iter=5, random_state=0).fit(X)
    assert np.isfinite(flow.score_samples(X)).all()
    assert set(np.unique(flow.sample(500, random_state=0)[:, 0])) == {0.0, 1.0, 2.0}


def test_noise_needs_steps():
    with pytest.raises(ValueError, match="dequantize=True is for steps"):
        Real(dequantize=True)
    with pytest.raises(ValueError, match="dequantize must be True or False"):
        Integer(dequantize="uniform")
