"""Where all that is random in a fit comes from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class Seeds:
    """Independent seeds for what is random, from one draw of the user's random state."""

    def __init__(self, entropy: Sequence[int]) -> None:
        self.entropy = tuple(entropy)
        self.resolve, self.start, self.split, self.order = np.random.SeedSequence(self.entropy).spawn(4)
        self.order_of_start = self.order.spawn(1)[0]

    @classmethod
    def draw(cls, random_state: np.random.RandomState) -> Seeds:
        """Seeds of a fit that begins."""
        return cls(random_state.randint(2**32, size=4, dtype=np.uint32).tolist())
