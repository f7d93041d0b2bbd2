"""An invertible linear map, parametrised by its LU decomposition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from ._checks import check_order, resolve_order
from ._spec import Bijection, Permuter


@dataclass(frozen=True, repr=False)
class LinearLU(Bijection):
    r"""Invertible linear map of all columns in LU form.

    .. math:: z = P L U x + b, \qquad \log|\det J| = \sum_j \log|U_{jj}|

    with a fixed permutation :math:`P`, a unit lower triangular :math:`L` and an upper triangular :math:`U` of
    positive diagonal, so that the map is invertible at every parameter value. Both directions cost
    :math:`D^2` operations a row. On vectors, Glow's invertible 1x1 convolution is this matrix. At the start
    :math:`L = U = I`.

    Parameters
    ----------
    order : {"identity", "random"} or sequence of int, default="identity"
        The permutation :math:`P`: column ``order[j]`` of :math:`LUx` becomes column ``j``.

    References
    ----------
    Kingma, Dhariwal (2018), "Glow: Generative Flow with Invertible 1x1 Convolutions", arXiv:1807.03039, sec.
    3.2.

    Examples
    --------
    >>> from nflows_np.specs import LinearLU
    >>> LinearLU().resolve(3)
    LinearLU((0, 1, 2))
    """

    order: str | Sequence[int] = "identity"

    name = "linear_lu"

    def __post_init__(self) -> None:
        self._store("order", check_order(self, self.order, ("identity", "random")))
        super().__post_init__()

    def _resolve(self, n_features: int, rng: Permuter | None) -> Self:
        return replace(self, order=resolve_order(self, self.order, n_features, rng))
