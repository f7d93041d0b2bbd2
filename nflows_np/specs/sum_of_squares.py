"""The sum-of-squares polynomial transformer."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from ._checks import check_integer, check_real
from ._spec import Transformer

MAX_DEGREE = 16


@dataclass(frozen=True, repr=False)
class SumOfSquares(Transformer):
    r"""Integral of a sum of squared polynomials: an increasing polynomial of one number.

    .. math:: z = c + \int_0^x \Big(\epsilon + (1 - \epsilon) \sum_{k=1}^{2} A_k(v / B)^2\Big)\, dv, \qquad
              A_k(u) = \sum_{l=0}^{r} a_{kl} u^l

    on :math:`[-B, B]`, and its tangents at the ends outside. A positive polynomial is the sum of two squares, so two
    are enough for every increasing polynomial of degree :math:`2 r + 1` whose slope is :math:`\epsilon = 0.05` or
    more, within the bounds of the coefficients. The inverse is a root, found to machine precision by Newton's steps
    within a bracket.

    Parameters
    ----------
    degree : int, default=3
        Degree r of the polynomials that are squared, at most 16.
    bound : float, default=5.0
        The bound B, in units of the layer's input.

    Raises
    ------
    ValueError
        If `degree` is not an integer from 0 to 16, or `bound` not a number from 1e-3 to 1e6.

    References
    ----------
    Jaini, Selby, Yu (2019), "Sum-of-Squares Polynomial Flow", arXiv:1905.02325.

    Examples
    --------
    >>> from nflows_np.specs import Autoregressive, Flow, SumOfSquares
    >>> flow = Flow([Autoregressive(SumOfSquares(degree=4))])
    """

    degree: int = 3
    _: KW_ONLY
    bound: float = 5.0

    name = "sum_of_squares"

    def __post_init__(self) -> None:
        self._store("degree", check_integer(self, "degree", self.degree, 0, MAX_DEGREE))
        self._store("bound", check_real(self, "bound", self.bound, 1e-3, 1e6))
        super().__post_init__()
