"""Neural spline flow, autoregressive."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import AffineSpline, Autoregressive, Bijection, Flow, LinearGaussian, Permutation

from ._checks import checked_layers


def nsf_ar(
    n_layers: int = 5,
    hidden_units: Sequence[int] = (64, 64),
    activation: str = "relu",
    n_bins: int = 8,
    tail_bound: float = 3.0,
    residual: bool = False,
) -> Flow:
    r"""Autoregressive neural spline flow: `maf` with splines for affine maps.

    .. math:: z_i = \tau(x_i;\, \theta_i(x_{<i})), \qquad
              \log|\det J| = \sum_i \log \tau'(x_i;\, \theta_i(x_{<i}))

    with the columns reversed between layers. :math:`\tau` is the affine map of `maf` and then a spline of `n_bins` bins
    on :math:`[-B, B]`: the paper's spline alone leaves rows beyond its interval to the Gaussian base as they are, and
    a few of them can cost more likelihood than the spline gains on all others.

    Parameters
    ----------
    n_layers : int, default=5
        Number of autoregressive layers.
    hidden_units : sequence of int, default=(64, 64)
        Widths of each MADE's hidden layers.
    activation : {"relu", "tanh", "silu", "elu"}, default="relu"
        Activation function of the hidden layers.
    n_bins : int, default=8
        Bins of the splines.
    tail_bound : float, default=3.0
        The bound B. Beyond it the splines are the identity, and the layers affine.
    residual : bool, default=False
        Networks of residual blocks, as in the paper: ``hidden_units=(64,) * 5`` are a first layer and two blocks.

    Returns
    -------
    flow : Flow

    Raises
    ------
    ValueError
        If `n_layers` is not a positive integer, or a width, the activation, `n_bins`, `tail_bound` or `residual` is not
        valid.

    References
    ----------
    Durkan, Bekasov, Murray, Papamakarios (2019), "Neural Spline Flows", arXiv:1906.04032 (RQ-NSF (AR)).

    Examples
    --------
    >>> from nflows_np.presets import nsf_ar
    >>> nsf_ar(n_layers=1).bijections
    (LinearGaussian(), Autoregressive(AffineSpline()), Permutation())
    """
    spline = AffineSpline(n_bins, tail_bound=tail_bound)
    step: list[Bijection] = [
        Autoregressive(spline, hidden_units=hidden_units, activation=activation, residual=residual),
        Permutation("reverse"),
    ]
    return Flow([LinearGaussian(), *step * checked_layers(n_layers)])
