"""The von Mises base: angles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ._draws import Columns, Draw, bounded_scale, draw
from ._spec import Base


@dataclass(frozen=True, repr=False)
class VonMises(Base):
    r"""Independent von Mises latents: angles in radians, with trained directions and concentrations.

    .. math:: \log p(z) = \sum_{j=1}^{D} \Big( \kappa_j \cos(z_j - \mu_j) - \log(2\pi I_0(\kappa_j)) \Big),
              \qquad \kappa_j = e^{\alpha_j}, \qquad \alpha_j = c \tanh(a_j / c), \quad c = 7

    :math:`z` and :math:`z + 2\pi` are one angle and have the same density, which integrates to 1 over one turn: the
    base of flows whose layers map the circle to itself. Behind layers that do not, it is no density of the whole
    line. Samples are angles from :math:`-\pi` to :math:`\pi`. Parameters :math:`\mu` and :math:`a`, ``(D,)`` each, zero
    at the start (:math:`\kappa = 1`); the data-dependent start takes the mean direction and the concentration of the
    latents.

    References
    ----------
    Rezende, Papamakarios, Racanière, Albergo, Kanwar, Shanahan, Cranmer (2020), "Normalizing Flows on Tori and
    Spheres", ICML, arXiv:2002.02428.
    Mardia, Jupp (2000), "Directional Statistics", Wiley, sec. 3.5.4.

    Examples
    --------
    >>> from nflows_np.specs import Flow, VonMises
    >>> Flow([], base=VonMises())
    Flow((), base=VonMises())
    """

    name = "von_mises"

    def draws(self, columns: Columns, parameters: Mapping[str, NDArray[Any]]) -> list[Draw]:
        concentration = bounded_scale(parameters["log_concentration"])
        return draw("von_mises", columns, parameters["loc"], concentration)

    def _circular(self, n_features: int) -> set[int]:
        return set(range(n_features))
