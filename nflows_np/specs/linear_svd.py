"""An invertible linear map, parametrised by its singular value decomposition."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from ._checks import check_n_reflections, resolve_n_reflections
from ._spec import Bijection, Permuter


@dataclass(frozen=True, repr=False)
class LinearSVD(Bijection):
    r"""Invertible linear map of all columns as its singular value decomposition.

    .. math:: z = U\, \mathrm{diag}(e^{s})\, V^T x + b, \qquad \log|\det J| = \sum_j s_j

    with rotations :math:`U` and :math:`V`, products of Householder reflections, and bounded log-singular values
    :math:`s_j`: the map is invertible, and its condition number bounded, at every parameter value. With all
    reflections ("auto") it reaches every matrix of positive determinant (and log-scales up to 12). Either direction
    costs :math:`4 K D` operations a row. At the start :math:`U = V = I`, :math:`s = 0` and :math:`b = 0`. A context
    is ignored.

    Parameters
    ----------
    n_reflections : int or "auto", default="auto"
        The number K of reflections of :math:`U` and of :math:`V`, even; "auto" is the largest even number up
        to D.

    References
    ----------
    Zhang, Lei, Dhillon (2018), "Stabilizing Gradients for Deep Neural Networks via Efficient SVD
    Parameterization", arXiv:1803.09327.

    Examples
    --------
    >>> from nflows_np.specs import LinearSVD
    >>> LinearSVD().resolve(5)
    LinearSVD(4)
    """

    n_reflections: int | str = "auto"

    name = "linear_svd"

    def __post_init__(self) -> None:
        self._store("n_reflections", check_n_reflections(self, self.n_reflections))
        super().__post_init__()

    def _resolve(self, n_features: int, rng: Permuter | None) -> Self:
        return replace(self, n_reflections=resolve_n_reflections(self.n_reflections, n_features))
