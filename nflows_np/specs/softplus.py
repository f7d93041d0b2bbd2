"""Softplus of every column."""

from __future__ import annotations

from dataclasses import dataclass

from ._spec import Bijection


@dataclass(frozen=True, repr=False)
class Softplus(Bijection):
    r"""Softplus of every column: the real line onto the positive numbers, linear far out. Nothing is learned.

    .. math:: z_j = \log(1 + e^{x_j}), \qquad \log|\det J| = -\sum_j \log(1 + e^{-x_j})

    ``Inverse(Softplus())``, computed as :math:`z + \log(1 - e^{-z})`, takes positive columns to the real line
    and leaves large values almost as they are, where a logarithm would squeeze them. Below zero its density is
    0: such rows have the log-density minus infinity, and are mapped as the smallest positive number. A zero
    counts as that number. A context is ignored.

    References
    ----------
    Dugas, Bengio, Bélisle, Nadeau, Garcia (2000), "Incorporating Second-Order Functional Knowledge for Better
    Option Pricing", NeurIPS 13.

    Examples
    --------
    >>> from nflows_np.specs import Flow, Inverse, LinearGaussian, Softplus
    >>> Flow([Inverse(Softplus()), LinearGaussian()])
    Flow((Inverse(Softplus()), LinearGaussian()))
    """

    name = "softplus"
