"""The course of the learning rate: how long it is held, how it is annealed, and that it goes on bit for bit."""

import math

import numpy as np
import pytest
from test_training import QUIET, same, small

import nflows_np
from nflows_np import FlowDensity, _pace
from nflows_np._pace import ANNEALED, LONGEST, PATIENCE, PATIENT_STEPS, STEPS, Pace
from nflows_np.training_state import Policy, TrainingState

RATE, ROWS = 0.01, 5_000
HELD = math.ceil(LONGEST / ROWS**0.2)


def course(scores, steps=50, gains=None, validated=True, best_epoch=1, patience=None):
    """The rate of every epoch of these scores, until training has converged, and the state then."""
    state = TrainingState.start(np.zeros(1), np.random.SeedSequence(0))
    state.best_parameters, state.best_epoch = np.zeros(1) if validated else None, best_epoch
    policy = Policy(max_iter=1, batch_size=64, learning_rate=RATE, n_iter_no_change=patience)
    rates = []
    for score in scores:
        pace = Pace(state, policy, ROWS, steps)  # one for every epoch: all that counts is in the state
        rates.append(pace.learning_rate())
        state.epoch += 1
        pace.turns(score, gains)
        if state.converged:
            break
    return np.array(rates), state


def rising(n):
    return np.arange(n, dtype=float)


def test_the_rate_is_held_and_then_annealed():
    rates, state = course(rising(1000))
    annealed = rates[HELD:]
    assert state.converged and np.all(rates[:HELD] == RATE) and len(annealed) == math.ceil(ANNEALED * HELD)
    assert np.all(np.diff(annealed) < 0) and annealed[0] < RATE and 0 < annealed[-1] < 1e-3 * RATE
    assert np.sum(annealed) == pytest.approx(0.5 * RATE * len(annealed))  # half a cosine


def test_more_rows_are_fewer_epochs_and_more_steps():
    state = TrainingState.start(np.zeros(1), np.random.SeedSequence(0))
    policy = Policy(max_iter=1, batch_size=64, learning_rate=RATE)
    epochs = [Pace(state, policy, n, 1).longest for n in (100, 1_000, 10_000, 1_000_000)]
    assert epochs == sorted(epochs, reverse=True)
    assert 100 * epochs[0] < 1_000 * epochs[1] < 10_000 * epochs[2] < 1_000_000 * epochs[3]


@pytest.mark.parametrize("validated", [False, True])
def test_a_plateau_cuts_the_rate_that_is_held(validated):
    rates, state = course([*rising(10), *np.zeros(1000)], validated=validated)
    cut = 10 + HELD // 2
    assert np.all(rates[:cut] == RATE) and np.all(rates[cut:HELD] == 0.25 * RATE) and state.converged
    assert len(rates) == HELD + PATIENCE and np.all(np.diff(rates[HELD:]) < 0)


def test_what_never_leaves_the_start_is_soon_over():
    rates, state = course(np.full(1000, -1.0), best_epoch=0)
    assert len(rates) == PATIENCE + 2 and state.converged and state.cuts == 1 and state.held == 0


def test_what_is_learnt_by_heart_is_annealed():
    for gains, early in ((3.0, 2.0), True), ((3.0, 2.8), False), ((0.1, -1.0), True), ((np.nan, 1.0), False):
        rates, state = course(rising(1000), gains=lambda gains=gains: gains)
        assert np.sum(rates == RATE) == (math.ceil(STEPS / 50) if early else HELD) and state.converged


def test_the_first_steps_count_for_nothing():
    state = course(np.full(PATIENT_STEPS, -1.0), steps=1)[1]
    assert state.stale == 0


def test_patience_without_end_has_one_rate():
    rates, state = course(np.zeros(500), patience=np.inf)
    assert np.all(rates == RATE) and len(rates) == 500 and not state.converged


def test_a_course_after_the_last_begins_anew():
    _, state = course(rising(1000))
    end = state.epoch
    policy = Policy(max_iter=1, batch_size=64, learning_rate=RATE)
    pace = Pace(state, policy, ROWS, 50)
    assert (state.began, state.held, state.converged) == (end, 0, False) and pace.learning_rate() == RATE
    state.epoch += 1
    assert not pace.turns(1e6, None) and not state.converged


# Through the estimator


@pytest.fixture
def short(monkeypatch):
    """Courses of ten epochs."""
    monkeypatch.setattr(_pace, "LONGEST", 16.0)


@QUIET
@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_course_goes_on_bit_for_bit(banana, short, early_stopping, tmp_path):
    params = {"early_stopping": early_stopping, "batch_size": 32}
    whole = small(max_iter=100, **params).fit(banana)
    assert whole.converged_ and 5 < whole.n_iter_ < 15 and whole._fitted.training.held
    parts = small(max_iter=1, warm_start=True, **params).fit(banana)
    while not parts.converged_:
        parts.save(tmp_path / "model.flow", resumable=True)
        parts = nflows_np.load(tmp_path / "model.flow").fit(banana)
    assert same(parts, whole)


@QUIET
def test_flows_that_learn_by_heart_are_annealed_early(rng, monkeypatch):
    X = rng.normal(size=(300, 8))
    monkeypatch.setattr(_pace, "STEPS", 20)
    monkeypatch.setattr(_pace, "PATIENCE", 10**6)
    params = {
        "hidden_units": 64,
        "alpha": 0.0,
        "batch_size": 32,
        "learning_rate_init": 0.02,
        "early_stopping": True,
    }
    assert small(max_iter=60, **params).fit(X)._fitted.training.held < 20
    monkeypatch.setattr(_pace, "CARRIED", -np.inf)
    assert small(max_iter=60, **params).fit(X)._fitted.training.held == 0


@QUIET
def test_a_stream_has_no_course(banana, short):
    flow = small(batch_size=32)
    for _ in range(20):
        flow.partial_fit(banana)
    assert flow._fitted.training.held == 0 and not flow.converged_


@QUIET
def test_annealing_gains_what_the_whole_rate_does_not(banana):
    params = {"learning_rate_init": 0.05, "batch_size": 32, "early_stopping": True, "max_iter": 300}
    annealed = small(**params).fit(banana)
    held = small(**params | {"max_iter": annealed.n_iter_, "n_iter_no_change": np.inf}).fit(banana)
    assert annealed.converged_ and annealed.best_validation_score_ > held.best_validation_score_


def test_the_default_is_a_course():
    assert FlowDensity().n_iter_no_change == "auto"
    with pytest.raises(ValueError, match="n_iter_no_change"):
        FlowDensity(n_iter_no_change="never").fit(np.eye(5))
