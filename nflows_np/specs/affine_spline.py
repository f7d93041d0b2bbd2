"""The affine map and spline as one transformer."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from nflows_np._limits import MAX_BINS

from ._checks import check_integer, check_real
from ._spec import Transformer


@dataclass(frozen=True, repr=False)
class AffineSpline(Transformer):
    r"""Affine map, then a rational-quadratic spline: `Affine` and `RationalQuadratic` in one.

    .. math:: u = x\, e^{-\alpha} + t, \qquad z = \tau(u), \qquad
              \log\frac{dz}{dx} = -\alpha + \log \tau'(u)

    with :math:`\tau` the spline on :math:`[-B, B]`, the identity outside. A spline alone leaves far rows to the base
    as they are; here each column is first brought to where the others let expect it, so that far out the flow is
    the affine one.

    Parameters
    ----------
    n_bins : int, default=8
        Number of bins of the spline, at most 128.
    tail_bound : float, default=3.0
        The bound B.

    Raises
    ------
    ValueError
        If `n_bins` is not an integer from 1 to 128, or `tail_bound` not a number from 1e-3 to 1e6.

    See Also
    --------
    RationalQuadratic : The spline alone, with its references.

    Examples
    --------
    >>> from nflows_np.specs import AffineSpline, Autoregressive, Flow
    >>> flow = Flow([Autoregressive(AffineSpline(n_bins=16))])
    """

    n_bins: int = 8
    _: KW_ONLY
    tail_bound: float = 3.0

    name = "affine_spline"

    def __post_init__(self) -> None:
        self._store("n_bins", check_integer(self, "n_bins", self.n_bins, 1, MAX_BINS))
        self._store("tail_bound", check_real(self, "tail_bound", self.tail_bound, 1e-3, 1e6))
        super().__post_init__()
