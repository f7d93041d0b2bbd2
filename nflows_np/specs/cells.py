"""Numbers in steps: the mass of each is that of its cell."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from nflows_np._limits import MAX_BINS

from ._checks import check_flag, check_integer, check_real, require
from ._spec import Conditional

FARTHEST = 1e15


@dataclass(frozen=True, repr=False)
class Cells(Conditional):
    r"""A column of numbers in steps of `width`, such as integers, of an `Autoregressive` layer.

    .. math:: p(x_i \mid x_{<i}) = F(x_i + w / 2) - F(x_i - w / 2), \qquad F(x) = \Phi(\tau(g(x); \theta_i(x_{<i})))

    with :math:`\tau` the map of `AffineSpline`, and :math:`g(x) = 3 \operatorname{asinh}(x / 3)`, which makes the tails
    those of counts. Nothing lies below `low` or above `high`, whose cells are open. The latent is the normal score of
    the middle of the cell's mass. A left-out cell, NaN, contributes nothing, and its latent is 0.

    Parameters
    ----------
    width : float
        The step w, in the flow's units. Numbers are whole multiples of it.
    n_bins : int, default=8
        Bins of the spline.
    tail_bound : float, default=3.0
        The spline's bound.
    low, high : float, default=-1e15, 1e15
        The lowest and the highest number that there can be.
    missing : bool, default=False
        Whether networks are told that a cell is left out.

    Examples
    --------
    >>> from nflows_np.specs import Autoregressive, Cells, Flow
    >>> flow = Flow([Autoregressive(conditionals=[(0, Cells(0.5, low=-1.0))])])
    """

    width: float
    _: KW_ONLY
    n_bins: int = 8
    tail_bound: float = 3.0
    low: float = -FARTHEST
    high: float = FARTHEST
    missing: bool = False

    name = "cells"

    def __post_init__(self) -> None:
        self._store("width", check_real(self, "width", self.width, 1e-12, 1e12))
        self._store("n_bins", check_integer(self, "n_bins", self.n_bins, 1, MAX_BINS))
        self._store("tail_bound", check_real(self, "tail_bound", self.tail_bound, 1e-3, 1e6))
        for name in ("low", "high"):
            self._store(name, check_real(self, name, getattr(self, name), -FARTHEST, FARTHEST))
        require(self.low <= self.high, self, "low", self.low, f"at most high={self.high:g}")
        self._store("missing", check_flag(self, "missing", self.missing))
        super().__post_init__()
