"""Glow on vectors: affine couplings between learned linear maps."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import ActNorm, Affine, Bijection, Coupling, LinearGaussian, LinearLU

from ._preset import AUTO, preset_of


@preset_of(n_layers=8)
def glow(n_layers: int = AUTO, hidden_units: Sequence[int] = AUTO, activation: str = AUTO) -> list[Bijection]:
    r"""Glow on vectors: activation normalisation, an invertible linear map and an affine coupling, repeated.

    A step of the flow is

    .. math:: y = (x - b)\, e^{-s}, \qquad u = P L U y + d, \qquad
              z_A = u_A, \quad z_B = u_B\, e^{-\alpha(u_A)} + t(u_A),

    with the first half of the columns as :math:`A`. On vectors Glow's 1x1 convolution is the matrix
    :math:`PLU`: it replaces the fixed alternation of columns by a learned mixture of them.

    References
    ----------
    Kingma, Dhariwal (2018), "Glow: Generative Flow with Invertible 1x1 Convolutions", arXiv:1807.03039.

    Examples
    --------
    >>> from nflows_np.presets import glow
    >>> glow(n_layers=1, hidden_units=(64, 64)).bijections
    (LinearGaussian(), ActNorm(), LinearLU('random'), Coupling(activation='elu', mask='half'))
    """
    step: list[Bijection] = [
        ActNorm(),
        LinearLU("random"),
        Coupling(Affine(), mask="half", hidden_units=hidden_units, activation=activation),
    ]
    return [LinearGaussian(), *step * n_layers]
