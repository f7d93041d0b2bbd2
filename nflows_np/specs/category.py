"""Categories: a column's distribution as a softmax."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nflows_np._limits import MAX_LEVELS

from ._checks import check_real, fail, require
from ._spec import Conditional


@dataclass(frozen=True, repr=False)
class Category(Conditional):
    r"""A column of categories, as numbers 0 to K - 1, of an `Autoregressive` layer.

    .. math:: \log p(x_i = k \mid x_{<i}) = l_k - \log \sum_m e^{l_m}, \qquad l = \theta_i(x_{<i})

    The latent is the normal score of the middle of the category's mass; networks see a one-hot code. A left-out
    cell, NaN, contributes nothing, and its latent is 0.

    Parameters
    ----------
    shares : sequence of float
        What the categories are taken to hold at the start of training, positive: their frequencies. Only their
        ratios count.

    Examples
    --------
    >>> from nflows_np.specs import Autoregressive, Category, Flow
    >>> flow = Flow([Autoregressive(conditionals=[(0, Category([0.2, 0.8]))])])
    """

    shares: Sequence[float]

    name = "category"

    def __post_init__(self) -> None:
        shares = self.shares.tolist() if isinstance(self.shares, np.ndarray) else self.shares
        if not isinstance(shares, (list, tuple)):
            fail(self, "shares", shares, "a number for each category")
        n = len(shares)
        require(1 <= n <= MAX_LEVELS, self, "len(shares)", n, f"from 1 to {MAX_LEVELS}")
        self._store(
            "shares", tuple(check_real(self, f"shares[{i}]", s, 1e-12, 1e12) for i, s in enumerate(shares))
        )
        super().__post_init__()
