"""Inverse autoregressive flow."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import Affine, Autoregressive, Bijection, Flow, Inverse, LinearGaussian, Permutation

from ._checks import checked_layers


def iaf(n_layers: int = 5, hidden_units: Sequence[int] = (64, 64), activation: str = "relu") -> Flow:
    r"""IAF: inverted autoregressive layers with the columns reversed in between.

    .. math:: x_i = z_i\, e^{-\alpha_i(z_{<i})} + t_i(z_{<i}), \qquad
              z_i = (x_i - t_i(z_{<i}))\, e^{\alpha_i(z_{<i})}, \qquad
              \log|\det J| = \sum_i \alpha_i(z_{<i})

    where :math:`x` is the layer's input on the data's side. It is `maf` with the two directions of its layers
    swapped: sampling is parallel, and densities are computed column after column.

    Parameters
    ----------
    n_layers : int, default=5
        Number of inverted autoregressive layers.
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
    Kingma, Salimans, Jozefowicz, Chen, Sutskever, Welling (2016), "Improving Variational Inference with
    Inverse Autoregressive Flow", arXiv:1606.04934.

    Examples
    --------
    >>> from nflows_np.presets import iaf
    >>> iaf(n_layers=1).bijections
    (LinearGaussian(), Inverse(Autoregressive()), Permutation())
    """
    step: list[Bijection] = [
        Inverse(Autoregressive(Affine(), hidden_units=hidden_units, activation=activation)),
        Permutation("reverse"),
    ]
    return Flow([LinearGaussian(), *step * checked_layers(n_layers)])
