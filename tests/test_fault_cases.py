"""Faults of state that users met, each as a test of its whole kind."""

import os
import re
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score

import nflows_np
from nflows_np import FlowDensity
from nflows_np._config import n_threads
from nflows_np._limits import MAX_PARAMETER
from nflows_np.estimators import _base
from nflows_np.presets import PRESETS
from nflows_np.training import _Run

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def small(flow="maf", **params):
    return FlowDensity(flow, **{"n_layers": 2, "hidden_units": 8, "max_iter": 3, "random_state": 0, **params})


def assert_same_state(a, b):
    """To the last bit of what they score with, and of what they would go on with."""
    assert np.array_equal(a.parameters_, b.parameters_)
    assert a.loss_curve_ == b.loss_curve_ and a.validation_scores_ == b.validation_scores_
    for name, value in vars(a._fitted.training).items():
        assert np.array_equal(value, getattr(b._fitted.training, name)), name


# A fitted model can be saved


@pytest.mark.parametrize("resumable", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("value", [1e6, 1e12, 1e30, 1e200])
def test_whatever_was_fitted_can_be_saved_and_loaded(tmp_path, value, early_stopping, dtype, resumable):
    """A wild value among 90 rows makes epochs without a single step: their score is no number to go on from."""
    X = np.random.default_rng(0).normal(size=(90, 2))
    X[7, 1] = value
    for preset in ("maf", "nsf", "sylvester", "linear"):
        flow = small(preset, early_stopping=early_stopping, dtype=dtype, warm_start=True).fit(X)
        flow.save(tmp_path / "model.flow", resumable=resumable)
        again = nflows_np.load(tmp_path / "model.flow")
        assert np.array_equal(again.score_samples(X), flow.score_samples(X))
        reference = flow._fitted.training.reference_score
        assert reference is None or np.isfinite(reference)


def test_an_epoch_without_a_step_is_no_progress(banana, monkeypatch):
    """Its score is NaN, which no later score would ever be larger than: it must not become the reference."""
    monkeypatch.setattr(_Run, "_steps", lambda self: (float("nan"), 1))
    flow = small(early_stopping=False, warm_start=True).fit(banana)
    assert flow._fitted.training.reference_score is None
    monkeypatch.undo()
    assert np.isfinite(flow.fit(banana)._fitted.training.reference_score)


# Parameters are checked by every call that trains

WRONG = {
    "flow": ["spline", None], "base": ["x"], "n_layers": [0, 2_000_000, 2**31, 10**400], "hidden_units": [
        0, -1, 2**31, 10**400, [-1], [0], [8, 1.5], [True], [2**31], [8] * 65, [10**400],
    ],
    "activation": ["x"], "max_iter": [0, 2**31, 10**400], "batch_size": [0, 2.5, 2**31, 10**400],
    "learning_rate_init": [0, -1.0, np.nan, np.inf, 1e38, 1e40, 10**400], "alpha": [-1, np.inf, 1e40, 10**400],
    "clip_ratio": [1, np.nan, 1e40, 10**400], "early_stopping": ["x"], "validation_fraction": [0, 1, 10**400],
    "n_iter_no_change": [0, 2.5, 2**31, 10**400], "tol": [-1, np.nan, np.inf, 1e40, 10**400], "dtype": ["x"],
    "device": ["gpu"], "n_jobs": [0, 2.5, 2**31, -(2**31), 10**400], "random_state": ["x", -1],
    "verbose": [-1, 10**400],
}  # fmt: skip
wrong = pytest.mark.parametrize(
    "name, value", [(n, v) for n, values in WRONG.items() for v in values], ids=repr
)


@wrong
@pytest.mark.parametrize("preset", ["maf", "planar"])
def test_a_fit_names_the_parameter_and_does_nothing(banana, name, value, preset):
    began = time.monotonic()
    with pytest.raises(ValueError, match=name) as caught:
        small(**{"flow": preset, name: value}).fit(banana)
    assert len(str(caught.value)) < 1200 and time.monotonic() - began < 10.0


@wrong
@pytest.mark.parametrize("call", ["partial_fit", "fit"])
def test_going_on_checks_as_much_as_beginning(banana, tmp_path, name, value, call):
    flow = small("planar", warm_start=True).fit(banana)
    before = vars(flow).copy()
    with pytest.raises(ValueError, match=name):
        getattr(flow.set_params(**{name: value}), call)(banana)
    assert {k: v for k, v in vars(flow).items() if k != name} == {
        k: v for k, v in before.items() if k != name
    }


def test_training_and_files_have_one_bound():
    text = (Path(__file__).parents[1] / "csrc" / "train" / "options.h").read_text("utf-8")
    assert float(re.search(r"kLargestParameter = (\w+);", text)[1]) == MAX_PARAMETER


@pytest.mark.parametrize("rate", [1e8, 1e20, 1e30])
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("preset", PRESETS)
def test_any_rate_that_is_taken_leaves_a_model_that_works(banana, tmp_path, preset, early_stopping, rate):
    flow = small(preset, learning_rate_init=rate, early_stopping=early_stopping).fit(banana)
    assert np.all(np.abs(flow.parameters_) <= MAX_PARAMETER)
    assert np.all(np.isfinite(flow.score_samples(banana)))
    flow.save(tmp_path / "model.flow", resumable=True)
    assert np.array_equal(nflows_np.load(tmp_path / "model.flow").parameters_, flow.parameters_)


@pytest.mark.parametrize("n_jobs", [1, 2, 1000, 2**31 - 1, 2**31, 10**400, -1, -1000, -(10**400)])
def test_any_number_of_jobs_comes_to_a_few_threads(n_jobs):
    assert 1 <= n_threads(n_jobs) <= (os.cpu_count() or 1)


class Mine(FlowDensity):
    """A subclass, of which no reader of files knows."""


def test_what_load_would_refuse_is_not_saved(banana, tmp_path):
    flow = Mine("linear", max_iter=2).fit(banana)
    with pytest.raises(TypeError, match=r"Mine has no place in a model file.*\['FlowDensity'\].*pickle"):
        flow.save(tmp_path / "model.flow")
    assert list(tmp_path.iterdir()) == []


# Ctrl-C


def interrupt(monkeypatch, name, call):
    """Ctrl-C in the middle of a method of training, in its n-th call."""
    original, calls = getattr(_Run, name), []

    def interrupted(self, *args):
        calls.append(name)
        result = original(self, *args)
        if len(calls) == call:
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(_Run, name, interrupted)


@pytest.mark.parametrize("name", [
    "_judged", "_steps", "_run", "_score", "_report", "_turn", "epoch",
])  # fmt: skip
@pytest.mark.parametrize("early_stopping", [False, True])
def test_an_interrupted_fit_is_whole_wherever_it_was(banana, monkeypatch, tmp_path, early_stopping, name):
    """Epochs and curves of one length, Adam's own weights, the best average, and a file that can be read."""
    if name == "_judged" and not early_stopping:
        pytest.skip("nothing is validated")
    params = {"early_stopping": early_stopping, "warm_start": True, "batch_size": 10**6}
    interrupt(monkeypatch, name, 4)
    flow = small(max_iter=20, **params)
    with pytest.warns(UserWarning, match="interrupted"), pytest.raises(KeyboardInterrupt):
        flow.fit(banana)
    monkeypatch.undo()
    assert 2 <= flow.n_iter_ == len(flow.loss_curve_) <= 4
    assert len(flow.validation_scores_ or []) == (flow.n_iter_ if early_stopping else 0)
    state, steps = flow._fitted.training, flow._fitted.training.step
    whole = small(max_iter=steps, **params).fit(banana)  # one step is one epoch here
    assert np.array_equal(state.parameters, whole._fitted.training.parameters)
    assert np.array_equal(state.m, whole._fitted.training.m)
    if early_stopping:
        assert flow.best_validation_score_ >= max(flow.validation_scores_)
    flow.save(tmp_path / "model.flow", resumable=True)
    again = nflows_np.load(tmp_path / "model.flow")
    assert_same_state(again.fit(banana), flow.fit(banana))


@pytest.mark.filterwarnings("ignore:Training interrupted")
@pytest.mark.parametrize("search", [
    lambda X: cross_val_score(small("linear", max_iter=50), X, cv=3),
    lambda X: GridSearchCV(small("linear", max_iter=50), {"alpha": [0.0, 0.1]}, cv=2).fit(X),
], ids=["cross_val_score", "GridSearchCV"])  # fmt: skip
def test_ctrl_c_stops_searches(banana, monkeypatch, search):
    began = []
    original = _base.fit_flow
    monkeypatch.setattr(_base, "fit_flow", lambda *a, **k: began.append(1) or original(*a, **k))
    interrupt(monkeypatch, "epoch", 2)
    with pytest.raises(KeyboardInterrupt):
        search(banana)
    assert len(began) == 1


# Who scores meanwhile


@pytest.mark.parametrize("call", ["fit", "partial_fit", "warm_start"])
@pytest.mark.parametrize("fails", [False, True])
def test_a_fit_is_not_seen_before_it_ends(banana, monkeypatch, call, fails):
    """Not by threads that score, copy, pickle or save while it goes on, nor after it has failed."""
    flow = small(warm_start=call == "warm_start").fit(banana)
    expected, before, seen = flow.score_samples(banana), vars(flow).copy(), []
    original = _Run.finish

    def look():
        seen.append(np.array_equal(flow.score_samples(banana), expected) and vars(flow) == before)

    def finish(self):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        if fails:
            raise MemoryError
        return original(self)

    monkeypatch.setattr(_Run, "finish", finish)
    X = banana if call != "fit" else np.column_stack([banana, banana**2])
    method = flow.partial_fit if call == "partial_fit" else flow.fit
    if fails:
        with pytest.raises(MemoryError):
            method(X)
        assert vars(flow) == before and np.array_equal(flow.score_samples(banana), expected)
    else:
        assert not np.array_equal(method(X).score_samples(X), expected)
    assert seen == [True]


def test_fitted_attributes_are_read_only(banana):
    flow = small().fit(banana)
    with pytest.raises(ValueError, match="read-only"):
        flow.parameters_[0] = 1.0
    with pytest.raises(AttributeError):
        flow.n_iter_ = 3
    with pytest.raises(AttributeError, match="'FlowDensity' object has no attribute 'loc_'"):
        clone(flow).loc_  # noqa: B018


# Files


@pytest.mark.parametrize("length", [1, 233, 255])
def test_names_of_any_length_can_be_saved(banana, tmp_path, length):
    flow = small("linear", max_iter=1).fit(banana)
    flow.save(tmp_path / ("x" * length))
    assert [entry.name for entry in tmp_path.iterdir()] == ["x" * length]


def test_what_a_kill_left_is_removed_a_day_later(banana, tmp_path):
    old, young, other = (
        tmp_path / name
        for name in (".nflows-0123456789abcdef.part", ".nflows-fedcba9876543210.part", ".model.part")
    )
    for left in (old, young, other):
        left.write_bytes(b"half a model")
        os.utime(left, (time.time() - 90_000,) * 2)
    os.utime(young)
    small("linear", max_iter=1).fit(banana).save(tmp_path / "model.flow")
    assert {entry.name for entry in tmp_path.iterdir()} == {young.name, other.name, "model.flow"}


@pytest.mark.parametrize("culprit", ["os.scandir", "os.unlink"])
def test_what_cannot_be_cleared_away_stays(banana, tmp_path, monkeypatch, culprit):
    """It is no reason for a save to fail."""
    left = tmp_path / ".nflows-0123456789abcdef.part"
    left.write_bytes(b"half a model")
    os.utime(left, (time.time() - 90_000,) * 2)

    def refuse(*args):
        raise PermissionError

    flow = small("linear", max_iter=1).fit(banana)
    with monkeypatch.context() as patch:
        patch.setattr(culprit, refuse)
        flow.save(tmp_path / "model.flow")
    assert left.exists() and np.array_equal(nflows_np.load(tmp_path / "model.flow").loc_, flow.loc_)


def test_a_killed_save_leaves_such_a_file(banana, tmp_path, monkeypatch):
    """What is looked for is what is written."""
    flow, names = small("linear", max_iter=1).fit(banana), []
    monkeypatch.setattr("os.fsync", lambda _: names.extend(entry.name for entry in tmp_path.iterdir()))
    flow.save(tmp_path / "model.flow")
    assert len(names) == 1 and re.fullmatch(r"\.nflows-[0-9a-f]{16}\.part", names[0])


def test_a_file_without_the_state_of_training(banana, tmp_path):
    """It scores; going on begins with fresh moments at the saved weights and scaling, and says so once."""
    flow = small(warm_start=True, max_iter=5, hidden_units=64).fit(banana)
    flow.save(tmp_path / "small.flow")
    flow.save(tmp_path / "large.flow", resumable=True)
    sizes = [(tmp_path / name).stat().st_size for name in ("small.flow", "large.flow")]
    assert sizes[0] + 3 * flow.parameters_.nbytes < sizes[1] < sizes[0] + 5 * flow.parameters_.nbytes
    for call in ("fit", "partial_fit"):
        again = nflows_np.load(tmp_path / "small.flow").set_params(learning_rate_init=1e-12)
        assert np.array_equal(again.score_samples(banana), flow.score_samples(banana))
        with pytest.warns(UserWarning, match="without its state of training") as caught:
            getattr(again, call)(banana)
        (word,) = [w for w in caught if "without its state" in str(w.message)]
        assert word.filename == __file__
        np.testing.assert_allclose(again.parameters_, flow.parameters_, atol=1e-9)
        assert np.array_equal(again.loc_, flow.loc_) and again.flow_ == flow.flow_
        assert again.n_iter_ == len(again.loss_curve_) == flow.n_iter_ + (5 if call == "fit" else 1)
        assert np.all(np.isfinite(again.partial_fit(banana).score_samples(banana)))
