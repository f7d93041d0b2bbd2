"""The epoch loop's policy: order of the rows, averages, validation, stopping, accidents and interrupts.

The engine's trainer does the steps, several batches a call and without the GIL. What is decided here:

A. *Order.* Each epoch draws a fresh permutation of the training rows from a generator that is part of the
   state.
B. *Batches* are filled evenly: an epoch of n rows takes ceil(n / batch_size) steps of equally many rows,
   rounded up to a multiple of 16, so that no step is left with a handful of rows and their noise.
C. *Averages.* What is judged and kept is the exponential moving average of Adam's weights (Polyak and Juditsky
   1992), which takes out the noise of single steps. The engine keeps it, step by step.
D. *Score.* With validation rows, their mean log-likelihood is the score of an epoch and the best weights win
   in the end. The start counts as epoch 0, and it has the benefit of the doubt: an epoch takes its place only where
   it is better by more than chance, row by row, than what would be kept in its stead, which may be the start of more
   rows than are trained on. Without validation rows, the training likelihood of the epoch is watched and the last
   weights stay.
E. *Pace.* At which rate the next epoch is run, and when training has converged, `nflows_np._pace` decides by what has
   been seen so far. Nothing looks at ``max_iter``: ten epochs are four epochs and then six more, bit for bit.
F. *Accidents.* A step whose loss or gradient is not finite, or that leads beyond the bound of parameters, is not
   applied by the trainer. The epoch is then given up, weights that are known to be good come back and the rate is
   halved; after a few halvings training ends.
G. *Interrupts.* Ctrl-C may arrive between any two steps of this file. Training ends there, and what was best so
   far stays. So an epoch enters the history in one step, its loss with its score.

References: Polyak, Juditsky (1992), "Acceleration of stochastic approximation by averaging", SIAM J. Control
Optim. 30(4). Ma, Yarats (2021), "On the adequacy of untuned warmup for adaptive optimization", arXiv:1910.04209.
"""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nflows_np import _weights
from nflows_np._model import FlowModel, blocks
from nflows_np._pace import Pace
from nflows_np._stream import PANEL_ROWS
from nflows_np.columns import is_in_place
from nflows_np.columns.empirical import evenly_spread
from nflows_np.training_state import MAX_HALVINGS, History, Policy, Rows, TrainingState

# The average forgets as 0.99^steps. Between 0.98 and 0.995 nothing changes on held-out rows.
AVERAGE_DECAY = 0.99

# Adam's first steps are full ones in every parameter, whatever the gradient's size, and layers multiply what each
# does: deep flows would leave the Gaussian start for something far worse. So the rate comes up from nothing (Ma and
# Yarats 2021). Held-out rows do not tell 30 steps from 100; small tables, of few steps an epoch, get fewer, lest a
# slow start use up the patience.
WARM_UP_STEPS, WARM_UP_EPOCHS = 100, 5

# Standard errors by which an epoch's gain over the start, a mean over validation rows, has to exceed zero. The best of
# many epochs is looked at: a gain of one would be found where there is none. A row's gain counts up to so many nats:
# the start can be hopeless on a few rows, whose gains would drown in their own scatter what all others say.
EVIDENCE, LARGEST_GAIN = 2.0, 10.0

# Rows that tell how much better a flow fits those that it learns from than others. The worst quarter has no say: a few
# rows far out would drown all others.
LOOKED_AT, WORST = 1000, 0.25

# A block of batches is what the engine is given at once. It is bounded by its work (about a tenth of a second at ten
# GFLOP/s and six operations per parameter and row), so that Ctrl-C is answered at once, and by the bytes of its rows,
# of which tables that cannot be read in place (float16, say) give a copy. What is learnt does not depend on it.
BLOCK_BYTES = 4 << 20
BLOCK_WORK = 160_000_000
MORE_ON_A_DEVICE = 100  # which is faster, and has work of its own at the beginning of a block


def batch_rows(n_rows: int, batch_size: int) -> int:
    """Rows of a step: at most ``batch_size`` up to rounding, evenly filled; a multiple of 16 or all rows."""
    if n_rows <= batch_size:
        return n_rows
    n_batches = -(-n_rows // batch_size)
    return min(n_rows, -(-n_rows // (n_batches * PANEL_ROWS)) * PANEL_ROWS)


def train(
    model: FlowModel,
    rows: Rows,
    validation: Rows | None,
    state: TrainingState,
    policy: Policy,
    start: NDArray[np.float64] | None = None,
) -> tuple[TrainingState, History]:
    """Train a model for at most ``policy.max_iter`` epochs.

    Parameters
    ----------
    model : FlowModel
        Left with the parameters to use: the best on validation, or the last.
    rows, validation : Rows
        The rows to learn from, and those to judge by (or None).
    state : TrainingState
        Where training stands; not changed.
    policy : Policy
    start : ndarray, optional
        Log-likelihoods of the validation rows by the start that the caller keeps where no epoch beats it; without it
        by the state's.

    Returns
    -------
    state : TrainingState
        Where training stands now.
    history : History
    """
    run = _Run(model, rows, validation, dataclasses.replace(state), policy, start)
    try:
        for _ in range(policy.max_iter):
            if run.epoch():
                break
    except KeyboardInterrupt:
        run.history.interrupted = True
    return run.finish(), run.history


class _Run:
    """One call of :func:`train`."""

    def __init__(
        self,
        model: FlowModel,
        rows: Rows,
        validation: Rows | None,
        state: TrainingState,
        policy: Policy,
        start: NDArray[np.float64] | None,
    ) -> None:
        self.model, self.rows, self.validation, self.state, self.policy = (
            model,
            rows,
            validation,
            state,
            policy,
        )
        self.history = History(batch_rows(len(rows), policy.batch_size), validation is not None)
        self.epoch_steps = -(-len(rows) // self.history.batch_rows)
        self.weights = rows.normalised_weights()
        self.table = model.rows(rows.X, rows.index) if is_in_place(rows.X) else None
        self.log_jacobian = model.mean_log_jacobian(rows.X, rows.index, self.weights)
        self.block = self._block_rows()
        self.generator = np.random.Generator(np.random.PCG64())
        self.generator.bit_generator.state = state.order
        self.pace = Pace(self.state, policy, len(rows), self.epoch_steps)
        self.first_epoch = state.epoch
        # The start's log-likelihoods of the validation rows, None as soon as it is not the best.
        self.start = start
        self._judge_best()
        model.flow.set_params(state.parameters)
        self.trainer = model.trainer(
            learning_rate=self.pace.learning_rate(),
            alpha=policy.alpha,
            clip_ratio=policy.clip_ratio,
            average_decay=AVERAGE_DECAY,
            warm_up_steps=self._warm_up_steps(),
        )
        if state.m is not None:
            self.trainer.set_state({"step": state.step, "m": state.m, "v": state.v})
        self.trainer.set_average(state.average)

    def _warm_up_steps(self) -> int:
        return min(WARM_UP_STEPS, WARM_UP_EPOCHS * self.epoch_steps)

    def _block_rows(self) -> int:
        """Whole batches, at least one."""
        batch = self.history.batch_rows
        by_bytes = BLOCK_BYTES // (self.model.n_features * self.model.dtype.itemsize)
        by_work = BLOCK_WORK // max(1, self.model.flow.n_params)
        more = 1 if self.model.device == "cpu" else MORE_ON_A_DEVICE
        return max(1, more * min(by_bytes // batch, by_work // batch)) * batch

    def _judge_best(self) -> None:
        """Score the best weights so far, which are the start's before the first epoch.

        Without validation there are none, and training goes on from those that won while there was.
        """
        state = self.state
        if self.validation is None:
            if state.best_parameters is not None:
                state.parameters = state.average = state.best_parameters
            state.best_parameters = state.best_score = state.start_levels = None
            return
        if state.best_parameters is None:
            state.best_parameters, state.best_epoch = state.average, state.epoch
        at_start = state.best_epoch == 0
        known = self.start if at_start else None
        log_prob = self._judged(state.best_parameters) if known is None else known
        self.start = log_prob if at_start else None
        self.history.held_out, score = log_prob, self._mean(log_prob)
        self.history.start_score = score if at_start else None
        if score != state.best_score:  # the first call, or other validation rows than before
            state.best_score = state.reference_score = score
            state.stale = 0
            state.start_levels = self._levels(state.average) if state.epoch == 0 else None
        if self.policy.verbose and state.epoch == 0:
            print(f"epoch    0  log-likelihood: validation {score:.4f} (the start)", flush=True)

    def _judged(self, parameters: NDArray[Any]) -> NDArray[np.float64]:
        """Log-likelihoods of the validation rows at some parameters."""
        assert self.validation is not None
        return self.model.at(parameters).log_prob(
            self.validation.X, self.validation.index, self.policy.n_threads
        )

    def _mean(self, log_prob: NDArray[np.float64]) -> float:
        """The mean over the validation rows."""
        assert self.validation is not None
        return _weights.mean(log_prob, self.validation.normalised_weights())

    def epoch(self) -> bool:
        """One pass over the rows; True when training is over."""
        state, history = self.state, self.history
        began = time.perf_counter()
        good = state.used
        self.trainer.learning_rate = self.pace.learning_rate()
        loss, dropped = self._steps()
        state.average = self.trainer.get_average()
        if dropped:
            history.dropped_steps += dropped
            state.halvings = min(state.halvings, MAX_HALVINGS) + 1
            history.gave_up = state.halvings > MAX_HALVINGS
            self._go_back(good)
        score, held_out = self._score(loss)
        history.epochs.append((loss, score))
        state.epoch = self.first_epoch + len(history.epochs)
        if held_out is not None:
            history.held_out = held_out
            state.best_score, state.best_parameters, state.best_epoch = score, state.average, state.epoch
            self.start = None
        self._report(loss, score, time.perf_counter() - began)
        return self._turn(score) or history.gave_up

    def _steps(self) -> tuple[float, int]:
        """The steps of an epoch, up to the first block with one that was not applied.

        Returns the mean loss and the number of steps that were not applied.
        """
        n, batch = len(self.rows), self.history.batch_rows
        order = self.generator.permutation(n) if batch < n else np.arange(n)
        total, counted = 0.0, 0
        for part in blocks(n, self.block):
            losses, applied = self._run(order[part])
            sizes = np.full(len(losses), batch)
            sizes[-1] = part.stop - part.start - batch * (len(losses) - 1)
            total += float(np.sum(np.where(applied, losses, 0.0) * sizes))
            counted += int(np.sum(sizes[applied]))
            if not applied.all():
                return self._mean_loss(total, counted), int(np.sum(~applied))
        return self._mean_loss(total, counted), 0

    def _run(self, chosen: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """A step for each batch of some rows: the losses, and whether each was applied."""
        batch, weights, threads = self.history.batch_rows, self.weights, self.policy.n_threads
        if self.table is not None:
            n = len(self.rows)
            return self.trainer.run(self.table, n, batch, weights=weights, n_threads=threads, order=chosen)
        table = self.model.rows(self.rows.X, self.rows.index[chosen])
        weights = None if weights is None else weights[chosen]
        return self.trainer.run(table, len(chosen), batch, weights=weights, n_threads=threads)

    def _mean_loss(self, total: float, counted: int) -> float:
        """Mean negative log-likelihood in the units of the columns; NaN where no step was applied."""
        return total / counted - self.log_jacobian if counted else float("nan")

    def _score(self, loss: float) -> tuple[float, NDArray[np.float64] | None]:
        """The score of the epoch that just ended; where its average is the best so far, the validation rows' too."""
        state = self.state
        if self.validation is None:
            return -loss, None
        log_prob = self._judged(state.average)
        score = self._mean(log_prob)
        better = score > state.best_score and self._beats_start(log_prob)  # type: ignore[operator]
        return score, log_prob if better else None

    def _beats_start(self, log_prob: NDArray[np.float64]) -> bool:
        """Whether validation rows speak for more than the start, or it is no longer the best."""
        if self.start is None:
            return True
        assert self.validation is not None
        gain = np.minimum(log_prob - self.start, LARGEST_GAIN)
        weights = self.validation.normalised_weights()
        return _weights.mean(gain, weights) > EVIDENCE * _weights.standard_error(gain, weights)

    def _go_back(self, parameters: NDArray[Any]) -> None:
        """Go on from these weights, at the rate that the state now says."""
        self.model.flow.set_params(parameters)
        self.trainer.set_average(parameters)
        self.state.average = parameters
        self.trainer.learning_rate = self.pace.learning_rate()

    def _turn(self, score: float) -> bool:
        """Go on at the pace that the score calls for; True when training has converged."""
        if self.pace.turns(score, None if self.state.start_levels is None else self._gains):
            self._go_back(self.state.used)
            if self.policy.verbose:
                stale, rate = self.state.stale, self.trainer.learning_rate
                plateau = f"no progress in {stale} epochs: learning rate {rate:.1e}"
                print(plateau if stale else "annealing", flush=True)
        return self.state.converged

    def _gains(self) -> tuple[float, float]:
        """What rows that are learnt from have gained over the start, and what validation rows have."""
        assert self.state.start_levels is not None
        (own, others), (own_start, others_start) = self._levels(self.state.average), self.state.start_levels
        return own - own_start, others - others_start

    def _levels(self, parameters: NDArray[Any]) -> tuple[float, float]:
        """Mean log-likelihoods of rows that are learnt from, and of validation rows, without the worst of either."""
        assert self.validation is not None
        return self._level(parameters, self.rows), self._level(parameters, self.validation)

    def _level(self, parameters: NDArray[Any], rows: Rows) -> float:
        """The mean log-likelihood of some rows, spread over all, without the worst."""
        some = rows.take(evenly_spread(len(rows), LOOKED_AT))
        log_prob = np.sort(self.model.at(parameters).log_prob(some.X, some.index, self.policy.n_threads))
        return float(np.mean(log_prob[round(WORST * len(log_prob)) :]))

    def _report(self, loss: float, score: float, seconds: float) -> None:
        """One line of progress; a star marks the best epoch so far."""
        if not self.policy.verbose:
            return
        line = f"epoch {self.state.epoch:4d}  log-likelihood: training {-loss:.4f}"
        if self.validation is not None:
            line += f", validation {score:.4f}{'*' if score == self.state.best_score else ' '}"
        print(f"{line}  {len(self.rows) / max(seconds, 1e-9):,.0f} rows/s", flush=True)

    def finish(self) -> TrainingState:
        """Leave the model with the weights to use, and return where training stands."""
        state = self.state
        self.history.learning_rate = self.trainer.learning_rate
        optimizer = self.trainer.get_state()
        state.m, state.v, state.step = optimizer["m"], optimizer["v"], int(optimizer["step"])
        state.average = optimizer["average"]
        state.order = dict(self.generator.bit_generator.state)
        state.parameters = self.model.flow.get_params()
        if self.validation is None:
            state.best_epoch = state.epoch
        if state.converged and state.best_parameters is not None:
            state.parameters = state.average = state.best_parameters  # going on starts from what won
        self.model.flow.set_params(state.used)
        return state
