"""A given shift and scale per column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from ._checks import check_reals, resolve_reals
from ._spec import Bijection, Permuter


@dataclass(frozen=True, repr=False)
class FixedAffine(Bijection):
    r"""Affine map of every column, with a given location and scale. Nothing is learned.

    .. math:: z_j = \frac{x_j - m_j}{s_j}, \qquad \log|\det J| = -\sum_j \log s_j

    As in SciPy's ``loc`` and ``scale`` the pair describes the data, and ``Inverse(FixedAffine(loc, scale))`` is
    :math:`z = m + s x`. `ActNorm` is the layer that takes both from the data and goes on learning them. A
    context is ignored.

    Parameters
    ----------
    loc : float or sequence of float, default=0.0
        Location :math:`m`, in the column's units: one number for all columns, or one each. At most 1e30 in
        magnitude.
    scale : float or sequence of float, default=1.0
        Scale :math:`s`, in the column's units: one number for all columns, or one each. From 1e-30 to 1e30.

    References
    ----------
    Papamakarios, Nalisnick, Rezende, Mohamed, Lakshminarayanan (2019), "Normalizing Flows for Probabilistic
    Modeling and Inference", arXiv:1912.02762.

    Examples
    --------
    Logits of columns between -1 and 1:

    >>> from nflows_np.specs import FixedAffine, Flow, Inverse, Sigmoid
    >>> flow = Flow([FixedAffine(-1.0, 2.0), Inverse(Sigmoid())])
    >>> flow.resolve(2).bijections[0]
    FixedAffine((-1.0, -1.0), (2.0, 2.0))
    """

    loc: float | Sequence[float] = 0.0
    scale: float | Sequence[float] = 1.0

    name = "fixed_affine"

    def __post_init__(self) -> None:
        self._store("loc", check_reals(self, "loc", self.loc, -1e30, 1e30))
        self._store("scale", check_reals(self, "scale", self.scale, 1e-30, 1e30))
        super().__post_init__()

    def _resolve(self, n_features: int, rng: Permuter | None) -> Self:
        loc, scale = (resolve_reals(self, f, getattr(self, f), n_features) for f in ("loc", "scale"))
        return replace(self, loc=loc, scale=scale)
