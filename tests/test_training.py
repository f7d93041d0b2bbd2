"""The policy of training: resuming bit for bit, stopping, the best weights, accidents and interrupts."""

import pickle
import signal
import threading
import time

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import nflows_np
from nflows_np import FlowDensity, _pace, training
from nflows_np._model import FlowModel
from nflows_np.training import batch_rows

SMALL = {"flow": "maf", "n_layers": 2, "hidden_units": 8, "random_state": 0, "alpha": 1e-3}
QUIET = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def small(**params):
    return FlowDensity(**{**SMALL, **params})


def same(a, b):
    """Whether two fitted estimators are the same, to the last bit of what they would go on with."""
    assert np.array_equal(a.parameters_, b.parameters_)
    assert a.loss_curve_ == b.loss_curve_ and a.validation_scores_ == b.validation_scores_
    assert a.n_iter_ == b.n_iter_ and a.converged_ == b.converged_
    for name, value in vars(a._fitted.training).items():
        other = getattr(b._fitted.training, name)
        assert np.array_equal(value, other) if isinstance(value, np.ndarray) else value == other, name
    return True


# Batches


@pytest.mark.parametrize("n, batch_size, expected", [
    (1, 1, 1), (15, 256, 15), (256, 256, 256), (257, 256, 144), (1001, 256, 256), (1000, 100, 112), (100, 1, 16),
    (20, 19, 16), (17, 16, 16), (10, 3, 10),
])  # fmt: skip
def test_batches_are_filled_evenly(n, batch_size, expected):
    rows = batch_rows(n, batch_size)
    assert rows == expected and (rows == n or rows % 16 == 0)


def test_batch_size_of_a_fit(banana):
    assert small(batch_size=100, max_iter=1, early_stopping=False).fit(banana).batch_size_ == 112
    assert small(batch_size=10**6, max_iter=1, early_stopping=False).fit(banana).batch_size_ == 400


@pytest.mark.parametrize("dtype", [np.float64, np.float16])  # read in place, and not
def test_blocks_of_batches_change_nothing(banana, monkeypatch, dtype):
    """How many batches the engine is given at once is a matter of interrupts and memory, not of what is learnt."""
    X = banana.astype(dtype)
    expected = small(max_iter=3, early_stopping=False, batch_size=16).fit(X)
    monkeypatch.setattr(training, "BLOCK_WORK", 1)
    found = small(max_iter=3, early_stopping=False, batch_size=16).fit(X)
    assert np.array_equal(found.parameters_, expected.parameters_)
    assert found.loss_curve_ == pytest.approx(expected.loss_curve_, rel=1e-12)


# Resuming


@QUIET
@pytest.mark.parametrize("batch_size", [64, 10**6])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_warm_start_goes_on_bit_for_bit(banana, early_stopping, batch_size):
    params = {"early_stopping": early_stopping, "batch_size": batch_size}
    whole = small(max_iter=10, **params).fit(banana)
    parts = small(max_iter=4, warm_start=True, **params).fit(banana)
    assert parts.n_iter_ == 4 and not np.array_equal(parts.parameters_, whole.parameters_)
    parts = pickle.loads(pickle.dumps(parts)).set_params(max_iter=6).fit(banana)
    assert same(parts, whole)


@QUIET
def test_a_saved_model_goes_on_bit_for_bit(banana, tmp_path):
    whole = small(max_iter=7).fit(banana)
    small(max_iter=3, warm_start=True).fit(banana).save(tmp_path / "model.flow", resumable=True)
    parts = nflows_np.load(tmp_path / "model.flow").set_params(max_iter=4).fit(banana)
    assert same(parts, whole)


def test_partial_fit_is_an_epoch(banana):
    whole = small(max_iter=5, early_stopping=False).fit(banana)
    parts = small()
    for _ in range(5):
        parts.partial_fit(banana)
    assert same(parts, whole)
    mixed = small(max_iter=3, early_stopping=False).fit(banana).partial_fit(banana).partial_fit(banana)
    assert same(mixed, whole)


def test_partial_fit_keeps_scaling_and_flow(banana):
    flow = small().partial_fit(banana[:100])
    loc, flow_ = flow.loc_.copy(), flow.flow_
    flow.partial_fit(1e3 * banana[100:101])  # a single row, far away: later calls take what comes
    assert np.array_equal(flow.loc_, loc) and flow.flow_ is flow_ and flow.n_iter_ == 2
    with pytest.raises(ValueError, match="X has 1 features"):
        flow.partial_fit(banana[:, :1])


@QUIET
def test_partial_fit_goes_on_from_the_weights_in_use(banana):
    """Not from later ones, which validation has judged to be worse."""
    flow = small(max_iter=30, learning_rate_init=0.5, early_stopping=True).fit(banana)
    assert not np.array_equal(flow._fitted.training.parameters, flow.parameters_)
    before = flow.parameters_
    flow.set_params(learning_rate_init=1e-12).partial_fit(banana)
    np.testing.assert_allclose(flow.parameters_, before, atol=1e-9)


def test_partial_fit_learns_from_a_stream(banana):
    flow = FlowDensity(flow="maf", random_state=0)
    before = flow.partial_fit(banana).score(banana)
    for _ in range(60):
        flow.partial_fit(banana)
    assert flow.score(banana) > before + 0.3


@QUIET
def test_without_warm_start_fit_begins_anew(banana):
    flow = small(max_iter=3).fit(banana)
    first = flow.parameters_
    assert np.array_equal(flow.fit(banana).parameters_, first) and flow.n_iter_ == 3


@QUIET
def test_going_on_after_convergence_starts_from_the_best(banana):
    flow = small(max_iter=2000, learning_rate_init=1e-2, n_iter_no_change=5, warm_start=True).fit(banana)
    assert flow.converged_
    best, epochs = flow.best_validation_score_, flow.n_iter_
    flow.fit(banana)
    assert flow.n_iter_ > epochs and flow.best_validation_score_ >= best


@QUIET
@pytest.mark.parametrize("change", [
    {"flow": "realnvp"}, {"n_layers": 3}, {"hidden_units": (8, 8)}, {"activation": "relu"}, {"dtype": "float64"},
])  # fmt: skip
def test_going_on_with_another_flow_is_refused(banana, change):
    flow = small(max_iter=2, warm_start=True).fit(banana)
    before = flow.parameters_
    with pytest.raises(ValueError, match=f"{next(iter(change))} .* to "):
        flow.set_params(**change).fit(banana)
    assert flow.parameters_ is before


@QUIET
def test_other_validation_rows_start_a_new_judgement(banana):
    flow = small(max_iter=3, warm_start=True).fit(banana[:200], X_val=banana[200:300])
    flow.fit(banana[:200], X_val=banana[300:])
    assert flow.score(banana[300:]) == pytest.approx(flow.best_validation_score_)


# Gradients


@QUIET
def test_long_gradients_are_shortened(banana):
    """Rows far out make long gradients: shortened or not, training differs; a bound that none reaches is no bound."""
    X = banana.copy()
    X[:5] += 40.0 * np.ptp(X, axis=0)
    free, bounded, far = (
        small(max_iter=5, clip_ratio=ratio, early_stopping=False).fit(X) for ratio in (np.inf, 1.5, 1e30)
    )
    assert not np.array_equal(free.parameters_, bounded.parameters_)
    assert np.array_equal(free.parameters_, far.parameters_)


# Warm-up


@QUIET
@pytest.mark.parametrize("batch_size, steps", [(400, 5), (200, 10), (16, 100)])
def test_the_rate_warms_up(banana, batch_size, steps):
    """Adam's first step is one of the whole rate in every parameter; here, of its share."""
    rate = 1e-3
    options = {"early_stopping": False, "batch_size": batch_size, "max_iter": 1, "alpha": 0.0}
    start = small(**options, learning_rate_init=1e-12).fit(banana)._fitted.training.parameters
    moved = small(**options, learning_rate_init=rate).fit(banana)._fitted.training.parameters - start
    n = len(banana) // batch_size
    whole = rate * sum(min(1.0, (k + 1) / steps) for k in range(n))
    assert np.abs(moved).max() <= 1.1 * whole  # growing gradients make steps a little longer
    if n == 1:
        assert np.abs(moved).max() == pytest.approx(whole, rel=0.01)


# Stopping


@QUIET
def test_the_best_weights_are_kept(banana):
    flow = small(max_iter=200, n_iter_no_change=np.inf, learning_rate_init=0.03, alpha=0.0)
    flow.fit(banana[:80], X_val=banana[80:])
    assert flow.score(banana[80:]) == pytest.approx(flow.best_validation_score_, rel=1e-9)
    assert flow.best_validation_score_ == max(flow.validation_scores_)
    assert flow.validation_scores_[-1] < flow.best_validation_score_ - 0.01  # it would have overfitted


@QUIET
def test_validation_is_never_left_worse_than_the_gaussian(rng):
    """The start is a candidate: where nothing is to be gained, the Gaussian fit stays."""
    X, X_val = rng.normal(size=(30, 5)), rng.normal(size=(1000, 5))
    gaussian = FlowDensity(flow="linear", early_stopping=False, max_iter=1, learning_rate_init=1e-12).fit(X)
    flow = small(max_iter=30, learning_rate_init=0.1, alpha=0.0).fit(X, X_val=X_val)
    assert flow.score(X_val) >= gaussian.score(X_val) - 1e-3
    assert flow.best_epoch_ == 0


def test_early_stopping_ends_training(banana):
    flow = small(max_iter=5000, learning_rate_init=1e-2, n_iter_no_change=7, tol=1e-3).fit(banana)
    assert flow.converged_ and flow.n_iter_ < 5000 and flow.early_stopping_
    assert len(flow.loss_curve_) == len(flow.validation_scores_) == flow.n_iter_
    assert max(flow.validation_scores_[-7:]) <= max(flow.validation_scores_[:-7]) + 1e-3


@QUIET
@pytest.mark.parametrize("early_stopping", [False, True])
def test_plateaus_cut_the_rate(banana, early_stopping, capsys):
    """A rate that gains nothing: halfway to the end of patience it falls, and what is in use comes back."""
    params = {"early_stopping": early_stopping, "learning_rate_init": 1e-12, "tol": 1e-3, "batch_size": 16}
    params["validation_fraction"] = 0.1
    for epochs, cuts in (6, 0), (7, 1), (9, 1), (10, 1):  # patience begins to count in the fifth epoch
        flow = small(max_iter=epochs, n_iter_no_change=6, verbose=1, **params).fit(banana)
        assert flow._fitted.training.cuts == cuts and flow.converged_ == (epochs == 10)
        assert ("no progress in 3 epochs: learning rate 2.5e-13" in capsys.readouterr().out) == (cuts > 0)
        if epochs == 7:
            assert np.array_equal(flow._fitted.training.parameters, flow._fitted.training.used)
    assert small(max_iter=30, n_iter_no_change=np.inf, **params).fit(banana)._fitted.training.cuts == 0


@QUIET
def test_a_cut_gains_what_the_whole_rate_does_not(banana, monkeypatch):
    params = {"learning_rate_init": 0.1, "max_iter": 400, "n_iter_no_change": 10, "batch_size": 32}
    with_cuts = small(**params).fit(banana)
    monkeypatch.setattr(_pace, "PLATEAU_CUT", 1.0)
    assert with_cuts.best_validation_score_ > small(**params).fit(banana).best_validation_score_ + 0.01


@QUIET
def test_plateaus_go_on_bit_for_bit(banana):
    params = {"learning_rate_init": 0.1, "n_iter_no_change": 4, "batch_size": 32, "validation_fraction": 0.1}
    whole = small(max_iter=24, **params).fit(banana)
    parts = small(max_iter=1, warm_start=True, **params).fit(banana)
    while parts.n_iter_ < whole.n_iter_:
        parts.fit(banana)
    assert whole._fitted.training.cuts > 1 and same(parts, whole)


def test_a_stream_has_no_plateaus(banana):
    flow = small(learning_rate_init=1e-12, n_iter_no_change=4, batch_size=16)
    for _ in range(15):
        flow.partial_fit(banana)
    assert flow._fitted.training.cuts == 0 and not flow.converged_


def test_training_likelihood_ends_training_without_validation(banana):
    flow = FlowDensity(flow="linear", max_iter=5000, early_stopping=False, n_iter_no_change=5).fit(banana)
    assert flow.converged_ and flow.n_iter_ < 5000
    assert flow.validation_scores_ is None and flow.best_validation_score_ is None


def test_loss_curve_is_in_the_units_of_the_columns(banana):
    flow = FlowDensity(flow="linear", max_iter=1, early_stopping=False, learning_rate_init=1e-12).fit(banana)
    assert flow.loss_curve_ == pytest.approx([-flow.score(banana)], abs=1e-5)


def test_weight_decay_pulls_networks_only(banana):
    """The Gaussian part is no network: with a decay beyond all measure, a flow is still the Gaussian fit."""
    gaussian = FlowDensity(flow="linear", early_stopping=False, random_state=0).fit(banana)
    flow = small(max_iter=300, early_stopping=False, alpha=50.0, learning_rate_init=1e-3).fit(banana)
    assert flow.score(banana) == pytest.approx(gaussian.score(banana), abs=0.05)


# Accidents and interrupts


class Faulty:
    """A trainer whose n-th call of run meets a step that is not finite."""

    def __init__(self, trainer, faults):
        self.trainer, self.faults, self.calls = trainer, faults, 0

    def __getattr__(self, name):
        return getattr(self.trainer, name)

    def __setattr__(self, name, value):
        if name == "learning_rate":
            self.trainer.learning_rate = value
        else:
            object.__setattr__(self, name, value)

    def run(self, *args, **kwargs):
        losses, applied = self.trainer.run(*args, **kwargs)
        self.calls += 1
        if self.calls in self.faults:
            losses, applied = losses.copy(), applied.copy()
            losses[-1], applied[-1] = np.nan, False
        return losses, applied


def faulty(monkeypatch, faults):
    original = FlowModel.trainer
    monkeypatch.setattr(
        FlowModel, "trainer", lambda model, **options: Faulty(original(model, **options), faults)
    )


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_step_that_is_not_finite_halves_the_rate(banana, monkeypatch, early_stopping):
    faulty(monkeypatch, {3})
    flow = small(max_iter=6, batch_size=10**6, early_stopping=early_stopping)
    with pytest.warns(ConvergenceWarning, match=r"1 training step\(s\) .* came down to 2\.5e-03"):
        flow.set_params(learning_rate_init=5e-3).fit(banana)
    assert flow._fitted.training.halvings == 1 and flow.n_iter_ == 6
    assert np.isnan(flow.loss_curve_[2]) and np.all(np.isfinite(np.delete(flow.loss_curve_, 2)))
    assert np.all(np.isfinite(flow.score_samples(banana)))


def test_training_is_given_up_after_many_accidents(banana, monkeypatch):
    faulty(monkeypatch, set(range(4, 1000)))
    with pytest.warns(ConvergenceWarning, match=r"6 training step\(s\) .* given up"):
        flow = small(max_iter=100, batch_size=10**6, early_stopping=True).fit(banana)
    assert flow.n_iter_ == 9 and not flow.converged_
    assert flow.score(banana) > FlowDensity(flow="linear", random_state=0).fit(banana).score(banana) - 0.05


@pytest.fixture
def sigint():
    """Python's own handler: a process that was started in the background ignores the signal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("sigint")
@pytest.mark.parametrize("early_stopping", [False, True])
def test_ctrl_c_keeps_the_best_so_far(banana, early_stopping):
    """A real signal in the middle of a fit that would take hours: it ends at once, with a usable model."""
    X = np.tile(banana, (50, 1)) + np.random.default_rng(0).normal(size=(20_000, 2)) * [1.0, 1e-4]
    flow = FlowDensity(
        flow="maf", hidden_units=(256, 256), max_iter=10**6, early_stopping=early_stopping, n_iter_no_change=np.inf,
        batch_size=4096,
    )  # fmt: skip
    caught = []

    def interrupt():
        time.sleep(1.0)
        caught.append(time.monotonic())
        signal.raise_signal(signal.SIGINT)

    timer = threading.Thread(target=interrupt)
    timer.start()
    with (
        pytest.warns(UserWarning, match="interrupted after .* best weights so far are kept"),
        pytest.raises(KeyboardInterrupt),
    ):
        flow.fit(X)
    waited = time.monotonic() - caught[0]
    timer.join()
    assert waited < 60.0  # seconds, of hours; the machine may be busy
    assert np.all(np.isfinite(flow.score_samples(banana)))
    assert np.all(np.isfinite(flow.partial_fit(banana).score_samples(banana)))


@QUIET
def test_progress(banana, capsys):
    small(max_iter=2, verbose=1).fit(banana)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and "(the start)" in lines[0]
    assert lines[2].startswith("epoch    2  log-likelihood: training ") and lines[2].endswith(" rows/s")
    assert ", validation " in lines[2]
    small(max_iter=2).fit(banana)
    assert capsys.readouterr().out == ""
