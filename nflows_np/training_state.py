"""What training is told, where it stands and what it did: plain values, which know nothing of the engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nflows_np import _weights

# Halvings after steps that were not finite: below 2^-5 of the rate, the trouble is not the rate.
MAX_HALVINGS = 5


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
    """The parameters of training, as an estimator has them; `n_iter_no_change` is None where it is "auto"."""

    max_iter: int
    batch_size: int
    learning_rate: float
    alpha: float = 0.0
    clip_ratio: float = 2.0
    n_iter_no_change: float | None = None
    tol: float = 1e-4
    n_threads: int = 1
    verbose: int = 0


@dataclass
class TrainingState:
    """All that training needs to go on as if it had never stopped: plain arrays and numbers.

    ``parameters`` are Adam's, ``average`` is what is judged and used. ``best_parameters`` are the best average
    so far, of ``best_epoch``, None where there is no validation; epoch 0 is the start. A course of the rate ``began``
    after some epoch and ``held`` it for so many, 0 as long as it does. ``start_levels`` are what it looks back to:
    log-likelihoods at the start, of rows that are learnt from and of validation rows.
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
    began: int = 0
    held: int = 0
    start_levels: tuple[float, float] | None = None
    best_parameters: NDArray[Any] | None = None
    best_score: float | None = None
    best_epoch: int = 0
    reference_score: float | None = None
    converged: bool = False

    @classmethod
    def start(cls, parameters: NDArray[Any], seed: np.random.SeedSequence, epoch: int = 0) -> TrainingState:
        """The state before the first step, and after `epoch` epochs whose own state was not kept."""
        order = dict(np.random.PCG64(seed).state)
        return cls(parameters, parameters, order, epoch=epoch, best_epoch=epoch, began=epoch)

    @property
    def used(self) -> NDArray[Any]:
        """The parameters that a model should have."""
        return self.average if self.best_parameters is None else self.best_parameters


@dataclass
class History:
    """What a call of :func:`nflows_np.training.train` did.

    ``epochs`` are pairs of a mean training loss (negative log-likelihood) during an epoch and the score after it,
    both in nats and in the units of the columns. ``learning_rate`` is what it came down to. ``held_out`` are the
    log-likelihoods of the validation rows at the best weights; ``start_score`` is their mean at the start, if training
    was there.
    """

    batch_rows: int
    validated: bool
    epochs: list[tuple[float, float]] = field(default_factory=list)
    learning_rate: float = 0.0
    dropped_steps: int = 0
    interrupted: bool = False
    gave_up: bool = False
    held_out: NDArray[np.float64] | None = None
    start_score: float | None = None

    @property
    def losses(self) -> list[float]:
        """The mean training loss of every epoch."""
        return [loss for loss, _ in self.epochs]

    @property
    def scores(self) -> list[float]:
        """The score after every epoch: with validation rows, their mean log-likelihood."""
        return [score for _, score in self.epochs]
