"""A triangular linear map."""

from __future__ import annotations

from dataclasses import dataclass

from ._checks import check_flag
from ._spec import Bijection


@dataclass(frozen=True, repr=False)
class LinearTriangular(Bijection):
    r"""Triangular linear map of all columns, with a positive diagonal.

    .. math:: z = L x + b, \qquad \log|\det J| = \sum_j \log L_{jj}

    Column j of the result sees the columns up to j, or with ``lower=False`` those from j on. The diagonal is
    the exponential of bounded parameters, so that the map is invertible at every parameter value; solving
    costs what applying costs, :math:`D^2 / 2` operations a row. At the start :math:`L = I` and :math:`b = 0`.
    `LinearGaussian` is the layer to begin a flow with: it starts from the data. A context is ignored.

    Parameters
    ----------
    lower : bool, default=True
        Whether the matrix is lower or upper triangular.

    References
    ----------
    Papamakarios, Nalisnick, Rezende, Mohamed, Lakshminarayanan (2019), "Normalizing Flows for Probabilistic
    Modeling and Inference", arXiv:1912.02762.

    Examples
    --------
    An LU layer, one factor after the other:

    >>> from nflows_np.specs import Flow, LinearTriangular
    >>> Flow([LinearTriangular(lower=False), LinearTriangular()])
    Flow((LinearTriangular(False), LinearTriangular()))
    """

    lower: bool = True

    name = "linear_triangular"

    def __post_init__(self) -> None:
        self._store("lower", check_flag(self, "lower", self.lower))
        super().__post_init__()
