"""The epoch loop's policy: order of the rows, averages, validation, stopping, accidents and interrupts.

The engine's trainer does the steps, several batches a call and without the GIL. What is decided here:

A. *Order.* Each epoch draws a fresh permutation of the training rows from a generator that is part of the
   state.
B. *Batches* are filled evenly: an epoch of n rows takes ceil(n / batch_size) steps of equally many rows,
   rounded up to a multiple of 16, so that no step is left with a handful of rows and their noise.
C. *Averages.* What is judged and kept is the exponential moving average of Adam's weights (Polyak and Juditsky
   1992), which takes out the noise of single steps.
D. *Score.* With validation rows, their mean log-likelihood is the score of an epoch and the best weights win
   in the end. The start counts as epoch 0: it is the whitened Gaussian, so validation is never left worse
   than the Gaussian fit. Without validation rows, the training likelihood of the epoch is watched and the
   last weights stay.
E. *Patience.* When the score has gained less than ``tol`` within half of ``n_iter_no_change`` epochs, the weights in
   use come back and the rate is quartered; when it has not within all of them, training has converged. The first
   hundred steps do not count. A schedule would have to know when training ends. Here nothing looks at ``max_iter``,
   and ten epochs are four epochs and then six more, bit for bit.
F. *Accidents.* A step whose loss or gradient is not finite is not applied by the trainer. The epoch is then
   given up, weights that are known to be good come back and the rate is halved; after a few halvings training
   ends.
G. *Interrupts.* Ctrl-C ends training after the block of batches at work, and what was best so far stays.

References: Polyak, Juditsky (1992), "Acceleration of stochastic approximation by averaging", SIAM J. Control
Optim. 30(4). Ma, Yarats (2021), "On the adequacy of untuned warmup for adaptive optimization", arXiv:1910.04209.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nflows_np import _weights
from nflows_np._model import FlowModel, blocks, engine_class
from nflows_np._stream import PANEL_ROWS

# The average forgets as 0.99^steps; in the first hundred steps faster, as (1 + k) / (10 + k), for the start is
# far away. Between 0.98 and 0.995 nothing changes on held-out rows.
AVERAGE_DECAY = 0.99

# Adam's first steps are full ones in every parameter, whatever the gradient's size, and layers multiply what each
# does: deep flows would leave the Gaussian start for something far worse. So the rate comes up from nothing (Ma and
# Yarats 2021). Held-out rows do not tell 30 steps from 100; small tables, of few steps an epoch, get fewer, lest a
# slow start use up the patience.
WARM_UP_STEPS, WARM_UP_EPOCHS = 100, 5

# What a plateau leaves of the rate: steps that are too long for what remains to be learnt look like convergence. On
# most tables a cut or more gains tenths of nats on held-out rows, on some several nats.
PLATEAU_CUT = 0.25

# Steps at the beginning that nothing is concluded from: the average still moves fast, and a start that fits the rows
# closely, as a mixture's clusters do, loses before it gains.
PATIENT_STEPS = 100

# Halvings after steps that were not finite: below 2^-5 of the rate, the trouble is not the rate.
MAX_HALVINGS = 5

# A block of batches is what the engine is given at once. Its steps count as one in the average, so they must be
# few against the average's 100. It is bounded by the bytes of its rows, of which tables that cannot be read in place
# (float16, say) give a copy, and by its work (about a tenth of a second at ten GFLOP/s and six operations per
# parameter and row), so that Ctrl-C is answered at once.
BLOCK_STEPS = 8
BLOCK_BYTES = 4 << 20
BLOCK_WORK = 160_000_000


@dataclass(frozen=True)
class Rows:
    """Some rows of an array, by index, and the weights of all its rows, if any."""

    X: NDArray[Any]
    index: NDArray[np.int64]
    weights: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.index)

    def take(self, which: NDArray[np.int64]) -> Rows:
        """Some of these rows."""
        return Rows(self.X, self.index[which], self.weights)

    def normalised_weights(self) -> NDArray[np.float64] | None:
        """The weights of these rows, scaled to a mean of 1."""
        if self.weights is None:
            return None
        return _weights.normalised(self.weights[self.index])


@dataclass(frozen=True)
class Policy:
    """The parameters of training, as an estimator has them."""

    max_iter: int
    batch_size: int
    learning_rate: float
    alpha: float = 0.0
    clip_ratio: float = 2.0
    n_iter_no_change: float = 20
    tol: float = 1e-4
    n_threads: int = 1
    verbose: int = 0


@dataclass
class TrainingState:
    """All that training needs to go on as if it had never stopped: plain arrays and numbers.

    ``parameters`` are Adam's, ``average`` is what is judged and used. ``best_parameters`` are the best average
    so far, None where there is no validation.
    """

    parameters: NDArray[Any]
    average: NDArray[Any]
    order: dict[str, Any]
    m: NDArray[Any] | None = None
    v: NDArray[Any] | None = None
    step: int = 0
    epoch: int = 0
    halvings: int = 0
    cuts: int = 0
    stale: int = 0
    best_parameters: NDArray[Any] | None = None
    best_score: float | None = None
    reference_score: float | None = None
    converged: bool = False

    @classmethod
    def start(cls, parameters: NDArray[Any], seed: np.random.SeedSequence) -> TrainingState:
        """The state before the first step."""
        return cls(parameters=parameters, average=parameters, order=dict(np.random.PCG64(seed).state))

    @property
    def used(self) -> NDArray[Any]:
        """The parameters that a model should have."""
        return self.average if self.best_parameters is None else self.best_parameters

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, as a fitted attribute holds them."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}


@dataclass
class History:
    """What a call of :func:`train` did.

    ``losses`` are the mean training losses (negative log-likelihoods) of the epochs, ``scores`` the mean
    log-likelihoods of the validation rows after them, both in nats and in the units of the columns.
    ``learning_rate`` is what it came down to.
    """

    batch_rows: int
    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    learning_rate: float = 0.0
    dropped_steps: int = 0
    interrupted: bool = False
    gave_up: bool = False


def batch_rows(n_rows: int, batch_size: int) -> int:
    """Rows of a step: at most ``batch_size`` up to rounding, evenly filled; a multiple of 16 or all rows."""
    if n_rows <= batch_size:
        return n_rows
    n_batches = -(-n_rows // batch_size)
    return min(n_rows, -(-n_rows // (n_batches * PANEL_ROWS)) * PANEL_ROWS)


def train(
    model: FlowModel, rows: Rows, validation: Rows | None, state: TrainingState, policy: Policy
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

    Returns
    -------
    state : TrainingState
        Where training stands now.
    history : History
    """
    run = _Run(model, rows, validation, dataclasses.replace(state), policy)
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
        self, model: FlowModel, rows: Rows, validation: Rows | None, state: TrainingState, policy: Policy
    ) -> None:
        self.model, self.rows, self.validation, self.state, self.policy = (
            model,
            rows,
            validation,
            state,
            policy,
        )
        self.history = History(batch_rows(len(rows), policy.batch_size))
        self.epoch_steps = -(-len(rows) // self.history.batch_rows)
        self.weights = rows.normalised_weights()
        self.block = self._block_rows()
        self.generator = np.random.Generator(np.random.PCG64())
        self.generator.bit_generator.state = state.order
        if state.converged or state.stale >= policy.n_iter_no_change:  # who goes on has new patience
            state.converged, state.halvings, state.cuts, state.stale = False, 0, 0, 0
        self._judge_best()
        model.flow.set_params(state.parameters)
        self.trainer = engine_class("Trainer", model.dtype)(
            model.flow,
            learning_rate=self._learning_rate(),
            alpha=policy.alpha,
            clip_ratio=policy.clip_ratio,
            warm_up_steps=self._warm_up_steps(),
        )
        if state.m is not None:
            self.trainer.set_state({"step": state.step, "m": state.m, "v": state.v})

    def _learning_rate(self) -> float:
        return self.policy.learning_rate * 0.5**self.state.halvings * PLATEAU_CUT**self.state.cuts

    def _warm_up_steps(self) -> int:
        return min(WARM_UP_STEPS, WARM_UP_EPOCHS * self.epoch_steps)

    def _block_rows(self) -> int:
        """Whole batches, at least one."""
        batch = self.history.batch_rows
        by_bytes = BLOCK_BYTES // (self.model.n_features * self.model.dtype.itemsize)
        by_work = BLOCK_WORK // max(1, self.model.flow.n_params)
        return max(1, min(BLOCK_STEPS, by_bytes // batch, by_work // batch)) * batch

    def _judge_best(self) -> None:
        """Score the best weights so far, which are the start's before the first epoch.

        Without validation there are none, and training goes on from those that won while there was.
        """
        state = self.state
        if self.validation is None:
            if state.best_parameters is not None:
                state.parameters = state.average = state.best_parameters
            state.best_parameters = state.best_score = None
            return
        if state.best_parameters is None:
            state.best_parameters = state.average
        score = self._validation_score(state.best_parameters)
        if score != state.best_score:  # the first call, or other validation rows than before
            state.best_score = state.reference_score = score
            state.stale = 0
        if self.policy.verbose and state.epoch == 0:
            print(f"epoch    0  log-likelihood: validation {score:.4f} (the start)", flush=True)

    def _validation_score(self, parameters: NDArray[Any]) -> float:
        """Mean log-likelihood of the validation rows, at some parameters that are left in the flow."""
        assert self.validation is not None
        self.model.flow.set_params(parameters)
        X, index, weights = self.validation.X, self.validation.index, self.validation.normalised_weights()
        return _weights.mean(self.model.log_prob(X, index, self.policy.n_threads), weights)

    def epoch(self) -> bool:
        """One pass over the rows; True when training is over."""
        state, history = self.state, self.history
        began = time.perf_counter()
        good = state.used
        loss, dropped = self._steps()
        state.epoch += 1
        history.losses.append(loss)
        if dropped:
            history.dropped_steps += dropped
            state.halvings += 1
            history.gave_up = state.halvings > MAX_HALVINGS
            self._go_back(good)
        score = self._score(loss)
        self._report(loss, score, time.perf_counter() - began)
        return history.gave_up or self._out_of_patience(score)

    def _steps(self) -> tuple[float, int]:
        """The steps of an epoch, up to the first block with one that was not applied.

        Returns the mean loss and the number of steps that were not applied.
        """
        n, batch = len(self.rows), self.history.batch_rows
        order = self.generator.permutation(n) if batch < n else np.arange(n)
        total, counted = 0.0, 0
        for part in blocks(n, self.block):
            chosen = order[part]
            weights = None if self.weights is None else self.weights[chosen]
            losses, applied = self.trainer.run(
                self.model.rows(self.rows.X, self.rows.index[chosen]),
                len(chosen),
                batch,
                weights=weights,
                n_threads=self.policy.n_threads,
            )
            sizes = np.full(len(losses), batch)
            sizes[-1] = len(chosen) - batch * (len(losses) - 1)
            total += float(np.sum(np.where(applied, losses, 0.0) * sizes))
            counted += int(np.sum(sizes[applied]))
            if not applied.all():
                return self._mean_loss(total, counted), int(np.sum(~applied))
            self._update_average(len(losses))
        return self._mean_loss(total, counted), 0

    def _mean_loss(self, total: float, counted: int) -> float:
        """Mean negative log-likelihood in the units of the columns; NaN where no step was applied."""
        return total / counted - self.model.scaler.log_jacobian if counted else float("nan")

    def _update_average(self, n_steps: int) -> None:
        """Move the average towards the weights after some steps."""
        k = self.trainer.step
        kept = min(AVERAGE_DECAY, (1 + k) / (10 + k)) ** n_steps
        weights = self.model.flow.get_params()
        self.state.average = weights + self.model.dtype.type(kept) * (self.state.average - weights)

    def _score(self, loss: float) -> float:
        """The score of the epoch that just ended; the best average is kept."""
        state = self.state
        if self.validation is None:
            return -loss
        current = self.model.flow.get_params()
        score = self._validation_score(state.average)
        self.model.flow.set_params(current)
        self.history.scores.append(score)
        if score > state.best_score:  # type: ignore[operator]
            state.best_score, state.best_parameters = score, state.average
        return score

    def _go_back(self, parameters: NDArray[Any]) -> None:
        """Go on from these weights, at the rate that the state now says."""
        self.model.flow.set_params(parameters)
        self.state.average = parameters
        self.trainer.learning_rate = self._learning_rate()

    def _out_of_patience(self, score: float) -> bool:
        """Count the epochs without progress, and cut the rate halfway; True when there were too many."""
        state, patience = self.state, self.policy.n_iter_no_change
        if state.reference_score is None or score > state.reference_score + self.policy.tol:
            state.reference_score, state.stale = score, 0
        elif state.epoch * self.epoch_steps > PATIENT_STEPS:
            state.stale += 1
            if state.stale == patience // 2:  # which is never where it is inf
                state.cuts += 1
                self._go_back(state.used)
                if self.policy.verbose:
                    rate = self.trainer.learning_rate
                    print(f"no progress in {state.stale} epochs: learning rate {rate:.1e}", flush=True)
        state.converged = state.stale >= patience
        return state.converged

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
        state.order = dict(self.generator.bit_generator.state)
        state.parameters = self.model.flow.get_params()
        if state.converged and state.best_parameters is not None:
            state.parameters = state.average = state.best_parameters  # going on starts from what won
        self.model.flow.set_params(state.used)
        return state
