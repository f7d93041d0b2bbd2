"""The rational-quadratic spline of the circle."""

from __future__ import annotations

from dataclasses import dataclass

from nflows_np._limits import MAX_BINS

from ._checks import check_integer
from ._spec import Transformer


@dataclass(frozen=True, repr=False)
class CircularSpline(Transformer):
    r"""Rational-quadratic spline of the circle, for angles in radians.

    .. math:: z = x + (\tau(r) - r) + \varphi, \qquad r = x - 2 \pi k \in [-\pi, \pi], \qquad
              \frac{dz}{dx} = \tau'(r)

    with :math:`\tau` the spline of `RationalQuadratic` on :math:`[-\pi, \pi]` with one slope for both ends, which are
    the same angle, and a phase :math:`|\varphi| < 2 \pi`. A full turn more of :math:`x` is a full turn more of
    :math:`z`: angles may be given by any representative, and nothing is wrapped. (Large ones lose digits: single
    precision holds 100 turns to 4e-5, and from 1e6 on no angle at all.) The latents are angles too: their base is
    `VonMises`.

    The wirings use it for the columns that they are told are ``circular``. As the ``transformer`` of a wiring it makes
    all columns that this moves circular.

    Parameters
    ----------
    n_bins : int, default=8
        Number of bins, at most 128.

    Raises
    ------
    ValueError
        If `n_bins` is not an integer from 1 to 128.

    References
    ----------
    Rezende, Papamakarios, Racanière, Albergo, Kanwar, Shanahan, Cranmer (2020), "Normalizing Flows on Tori and
    Spheres", ICML, arXiv:2002.02428.

    Examples
    --------
    A latitude-like column and an angle, each with its own base:

    >>> from nflows_np.specs import Autoregressive, Flow, Product, RationalQuadratic, StandardNormal, VonMises
    >>> layer = Autoregressive(RationalQuadratic(8), circular=[1])
    >>> flow = Flow([layer], base=Product([((0,), StandardNormal()), ((1,), VonMises())]))
    """

    n_bins: int = 8

    name = "circular_spline"

    def __post_init__(self) -> None:
        self._store("n_bins", check_integer(self, "n_bins", self.n_bins, 1, MAX_BINS))
        super().__post_init__()
