"""The standard normal base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._draws import Columns, Draw, draw
from ._spec import Base


@dataclass(frozen=True, repr=False)
class StandardNormal(Base):
    r"""Independent standard normal latents, without parameters.

    .. math:: \log p(z) = -\tfrac{1}{2} \sum_{j=1}^{D} z_j^2 - \tfrac{D}{2} \log(2\pi)

    Examples
    --------
    >>> from nflows_np.specs import Flow, LinearGaussian, StandardNormal
    >>> Flow([LinearGaussian()], base=StandardNormal()) == Flow([LinearGaussian()])
    True
    """

    name = "standard_normal"

    def draws(self, columns: Columns, parameters: Mapping[str, NDArray[Any]]) -> list[Draw]:
        return draw("normal", columns, np.zeros(len(columns)), np.ones(len(columns)))
