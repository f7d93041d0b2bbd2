"""The affine map and spline as one transformer."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from ._spec import Transformer
from .rational_quadratic import RationalQuadratic


@dataclass(frozen=True, repr=False)
class AffineSpline(Transformer):
    r"""Affine map, then a rational-quadratic spline: `Affine` and `RationalQuadratic` in one.

    .. math:: u = (x - \mu)\, e^{-\alpha}, \qquad z = \tau(u), \qquad
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
        spline = RationalQuadratic(self.n_bins, tail_bound=self.tail_bound)
        self._store("n_bins", spline.n_bins)
        self._store("tail_bound", spline.tail_bound)
        super().__post_init__()
