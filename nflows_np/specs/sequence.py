"""A chain of bijections as one bijection."""

from __future__ import annotations

from collections import abc
from dataclasses import dataclass, replace
from typing import Self

from ._angles import Mapped, Places
from ._chain import check_chain, count_layers
from ._spec import Bijection, Names, Permuter


@dataclass(frozen=True, repr=False)
class Sequence(Bijection):
    r"""A chain of bijections as one bijection.

    With :math:`z^{(0)} = x` and :math:`z^{(k)} = f_k(z^{(k-1)})`,

    .. math:: z = z^{(K)}, \qquad \log|\det J(x)| = \sum_{k=1}^{K} \log|\det J_{f_k}(z^{(k-1)})| .

    A flow computes the same bits whether some of its layers stand in a sequence or not. What it is for: to give a
    chain to what takes one bijection, `Inverse` and `On`. The inverse of a sequence takes the parts from the last to
    the first, each inverted. Every part sees the context.

    Parameters
    ----------
    bijections : sequence of Bijection
        The parts :math:`f_1, \ldots, f_K`, the data's side first. Without any it is the identity.

    Raises
    ------
    ValueError
        If a part is no bijection, or there are more than 8192 of them, and by ``resolve`` if one of them does not fit
        the number of columns.

    References
    ----------
    Papamakarios, Nalisnick, Rezende, Mohamed, Lakshminarayanan (2019), "Normalizing Flows for Probabilistic
    Modeling and Inference", arXiv:1912.02762, sec. 2.1 (composition).

    Examples
    --------
    Two layers of IAF, which are the inverse of two layers of MAF:

    >>> from nflows_np.specs import Autoregressive, Flow, Inverse, Permutation, Sequence
    >>> maf = Sequence([Autoregressive(), Permutation(), Autoregressive()])
    >>> Flow([Inverse(maf)]).resolve(3).bijections[0].bijection.bijections[1]
    Permutation((2, 1, 0))
    """

    bijections: abc.Sequence[Bijection]

    name = "sequence"

    def __post_init__(self) -> None:
        self._store("bijections", check_chain(self, self.bijections))
        super().__post_init__()

    def _resolve(self, n_features: int, rng: Permuter | None) -> Self:
        return replace(self, bijections=tuple(part.resolve(n_features, rng) for part in self.bijections))

    def _for_table(self, n_features: int, names: Names | None) -> Self:
        return replace(self, bijections=tuple(part._for_table(n_features, names) for part in self.bijections))

    def _follow(self, places: Places, inverted: bool) -> tuple[Places, list[Mapped]]:
        maps: list[Mapped] = []
        for part in reversed(self.bijections) if inverted else self.bijections:
            places, mapped = part._follow(places, inverted)
            maps += mapped
        return places, maps

    def _n_layers(self) -> int:
        return max(1, count_layers(self.bijections))
