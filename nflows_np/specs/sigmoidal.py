"""The sigmoidal transformer of neural autoregressive flows."""

from __future__ import annotations

from dataclasses import dataclass

from ._checks import check_integer
from ._spec import Transformer

MAX_UNITS = 64


@dataclass(frozen=True, repr=False)
class Sigmoidal(Transformer):
    r"""Mixture of sigmoids seen through the logit: one layer of a deep sigmoidal flow.

    .. math:: z = \operatorname{logit}\Big(\sum_{k=1}^{K} w_k\, \sigma(a_k x + b_k)\Big), \qquad
              a_k > 0, \quad w_k > 0, \quad \sum_k w_k = 1

    It puts up to K steep rises where they are wanted, for columns of several modes. Slopes lie within
    :math:`e^{\pm 2}` where a single unit rules. The inverse is a root, found to machine precision by Newton's steps
    within a bracket.

    Parameters
    ----------
    n_units : int, default=8
        Number of sigmoids K, at most 64.

    Raises
    ------
    ValueError
        If `n_units` is not an integer from 1 to 64.

    References
    ----------
    Huang, Krueger, Lacoste, Courville (2018), "Neural Autoregressive Flows", arXiv:1804.00779.

    Examples
    --------
    >>> from nflows_np.specs import Autoregressive, Flow, Sigmoidal
    >>> flow = Flow([Autoregressive(Sigmoidal(n_units=16))])
    """

    n_units: int = 8

    name = "sigmoidal"

    def __post_init__(self) -> None:
        self._store("n_units", check_integer(self, "n_units", self.n_units, 1, MAX_UNITS))
        super().__post_init__()
