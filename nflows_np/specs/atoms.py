"""Numbers with atoms at their ends, or with cells that are left out."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from nflows_np._limits import MAX_BINS

from ._checks import check_flag, check_integer, check_real, require
from ._spec import Conditional


@dataclass(frozen=True, repr=False)
class Atoms(Conditional):
    r"""A column of numbers of which some are an atom at either end, of an `Autoregressive` layer.

    .. math:: p(-\infty) = \pi_-, \qquad p(\infty) = \pi_+, \qquad
              p(x_i \mid x_{<i}) = \pi_0\, \varphi(\tau(x_i))\, \tau'(x_i)

    with :math:`(\pi_-, \pi_0, \pi_+)` a softmax of what the network says and :math:`\tau` the map of `AffineSpline`: a
    hurdle model (Cragg 1971). Rows have the atoms as :math:`\mp\infty`. The latent is the normal score of the whole
    distribution. A left-out cell, NaN, contributes nothing, and its latent is 0.

    Parameters
    ----------
    n_bins : int, default=8
        Bins of the spline.
    tail_bound : float, default=3.0
        The spline's bound.
    low_share, high_share : float, default=0.0
        What the atoms are taken to hold at the start of training; 0 where there is none.
    missing : bool, default=False
        Whether networks are told that a cell is left out.

    References
    ----------
    Cragg (1971), "Some statistical models for limited dependent variables", Econometrica 39(5).

    Examples
    --------
    >>> from nflows_np.specs import Atoms, Autoregressive, Flow
    >>> flow = Flow([Autoregressive(conditionals=[(1, Atoms(low_share=0.3))])])
    """

    _: KW_ONLY
    n_bins: int = 8
    tail_bound: float = 3.0
    low_share: float = 0.0
    high_share: float = 0.0
    missing: bool = False

    name = "atoms"

    def __post_init__(self) -> None:
        self._store("n_bins", check_integer(self, "n_bins", self.n_bins, 1, MAX_BINS))
        self._store("tail_bound", check_real(self, "tail_bound", self.tail_bound, 1e-3, 1e6))
        for name in ("low_share", "high_share"):
            self._store(name, check_real(self, name, getattr(self, name), 0.0, 1.0))
        both = self.low_share + self.high_share
        require(both < 1.0, self, "low_share + high_share", both, "less than 1")
        self._store("missing", check_flag(self, "missing", self.missing))
        super().__post_init__()
