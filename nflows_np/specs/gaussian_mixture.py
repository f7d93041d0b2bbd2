"""A mixture of normals: a base of several modes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nflows_np._limits import MAX_WIDTH

from ._checks import check_integer
from ._draws import Columns, Draw, bounded_scale, draw
from ._spec import Base


@dataclass(frozen=True, repr=False)
class GaussianMixture(Base):
    r"""Latents from a mixture of normals with diagonal covariances, all of it trained.

    .. math:: \log p(z) = \log \sum_{k=1}^{K} w_k \prod_{j=1}^{D}
              \mathcal{N}\big(z_j;\, \mu_{kj},\, e^{2 \alpha_{kj}}\big), \qquad w = \operatorname{softmax}(l), \qquad
              \alpha = c \tanh(a / c), \quad c = 7

    A continuous map cannot tear a single mode into several, and leaves bridges of density between them; with a base
    of several modes it need not. Parameters: logits :math:`l`, ``(K,)``, locations :math:`\mu` and raw log-scales
    :math:`a`, ``(K, D)`` each. Without data all components start at the standard normal, their locations a random
    tenth apart; the data-dependent start takes clusters of the latents (k-means, seeded by k-means++).

    Parameters
    ----------
    n_components : int, default=10
        Number of components :math:`K`, between 1 and 65536.

    References
    ----------
    Izmailov, Kirichenko, Finzi, Wilson (2020), "Semi-Supervised Learning with Normalizing Flows", ICML,
    arXiv:1912.13025.
    Arthur, Vassilvitskii (2007), "k-means++: The Advantages of Careful Seeding", SODA.

    Examples
    --------
    >>> from nflows_np.specs import Flow, GaussianMixture, LinearGaussian
    >>> Flow([LinearGaussian()], base=GaussianMixture(5))
    Flow((LinearGaussian(),), base=GaussianMixture(5))
    """

    n_components: int = 10

    name = "gaussian_mixture"

    def __post_init__(self) -> None:
        self._store("n_components", check_integer(self, "n_components", self.n_components, 1, MAX_WIDTH))
        super().__post_init__()

    def draws(self, columns: Columns, parameters: Mapping[str, NDArray[Any]]) -> list[Draw]:
        logits = np.asarray(parameters["logits"], dtype=np.float64)
        weights = np.exp(logits - logits.max())
        cumulative = np.cumsum(weights)
        scales = bounded_scale(parameters["log_scale"])
        return draw("mixture", columns, cumulative / cumulative[-1], parameters["loc"], scales)
