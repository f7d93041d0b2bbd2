"""The leaky ReLU of every column."""

from __future__ import annotations

from dataclasses import dataclass

from ._checks import check_real
from ._spec import Bijection


@dataclass(frozen=True, repr=False)
class LeakyReLU(Bijection):
    r"""Leaky ReLU of every column: one slope above zero, another below. Nothing is learned.

    .. math:: z_j = \begin{cases} x_j & x_j > 0 \\ a x_j & \text{else} \end{cases}, \qquad
              \log|\det J| = \sum_{j: x_j \le 0} \log a

    Between linear layers it makes a network that can be inverted. The density jumps where a column is zero. A
    context is ignored.

    Parameters
    ----------
    negative_slope : float, default=0.01
        The slope :math:`a` below zero, from 1e-6 to 1e6.

    References
    ----------
    Maas, Hannun, Ng (2013), "Rectifier Nonlinearities Improve Neural Network Acoustic Models", ICML Workshop on
    Deep Learning for Audio, Speech and Language Processing.

    Examples
    --------
    >>> from nflows_np.specs import Flow, LeakyReLU, LinearLU
    >>> Flow([LinearLU(), LeakyReLU(0.2), LinearLU()])
    Flow((LinearLU(), LeakyReLU(0.2), LinearLU()))
    """

    negative_slope: float = 0.01

    name = "leaky_relu"

    def __post_init__(self) -> None:
        self._store("negative_slope", check_real(self, "negative_slope", self.negative_slope, 1e-6, 1e6))
        super().__post_init__()
