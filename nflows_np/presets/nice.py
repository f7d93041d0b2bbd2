"""NICE: additive couplings."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import Additive, Bijection, Coupling, Elementwise, LinearGaussian, Scale

from ._preset import AUTO, preset_of


@preset_of(n_layers=8)
def nice(n_layers: int = AUTO, hidden_units: Sequence[int] = AUTO, activation: str = AUTO) -> list[Bijection]:
    r"""NICE: additive couplings on alternating columns and a final diagonal scaling.

    Each coupling keeps the columns :math:`A` and shifts the others, then the next swaps the two:

    .. math:: z_A = x_A, \qquad z_B = x_B - \mu(x_A), \qquad \log|\det J| = 0 ;

    the volume changes in the first layer and in the last, :math:`z_j = x_j e^{-\alpha_j}`, alone.

    References
    ----------
    Dinh, Krueger, Bengio (2014), "NICE: Non-linear Independent Components Estimation", arXiv:1410.8516.

    Examples
    --------
    >>> from nflows_np.presets import nice
    >>> nice(n_layers=1, hidden_units=(64, 64)).bijections
    (LinearGaussian(), Coupling(Additive(), activation='elu'), Elementwise(Scale()))
    """
    couplings = [
        Coupling(Additive(), swap=layer % 2 == 1, hidden_units=hidden_units, activation=activation)
        for layer in range(n_layers)
    ]
    return [LinearGaussian(), *couplings, Elementwise(Scale())]
