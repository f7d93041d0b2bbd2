"""NICE: additive couplings."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import Additive, Coupling, Elementwise, Flow, LinearGaussian, Scale

from ._checks import checked_layers


def nice(n_layers: int = 6, hidden_units: Sequence[int] = (64, 64), activation: str = "relu") -> Flow:
    r"""NICE: additive couplings on alternating columns and a final diagonal scaling.

    Each coupling keeps the columns :math:`A` and shifts the others, then the next swaps the two:

    .. math:: z_A = x_A, \qquad z_B = x_B - \mu(x_A), \qquad \log|\det J| = 0 ;

    the volume changes in the first layer and in the last, :math:`z_j = x_j e^{-\alpha_j}`, alone.

    Parameters
    ----------
    n_layers : int, default=6
        Number of couplings.
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
    Dinh, Krueger, Bengio (2014), "NICE: Non-linear Independent Components Estimation", arXiv:1410.8516.

    Examples
    --------
    >>> from nflows_np.presets import nice
    >>> nice(n_layers=1).bijections
    (LinearGaussian(), Coupling(Additive()), Elementwise(Scale()))
    """
    couplings = [
        Coupling(Additive(), swap=layer % 2 == 1, hidden_units=hidden_units, activation=activation)
        for layer in range(checked_layers(n_layers))
    ]
    return Flow([LinearGaussian(), *couplings, Elementwise(Scale())])
