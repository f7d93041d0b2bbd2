"""The Bernstein polynomial transformer."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from ._checks import check_integer, check_real
from ._spec import Transformer

MAX_DEGREE = 64


@dataclass(frozen=True, repr=False)
class Bernstein(Transformer):
    r"""Bernstein polynomial with increasing coefficients: a smooth increasing map of one number.

    .. math:: z = \sum_{k=0}^{n} \theta_k \binom{n}{k} t^k (1 - t)^{n - k}, \qquad t = \frac{x + B}{2 B}, \qquad
              -B = \theta_0 < \dots < \theta_n = B

    .. math:: \frac{dz}{dx} = \frac{n}{2 B} \sum_{k=0}^{n-1} (\theta_{k+1} - \theta_k)
              \binom{n-1}{k} t^k (1 - t)^{n - 1 - k}

    on :math:`[-B, B]`, and its tangents at the ends outside. The steps of the coefficients are softmaxes, each at
    least 0.05 of an even share. It has derivatives of every order inside, unlike a spline, and reacts to each
    parameter everywhere. The inverse is a root, found to machine precision by Newton's steps within a bracket.

    Parameters
    ----------
    degree : int, default=16
        Degree n of the polynomial, at most 64.
    bound : float, default=5.0
        The bound B, in units of the layer's input.

    Raises
    ------
    ValueError
        If `degree` is not an integer from 1 to 64, or `bound` not a number from 1e-3 to 1e6.

    References
    ----------
    Sick, Hothorn, Duerr (2021), "Deep transformation models: Tackling complex regression problems with neural
    network based transformation models", arXiv:2004.00464.
    Ramasinghe, Fernando, Khan, Barnes (2021), "Robust normalizing flows using Bernstein-type polynomials",
    arXiv:2102.03509.

    Examples
    --------
    >>> from nflows_np.specs import Autoregressive, Bernstein, Flow
    >>> flow = Flow([Autoregressive(Bernstein(degree=24))])
    """

    degree: int = 16
    _: KW_ONLY
    bound: float = 5.0

    name = "bernstein"

    def __post_init__(self) -> None:
        self._store("degree", check_integer(self, "degree", self.degree, 1, MAX_DEGREE))
        self._store("bound", check_real(self, "bound", self.bound, 1e-3, 1e6))
        super().__post_init__()
