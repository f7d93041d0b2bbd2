"""A fixed permutation of the columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ._angles import Mapped, Places
from ._checks import check_order, resolve_order
from ._spec import Bijection, Permuter


@dataclass(frozen=True, repr=False)
class Permutation(Bijection):
    r"""Fixed permutation of the columns.

    .. math:: z_j = x_{\mathrm{order}[j]}, \qquad \log|\det J| = 0

    Without parameters and free of cost. Between two autoregressive layers it changes which columns come
    first.

    Parameters
    ----------
    order : {"reverse", "random"} or sequence of int, default="reverse"
        The order of the columns, or a permutation of 0, ..., D-1.

    References
    ----------
    Papamakarios, Pavlakou, Murray (2017), "Masked Autoregressive Flow for Density Estimation",
    arXiv:1705.07057, sec. 3.1 and appendix E (reversed orders).

    Examples
    --------
    >>> from nflows_np.specs import Permutation
    >>> Permutation().resolve(4)
    Permutation((3, 2, 1, 0))
    """

    order: str | Sequence[int] = "reverse"

    name = "permutation"

    def __post_init__(self) -> None:
        self._store("order", check_order(self, self.order, ("reverse", "random")))
        super().__post_init__()

    def _resolve(self, n_features: int, rng: Permuter | None) -> Self:
        return replace(self, order=resolve_order(self, self.order, n_features, rng))

    def _follow(self, places: Places, inverted: bool) -> tuple[Places, list[Mapped]]:
        order = np.asarray(self.order)
        return [places[j] for j in (np.argsort(order) if inverted else order)], []
