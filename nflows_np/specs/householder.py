"""A learned rotation as a product of Householder reflections."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from ._checks import check_n_reflections, resolve_n_reflections
from ._spec import Bijection, Permuter


@dataclass(frozen=True, repr=False)
class Householder(Bijection):
    r"""Learned rotation of all columns: a product of K Householder reflections.

    .. math:: z = H_1 H_2 \cdots H_K x, \qquad H_k = I - 2 \frac{v_k v_k^T}{v_k^T v_k}, \qquad \log|\det J| = 0

    The matrix is orthogonal at every value of the vectors :math:`v_k`: distances stay, and the way back is the
    same reflections in reverse. Either direction costs :math:`2 K D` operations a row. K is even, hence the
    product is a rotation (determinant 1), and D - 1 or D reflections, whichever is even, give every rotation.
    At the start the vectors are random and equal in pairs, which makes the product the identity. Where a mirror
    image is wanted too, put a `Permutation` beside it. A context is ignored.

    Parameters
    ----------
    n_reflections : int or "auto", default="auto"
        The number K of reflections, even; "auto" is the largest even number up to D, which for one column is 0:
        nothing to rotate.

    References
    ----------
    Tomczak, Welling (2016), "Improving Variational Auto-Encoders using Householder Flow", arXiv:1611.09630.
    Mhammedi, Hellicar, Rahman, Bailey (2017), "Efficient Orthogonal Parametrisation of Recurrent Neural
    Networks Using Householder Reflections", arXiv:1612.00188.

    Examples
    --------
    >>> from nflows_np.specs import Autoregressive, Flow, Householder, LinearGaussian
    >>> flow = Flow([LinearGaussian(), *[Autoregressive(), Householder()] * 3])
    >>> flow.resolve(5).bijections[2]
    Householder(4)
    """

    n_reflections: int | str = "auto"

    name = "householder"

    def __post_init__(self) -> None:
        self._store("n_reflections", check_n_reflections(self, self.n_reflections))
        super().__post_init__()

    def _resolve(self, n_features: int, rng: Permuter | None) -> Self:
        return replace(self, n_reflections=resolve_n_reflections(self.n_reflections, n_features))
