"""RealNVP: affine couplings."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import Affine, Coupling, Flow, LinearGaussian

from ._checks import checked_layers


def realnvp(n_layers: int = 6, hidden_units: Sequence[int] = (64, 64), activation: str = "relu") -> Flow:
    r"""RealNVP: affine couplings on alternating columns.

    Each coupling keeps the columns :math:`A` and shifts and scales the others, then the next swaps the two:

    .. math:: z_A = x_A, \qquad z_B = x_B\, e^{-\alpha(x_A)} + t(x_A), \qquad
              \log|\det J| = -\sum_{j \in B} \alpha_j(x_A) .

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
    Dinh, Sohl-Dickstein, Bengio (2016), "Density estimation using Real NVP", arXiv:1605.08803.

    Examples
    --------
    >>> from nflows_np.presets import realnvp
    >>> realnvp(n_layers=2).bijections
    (LinearGaussian(), Coupling(), Coupling(swap=True))
    """
    couplings = [
        Coupling(Affine(), swap=layer % 2 == 1, hidden_units=hidden_units, activation=activation)
        for layer in range(checked_layers(n_layers))
    ]
    return Flow([LinearGaussian(), *couplings])
