"""Neural spline flow, by couplings."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import AffineSpline, Bijection, Coupling, LinearGaussian, LinearLU

from ._preset import AUTO, preset_of
from ._rules import N_BINS, ByRows


@preset_of(n_layers=ByRows(5, 8, 50_000), n_bins=N_BINS)
def nsf(
    n_layers: int = AUTO,
    hidden_units: Sequence[int] = AUTO,
    activation: str = AUTO,
    n_bins: int = AUTO,
    tail_bound: float = 3.0,
    residual: bool = False,
) -> list[Bijection]:
    r"""Neural spline flow: rational-quadratic couplings with linear maps in between.

    A step of the flow is

    .. math:: u = P L U x + d, \qquad z_A = u_A, \quad z_j = \tau(u_j;\, \theta_j(u_A)) \quad (j \in B)

    with the first half of the columns as :math:`A`. :math:`\tau` is an affine map and then a spline of `n_bins` bins
    on :math:`[-B, B]`: the paper's spline alone leaves rows beyond its interval to the Gaussian base as they are, and
    a few of them can cost more likelihood than the spline gains on all others.

    Parameters
    ----------
    n_bins : int or "auto", default="auto"
        Bins of the splines. "auto" is {auto:n_bins}.
    tail_bound : float, default=3.0
        The bound B. Beyond it the splines are the identity, and the layers affine.
    residual : bool, default=False
        Networks of residual blocks, as in the paper: ``hidden_units=(64,) * 5`` are a first layer and two blocks.

    References
    ----------
    Durkan, Bekasov, Murray, Papamakarios (2019), "Neural Spline Flows", arXiv:1906.04032 (RQ-NSF (C)).

    Examples
    --------
    >>> from nflows_np.presets import nsf
    >>> nsf(n_layers=1, hidden_units=(64, 64), n_bins=8).bijections
    (LinearGaussian(), LinearLU('random'), Coupling(AffineSpline(), activation='elu', mask='half'))
    """
    spline = AffineSpline(n_bins, tail_bound=tail_bound)
    step: list[Bijection] = [
        LinearLU("random"),
        Coupling(spline, mask="half", hidden_units=hidden_units, activation=activation, residual=residual),
    ]
    return [LinearGaussian(), *step * n_layers]
