"""The rational-quadratic spline transformer."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from nflows_np._limits import MAX_BINS

from ._checks import check_choice, check_integer, check_real
from ._spec import Transformer

TAILS = ("linear", "none")


@dataclass(frozen=True, repr=False)
class RationalQuadratic(Transformer):
    r"""Monotone rational-quadratic spline: any smooth increasing map of an interval to itself.

    The interval :math:`[-B, B]` is cut into :math:`K` bins. Between the knots :math:`(x_k, y_k)` and
    :math:`(x_{k+1}, y_{k+1})` with slopes :math:`d_k, d_{k+1}`, with :math:`w = x_{k+1} - x_k`,
    :math:`h = y_{k+1} - y_k`, :math:`s = h / w` and :math:`\xi = (x - x_k) / w`,

    .. math:: z = y_k + h\, \frac{s \xi^2 + d_k \xi (1 - \xi)}{s + (d_k + d_{k+1} - 2 s)\, \xi (1 - \xi)} ,

    .. math:: \frac{dz}{dx} = \frac{s^2 \left(d_{k+1} \xi^2 + 2 s \xi (1 - \xi) + d_k (1 - \xi)^2\right)}
              {\left(s + (d_k + d_{k+1} - 2 s)\, \xi (1 - \xi)\right)^2} .

    Widths and heights are softmaxes of free parameters, each at least 0.15 of an even share of the interval, and slopes
    lie between 1/20 and 20. The inverse is a root of a quadratic, computed without cancellation. Outside the
    interval the map is the identity.

    Parameters
    ----------
    n_bins : int, default=8
        Number of bins K, at most 128.
    tail_bound : float, default=5.0
        The bound B, in units of the layer's input. After a `LinearGaussian` those are standard deviations.
    tails : {"linear", "none"}, default="linear"
        What happens at the ends. "linear": slopes 1, so that the map goes on smoothly as the identity.
        "none": free slopes and the interval :math:`[0, 1]`, for features that have no tails;
        `tail_bound` is not used.

    Raises
    ------
    ValueError
        If `n_bins` is not an integer from 1 to 128, `tail_bound` not a number from 1e-3 to 1e6, or `tails`
        unknown.

    See Also
    --------
    AffineSpline : With an affine map before it, for columns with far rows.
    CircularSpline : Its variant for angles.

    References
    ----------
    Durkan, Bekasov, Murray, Papamakarios (2019), "Neural Spline Flows", arXiv:1906.04032.
    Gregory, Delbourgo (1982), "Piecewise rational quadratic interpolation to monotonic data", IMA J. Numer.
    Anal. 2(2).

    Examples
    --------
    >>> from nflows_np.specs import Autoregressive, Coupling, Flow, RationalQuadratic
    >>> spline = RationalQuadratic(n_bins=16)
    >>> flow = Flow([Coupling(spline), Coupling(spline, swap=True), Autoregressive(spline)])
    """

    n_bins: int = 8
    _: KW_ONLY
    tail_bound: float = 5.0
    tails: str = "linear"

    name = "rational_quadratic"

    def __post_init__(self) -> None:
        self._store("n_bins", check_integer(self, "n_bins", self.n_bins, 1, MAX_BINS))
        self._store("tail_bound", check_real(self, "tail_bound", self.tail_bound, 1e-3, 1e6))
        check_choice(self, "tails", self.tails, TAILS)
        super().__post_init__()
