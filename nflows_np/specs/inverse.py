"""The inverse of any bijection."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from ._angles import Mapped, Places
from ._checks import check_instance
from ._spec import Bijection, Names, Permuter


@dataclass(frozen=True, repr=False)
class Inverse(Bijection):
    r"""A bijection with its two directions swapped.

    .. math:: z = f^{-1}(x), \qquad \log|\det J_{f^{-1}}(x)| = -\log|\det J_f(z)|

    ``Inverse(Autoregressive())`` is a layer of the inverse autoregressive flow: latent to data (sampling) is
    one network pass, data to latent is sequential.

    Parameters
    ----------
    bijection : Bijection
        The map :math:`f`.

    References
    ----------
    Kingma, Salimans, Jozefowicz, Chen, Sutskever, Welling (2016), "Improving Variational Inference with
    Inverse Autoregressive Flow", arXiv:1606.04934.

    Examples
    --------
    >>> from nflows_np.specs import Autoregressive, Inverse
    >>> Inverse(Autoregressive())
    Inverse(Autoregressive())
    """

    bijection: Bijection

    name = "inverse"

    def __post_init__(self) -> None:
        check_instance(self, "bijection", self.bijection, Bijection)
        super().__post_init__()

    def _resolve(self, n_features: int, rng: Permuter | None) -> Self:
        return replace(self, bijection=self.bijection.resolve(n_features, rng))

    def _for_table(self, n_features: int, names: Names | None) -> Self:
        return replace(self, bijection=self.bijection._for_table(n_features, names))

    def _follow(self, places: Places, inverted: bool) -> tuple[Places, list[Mapped]]:
        return self.bijection._follow(places, not inverted)

    def _n_layers(self) -> int:
        return self.bijection._n_layers()
