"""Angles whose cells may be left out."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from nflows_np._limits import MAX_BINS

from ._checks import check_flag, check_integer
from ._spec import Conditional


@dataclass(frozen=True, repr=False)
class Circle(Conditional):
    r"""A column of angles, in radians, of an `Autoregressive` layer with other conditionals.

    .. math:: p(x_i \mid x_{<i}) = w'(x_i) / 2 \pi

    with :math:`w` the map of `CircularSpline`. The latent is the normal score of :math:`w(x)`, cut open at
    :math:`\pm\pi`. A left-out cell, NaN, contributes nothing, and its latent is 0.

    Parameters
    ----------
    n_bins : int, default=8
        Bins of the spline.
    missing : bool, default=False
        Whether networks are told that a cell is left out.

    Examples
    --------
    >>> from nflows_np.specs import Autoregressive, Circle, Flow
    >>> flow = Flow([Autoregressive(conditionals=[(0, Circle())])])
    """

    n_bins: int = 8
    _: KW_ONLY
    missing: bool = False

    name = "circle"

    def __post_init__(self) -> None:
        self._store("n_bins", check_integer(self, "n_bins", self.n_bins, 1, MAX_BINS))
        self._store("missing", check_flag(self, "missing", self.missing))
        super().__post_init__()
