"""Glow on vectors: affine couplings between learned linear maps."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import ActNorm, Affine, Bijection, Coupling, Flow, LinearGaussian, LinearLU

from ._checks import checked_layers


def glow(n_layers: int = 6, hidden_units: Sequence[int] = (64, 64), activation: str = "relu") -> Flow:
    r"""Glow on vectors: activation normalisation, an invertible linear map and an affine coupling, repeated.

    A step of the flow is

    .. math:: y = (x - b)\, e^{-s}, \qquad u = P L U y + d, \qquad
              z_A = u_A, \quad z_B = u_B\, e^{-\alpha(u_A)} + t(u_A),

    with the first half of the columns as :math:`A`. On vectors Glow's 1x1 convolution is the matrix
    :math:`PLU`: it replaces the fixed alternation of columns by a learned mixture of them.

    Parameters
    ----------
    n_layers : int, default=6
        Number of steps.
    hidden_units : sequence of int, default=(64, 64)
        Widths of each coupling's hidden layers.
    activation : {"relu", "tanh", "silu", "elu"}, default="relu"
        Activation function of the hidden layers.

    Returns
    -------
    flow : Flow

    Raises
    ------
    ValueError
        If `n_layers` is not a positive integer, or a width or the activation is not valid.

    References
    ----------
    Kingma, Dhariwal (2018), "Glow: Generative Flow with Invertible 1x1 Convolutions", arXiv:1807.03039.

    Examples
    --------
    >>> from nflows_np.presets import glow
    >>> glow(n_layers=1).bijections
    (LinearGaussian(), ActNorm(), LinearLU('random'), Coupling(mask='half'))
    """
    step: list[Bijection] = [
        ActNorm(),
        LinearLU("random"),
        Coupling(Affine(), mask="half", hidden_units=hidden_units, activation=activation),
    ]
    return Flow([LinearGaussian(), *step * checked_layers(n_layers)])
