"""The pace of training: at which rate an epoch is run, and after which epoch training ends.

*Plateaus.* After half as many epochs without progress as there is patience, the rate is quartered; after all of them
training has converged. A number says how patient.

*A course* is what ``n_iter_no_change="auto"`` adds: the rate is held for some epochs and then annealed, down half a
cosine, in two thirds as many, after which training has converged. Annealing gains more than many more epochs at the
whole rate would, on some tables several nats, so that it need not wait for a plateau. It begins

- after `LONGEST` / n^0.2 epochs, n being the rows that are learnt from: more rows need more steps, and fewer epochs;
- or once the flow learns its rows by heart: of what they have gained over the start, too little carries over to the
  validation rows.

Patience is that number of epochs then, but short where none has ever been better than the start.

Where the rate turns, the weights in use come back. All this looks back only, never at ``max_iter`` or a clock: ten
epochs are four epochs and then six more, bit for bit, on fast machines and slow ones.

References: Smith, Topin (2019), "Super-convergence", arXiv:1708.07120. Hägele et al. (2024), "Scaling laws and
compute-optimal training beyond fixed training durations", arXiv:2405.18392, who hold the rate and then anneal it.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

from nflows_np.training_state import Policy, TrainingState

# Measured on tables of 800 to 54,000 rows and 6 to 36 columns. From some 5,000 rows on a course takes about a third of
# the time of a patience of 20. Held-out rows score from 1.1 nats less to 0.2 more, the median being 0.0.
LONGEST, ANNEALED = 450.0, 2 / 3

# The patience of a course that has never left the start, and of annealing.
PATIENCE = 20

# Steps of a course before which nothing is learnt by heart, and the share of gains that has to carry over.
STEPS, CARRIED = 1500, 0.9

# What a plateau leaves of the rate: steps that are too long for what remains to be learnt look like convergence.
PLATEAU_CUT = 0.25

# Steps at the beginning that nothing is concluded from: the average still moves fast, and a start that fits the rows
# closely, as a mixture's clusters do, loses before it gains.
PATIENT_STEPS = 100

Gains = Callable[[], tuple[float, float]]
"""What rows that are learnt from have gained over the start, and what validation rows have."""


class Pace:
    """The pace of one call of :func:`nflows_np.training.train`. Where it stands is in the state, which it changes."""

    def __init__(self, state: TrainingState, policy: Policy, n_rows: int, epoch_steps: int) -> None:
        self.state, self.policy, self.epoch_steps = state, policy, epoch_steps
        self.course = policy.n_iter_no_change is None
        self.longest = math.ceil(LONGEST / n_rows**0.2)
        if state.converged or state.stale >= self._patience():  # each call has patience, and a course, anew
            state.converged, state.halvings, state.cuts, state.stale = False, 0, 0, 0
            state.began, state.held = state.epoch, 0

    def learning_rate(self) -> float:
        """That of the next epoch."""
        state = self.state
        rate = self.policy.learning_rate * 0.5**state.halvings * PLATEAU_CUT**state.cuts
        if self.course and state.held:
            done = (state.epoch - state.began - state.held + 0.5) / self._annealing()
            rate *= 0.5 * (1.0 + math.cos(math.pi * min(done, 1.0)))
        return max(rate, sys.float_info.min)  # which a thousand cuts would reach

    def turns(self, score: float, gains: Gains | None) -> bool:
        """After an epoch: whether the rate turns, and the weights in use come back. The state says if it was the last.

        ``gains`` is None where they are not known.
        """
        state = self.state
        reference = -math.inf if state.reference_score is None else state.reference_score
        if score > reference + self.policy.tol:  # which no NaN is, the score of an epoch without a step
            state.reference_score, state.stale = score, 0
        elif state.epoch * self.epoch_steps > PATIENT_STEPS:
            state.stale += 1
        if self.course and state.held:
            ended = state.epoch - state.began >= state.held + self._annealing()
            state.converged = ended or state.stale >= PATIENCE
            return False
        if self.course and self._held_enough(gains):
            state.held, state.stale = state.epoch - state.began, 0
            return True
        patience = self._patience()
        state.converged = state.stale >= patience
        if state.stale == 0 or state.stale != patience // 2:  # which it never is where patience is inf
            return False
        state.cuts += 1
        return True

    def _patience(self) -> float:
        """Epochs without progress that end training."""
        state, patience = self.state, self.policy.n_iter_no_change
        if patience is not None:
            return patience
        at_start = state.best_parameters is not None and state.best_epoch == 0
        return PATIENCE if at_start else max(PATIENCE, self.longest)

    def _held_enough(self, gains: Gains | None) -> bool:
        """Whether the rate has been held for long enough."""
        epochs = self.state.epoch - self.state.began
        if epochs >= self.longest or gains is None or epochs * self.epoch_steps < STEPS:
            return epochs >= self.longest
        own, others = gains()
        return others < CARRIED * own

    def _annealing(self) -> int:
        """Epochs that the annealing takes."""
        return math.ceil(ANNEALED * self.state.held)
