"""An invertible linear map, parametrised by its QR decomposition."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from ._checks import check_n_reflections, resolve_n_reflections
from ._spec import Bijection, Permuter


@dataclass(frozen=True, repr=False)
class LinearQR(Bijection):
    r"""Invertible linear map of all columns in QR form.

    .. math:: z = Q R x + b, \qquad \log|\det J| = \sum_j \log R_{jj}

    with a rotation :math:`Q`, a product of Householder reflections, and an upper triangular :math:`R` of
    positive diagonal, so that the map is invertible at every parameter value. With all reflections
    ("auto") it reaches every matrix of positive determinant (and log-scales up to 12), without the fixed permutation
    of `LinearLU`. Either direction costs :math:`D^2 / 2 + 2 K D` operations a row. At the start :math:`Q = R = I` and
    :math:`b = 0`. A context is ignored.

    Parameters
    ----------
    n_reflections : int or "auto", default="auto"
        The number K of reflections of :math:`Q`, even; "auto" is the largest even number up to D.

    References
    ----------
    Hoogeboom, van den Berg, Welling (2019), "Emerging Convolutions for Generative Normalizing Flows",
    arXiv:1901.11137.

    Examples
    --------
    >>> from nflows_np.specs import LinearQR
    >>> LinearQR().resolve(8)
    LinearQR(8)
    >>> LinearQR(2).to_dict()
    {'name': 'linear_qr', 'n_reflections': 2}
    """

    n_reflections: int | str = "auto"

    name = "linear_qr"

    def __post_init__(self) -> None:
        self._store("n_reflections", check_n_reflections(self, self.n_reflections))
        super().__post_init__()

    def _resolve(self, n_features: int, rng: Permuter | None) -> Self:
        return replace(self, n_reflections=resolve_n_reflections(self.n_reflections, n_features))
