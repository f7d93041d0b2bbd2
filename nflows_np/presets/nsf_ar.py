"""Neural spline flow, autoregressive."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import AffineSpline, Autoregressive, Bijection, LinearGaussian, Permutation

from ._preset import AUTO, preset_of
from ._rules import N_BINS


@preset_of(n_layers=5, n_bins=N_BINS)
def nsf_ar(
    n_layers: int = AUTO,
    hidden_units: Sequence[int] = AUTO,
    activation: str = AUTO,
    n_bins: int = AUTO,
    tail_bound: float = 3.0,
    residual: bool = False,
) -> list[Bijection]:
    r"""Autoregressive neural spline flow: `maf` with splines for affine maps.

    .. math:: z_i = \tau(x_i;\, \theta_i(x_{<i})), \qquad
              \log|\det J| = \sum_i \log \tau'(x_i;\, \theta_i(x_{<i}))

    with the columns reversed between layers. :math:`\tau` is the affine map of `maf` and then a spline of `n_bins` bins
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
    Durkan, Bekasov, Murray, Papamakarios (2019), "Neural Spline Flows", arXiv:1906.04032 (RQ-NSF (AR)).

    Examples
    --------
    >>> from nflows_np.presets import nsf_ar
    >>> nsf_ar(n_layers=1, hidden_units=(64, 64), n_bins=8).bijections
    (LinearGaussian(), Autoregressive(AffineSpline(), activation='elu'), Permutation())
    """
    spline = AffineSpline(n_bins, tail_bound=tail_bound)
    step: list[Bijection] = [
        Autoregressive(spline, hidden_units=hidden_units, activation=activation, residual=residual),
        Permutation("reverse"),
    ]
    return [LinearGaussian(), *step * n_layers]
