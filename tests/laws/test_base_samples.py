"""Rows drawn from every base: of its density, and the same however the drawing is cut."""

import numpy as np
import pytest
from base_rows import drawn, draws_of, rows_of
from cases import every_base
from engine_flows import log_prob, log_prob_vjp
from nflows_np._stream import BaseRows

from nflows_np.specs import GaussianMixture
from nflows_np.specs._draws import Draw

N_BATCHES, BATCH = 200, 100


@every_base
def test_scores_of_samples_have_mean_zero(case):
    """E[d log p / d(parameter)] = 0 under the density itself, for every parameter: a sampler that misreads one
    shows here."""
    flow, _, reader = case.random_flow()
    rows = rows_of(flow, case.base, N_BATCHES * BATCH, seed=4)
    assert np.isfinite(log_prob(flow, rows)).all()
    ones = np.ones(BATCH)
    scores = np.array([log_prob_vjp(flow, batch, ones)[1] for batch in np.split(rows, N_BATCHES)])
    error = scores.std(axis=0, ddof=1) / np.sqrt(N_BATCHES)
    assert np.all(np.abs(scores.mean(axis=0))[reader.free] <= 5.0 * error[reader.free])
    if case.base != GaussianMixture(1):  # the weight of a single component is 1 whatever its logit is
        assert np.all(error[reader.free] > 0.0)


@every_base
@pytest.mark.parametrize(
    "make", [np.random.RandomState, np.random.default_rng], ids=["RandomState", "Generator"]
)
def test_first_rows_of_a_longer_sample_are_the_shorter_sample(case, make):
    draws, d = draws_of(case.random_flow()[0], case.base, case.n_features), case.n_features
    longer = drawn(draws, make(1), 90, d)
    for n in (0, 1, 16, 37):
        assert np.array_equal(drawn(draws, make(1), n, d), longer[:n])
    rng = make(1)
    parts = [drawn(draws, rng, n, d) for n in (3, 16, 0, 71)]
    assert np.array_equal(np.vstack(parts), longer)
    assert not np.array_equal(drawn(draws, rng, 90, d), longer)


@every_base
def test_precisions_draw_the_same_rows(case):
    draws, d = draws_of(case.random_flow()[0], case.base, case.n_features), case.n_features
    double = drawn(draws, np.random.default_rng(0), 50, d)
    single = drawn(draws, np.random.default_rng(0), 50, d, np.float32)
    assert single.dtype == np.float32 and np.array_equal(single, double.astype(np.float32))


@pytest.mark.parametrize("kind, columns, size, message", [
    ("normal", [0], 2, "each of 2 columns once"),
    ("normal", [0, 0], 4, "each of 2 columns once"),
    ("normal", [0, 2], 4, "each of 2 columns once"),
    ("normal", [0, 1], 5, "'normal' with 5 numbers"),
    ("affine", [0, 1], 4, "'affine' with 4 numbers"),
    ("mixture", [0, 1], 11, "'mixture' with 11 numbers"),
    ("mixture", [0, 1], 0, "'mixture' with 0 numbers"),
    ("cauchy", [0, 1], 4, "no way to draw 2 columns as 'cauchy'"),
])  # fmt: skip
def test_wrong_draws_are_refused(kind, columns, size, message):
    with pytest.raises(ValueError, match=message):
        BaseRows(np.random.default_rng(0), 3, 2, np.float64, [Draw(kind, np.array(columns), np.ones(size))])


@pytest.mark.parametrize("random_state", [None, 0, object()])
def test_sources_without_a_bit_generator_are_refused(random_state):
    with pytest.raises(TypeError, match="BaseRows: random_state must be a numpy RandomState or Generator"):
        BaseRows(random_state, 3, 1, np.float64, [Draw("normal", np.array([0]), np.ones(2))])
