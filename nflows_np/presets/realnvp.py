"""RealNVP: affine couplings."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import Affine, Bijection, Coupling, LinearGaussian

from ._preset import AUTO, preset_of


@preset_of(n_layers=8)
def realnvp(
    n_layers: int = AUTO, hidden_units: Sequence[int] = AUTO, activation: str = AUTO
) -> list[Bijection]:
    r"""RealNVP: affine couplings on alternating columns.

    Each coupling keeps the columns :math:`A` and shifts and scales the others, then the next swaps the two:

    .. math:: z_A = x_A, \qquad z_B = x_B\, e^{-\alpha(x_A)} + t(x_A), \qquad
              \log|\det J| = -\sum_{j \in B} \alpha_j(x_A) .

    References
    ----------
    Dinh, Sohl-Dickstein, Bengio (2016), "Density estimation using Real NVP", arXiv:1605.08803.

    Examples
    --------
    >>> from nflows_np.presets import realnvp
    >>> realnvp(n_layers=2, hidden_units=(64, 64)).bijections
    (LinearGaussian(), Coupling(activation='elu'), Coupling(activation='elu', swap=True))
    """
    couplings = [
        Coupling(Affine(), swap=layer % 2 == 1, hidden_units=hidden_units, activation=activation)
        for layer in range(n_layers)
    ]
    return [LinearGaussian(), *couplings]
