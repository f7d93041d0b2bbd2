"""The Sylvester flow's layer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from nflows_np._limits import MAX_WIDTH

from ._checks import is_integer, require
from ._spec import Bijection, Permuter

AUTO_RANK = 8
"""Planes of a layer beyond which another layer is the better use of as many parameters."""


@dataclass(frozen=True, repr=False)
class Sylvester(Bijection):
    r"""Sylvester layer: as many planar shifts at once as its rank, with a triangular Jacobian between them.

    .. math:: z = x + Q R \tanh(\tilde R Q^\top x + b), \qquad
              \log|\det J| = \sum_{i=1}^M \log\bigl(1 + R_{ii} \tilde R_{ii} \tanh'_i\bigr)

    :math:`Q` has :math:`M` orthonormal columns, products of :math:`M` Householder reflections; :math:`R` and
    :math:`\tilde R` are upper triangular, and Sylvester's identity :math:`\det(I_D + AB) = \det(I_M + BA)` leaves
    the determinant of a triangular matrix. :math:`R_{ii} \tilde R_{ii} > -1`, which makes the map invertible, by the
    squareplus that `Planar` has; :math:`R = 0` at the start.

    Both directions cost :math:`2DM` operations a row. The inverse is exact: in :math:`y = Q^\top x` it is a triangular
    system, solved from the last row up, each row by Newton's method to machine precision. A context is ignored.

    Parameters
    ----------
    rank : int or "auto", default="auto"
        Number :math:`M` of columns of :math:`Q` and of reflections, from 1 to the number of columns :math:`D` of the
        data. "auto" is 8, or :math:`D` where that is less.

    References
    ----------
    van den Berg, Hasenclever, Tomczak, Welling (2018), "Sylvester Normalizing Flows for Variational Inference",
    arXiv:1803.05649.

    Examples
    --------
    >>> from nflows_np.specs import Sylvester
    >>> Sylvester().resolve(3)
    Sylvester(3)
    >>> Sylvester(2).resolve(3)
    Sylvester(2)
    """

    rank: int | str = "auto"

    name = "sylvester"

    def __post_init__(self) -> None:
        if not (isinstance(self.rank, str) and self.rank == "auto"):
            positive = is_integer(self.rank) and 1 <= self.rank <= MAX_WIDTH  # type: ignore[operator]
            require(positive, self, "rank", self.rank, f"an integer from 1 to {MAX_WIDTH} or 'auto'")
            self._store("rank", int(self.rank))
        super().__post_init__()

    def _resolve(self, n_features: int, rng: Permuter | None) -> Self:
        rank = min(n_features, AUTO_RANK) if self.rank == "auto" else int(self.rank)
        require(rank <= n_features, self, "rank", rank, f"at most n_features={n_features}")
        return replace(self, rank=rank)
