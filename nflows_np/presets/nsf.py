"""Neural spline flow, by couplings."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import AffineSpline, Bijection, Coupling, Flow, LinearGaussian, LinearLU

from ._checks import checked_layers


def nsf(
    n_layers: int = 6,
    hidden_units: Sequence[int] = (64, 64),
    activation: str = "relu",
    n_bins: int = 8,
    tail_bound: float = 3.0,
    residual: bool = False,
) -> Flow:
    r"""Neural spline flow: rational-quadratic couplings with linear maps in between.

    A step of the flow is

    .. math:: u = P L U x + d, \qquad z_A = u_A, \quad z_j = \tau(u_j;\, \theta_j(u_A)) \quad (j \in B)

    with the first half of the columns as :math:`A`. :math:`\tau` is an affine map and then a spline of `n_bins` bins
    on :math:`[-B, B]`: the paper's spline alone leaves rows beyond its interval to the Gaussian base as they are, and
    a few of them can cost more likelihood than the spline gains on all others.

    Parameters
    ----------
    n_layers : int, default=6
        Number of steps.
    hidden_units : sequence of int, default=(64, 64)
        Widths of each coupling's hidden layers.
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
    Durkan, Bekasov, Murray, Papamakarios (2019), "Neural Spline Flows", arXiv:1906.04032 (RQ-NSF (C)).

    Examples
    --------
    >>> from nflows_np.presets import nsf
    >>> nsf(n_layers=1).bijections
    (LinearGaussian(), LinearLU('random'), Coupling(AffineSpline(), mask='half'))
    """
    spline = AffineSpline(n_bins, tail_bound=tail_bound)
    step: list[Bijection] = [
        LinearLU("random"),
        Coupling(spline, mask="half", hidden_units=hidden_units, activation=activation, residual=residual),
    ]
    return Flow([LinearGaussian(), *step * checked_layers(n_layers)])
