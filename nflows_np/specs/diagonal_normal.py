"""Independent normals with free locations and scales."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ._draws import Columns, Draw, bounded_scale, draw
from ._spec import Base


@dataclass(frozen=True, repr=False)
class DiagonalNormal(Base):
    r"""Independent normal latents with trained locations and scales.

    .. math:: \log p(z) = \sum_{j=1}^{D} \Big( -\tfrac{1}{2} u_j^2 - \alpha_j - \tfrac{1}{2}\log(2\pi) \Big),
              \qquad u_j = (z_j - \mu_j)\, e^{-\alpha_j}, \qquad \alpha_j = c \tanh(a_j / c), \quad c = 7

    Parameters :math:`\mu` and :math:`a`, ``(D,)`` each: the standard normal at zero. The data-dependent start takes
    the means and variances of the latents. Scales stay between 1/1000 and 1000.

    References
    ----------
    Papamakarios, Nalisnick, Rezende, Mohamed, Lakshminarayanan (2021), "Normalizing Flows for Probabilistic
    Modeling and Inference", JMLR 22(57), sec. 2.

    Examples
    --------
    >>> from nflows_np.specs import DiagonalNormal, Flow, Permutation
    >>> Flow([Permutation()], base=DiagonalNormal())
    Flow((Permutation(),), base=DiagonalNormal())
    """

    name = "diagonal_normal"

    def draws(self, columns: Columns, parameters: Mapping[str, NDArray[Any]]) -> list[Draw]:
        return draw("normal", columns, parameters["loc"], bounded_scale(parameters["log_scale"]))
