"""The uniform base: a box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ._checks import check_reals, fail, require, resolve_reals
from ._draws import Columns, Draw, draw
from ._spec import Base, Permuter


@dataclass(frozen=True, repr=False)
class Uniform(Base):
    r"""Latents uniform on a box, without parameters.

    .. math:: \log p(z) = \begin{cases} -\sum_j \log(h_j - l_j) & l_j \le z_j \le h_j \text{ for all } j \\
              -\infty & \text{otherwise} \end{cases}

    Outside of the box the density is zero and its logarithm exactly ``-inf``; the gradient is zero everywhere. It is
    the base of flows whose last layer maps into the box. Behind layers that map onto the whole line some rows have no
    density, and the likelihood of the others says nothing about them: training does not apply such steps.

    Parameters
    ----------
    low, high : float or sequence of float, default=0.0 and 1.0
        The bounds :math:`l < h`, for all columns or one for each. They belong to the box.

    Examples
    --------
    >>> from nflows_np.specs import Uniform
    >>> Uniform(high=(1.0, 2.0)).resolve(2)
    Uniform((0.0, 0.0), (1.0, 2.0))
    """

    low: float | Sequence[float] = 0.0
    high: float | Sequence[float] = 1.0

    name = "uniform"

    def __post_init__(self) -> None:
        self._store("low", check_reals(self, "low", self.low, -1e30, 1e30))
        self._store("high", check_reals(self, "high", self.high, -1e30, 1e30))
        if isinstance(self.low, tuple) and isinstance(self.high, tuple) and len(self.low) != len(self.high):
            fail(self, "high", self.high, f"as long as low, which has {len(self.low)} entries")
        wanted = f"above low={self.low!r}"
        require(bool(np.all(np.less(self.low, self.high))), self, "high", self.high, wanted)
        super().__post_init__()

    def _resolve(self, n_features: int, rng: Permuter | None) -> Self:
        low, high = (resolve_reals(self, f, getattr(self, f), n_features) for f in ("low", "high"))
        return replace(self, low=low, high=high)

    def draws(self, columns: Columns, parameters: Mapping[str, NDArray[Any]]) -> list[Draw]:
        box = self.resolve(len(columns))
        return draw("uniform", columns, np.asarray(box.low), np.subtract(box.high, box.low))
