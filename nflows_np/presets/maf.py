"""Masked autoregressive flow."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import Affine, Autoregressive, Bijection, Flow, LinearGaussian, Permutation

from ._checks import checked_layers


def maf(n_layers: int = 5, hidden_units: Sequence[int] = (64, 64), activation: str = "relu") -> Flow:
    r"""MAF: affine masked autoregressive layers with the columns reversed in between.

    .. math:: z_i = x_i\, e^{-\alpha_i(x_{<i})} + t_i(x_{<i}), \qquad
              \log|\det J| = -\sum_i \alpha_i(x_{<i})

    where :math:`t` and :math:`\alpha` are the outputs of one MADE; the paper's conditional means are
    :math:`\mu_i = -t_i\, e^{\alpha_i}`. Densities cost one network pass a layer, and the engine's incremental inverse
    makes sampling cost about as much.

    Parameters
    ----------
    n_layers : int, default=5
        Number of autoregressive layers.
    hidden_units : sequence of int, default=(64, 64)
        Widths of each MADE's hidden layers.
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
    Papamakarios, Pavlakou, Murray (2017), "Masked Autoregressive Flow for Density Estimation",
    arXiv:1705.07057.
    Germain, Gregor, Murray, Larochelle (2015), "MADE: Masked Autoencoder for Distribution Estimation",
    arXiv:1502.03509.

    Examples
    --------
    >>> from nflows_np.presets import maf
    >>> maf(n_layers=1).bijections
    (LinearGaussian(), Autoregressive(), Permutation())
    """
    step: list[Bijection] = [
        Autoregressive(Affine(), hidden_units=hidden_units, activation=activation),
        Permutation("reverse"),
    ]
    return Flow([LinearGaussian(), *step * checked_layers(n_layers)])
