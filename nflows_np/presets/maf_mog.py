"""MAF MoG: affine autoregressive layers over one of Gaussian mixtures."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import Affine, Autoregressive, Bijection, Flow, LinearGaussian, MixtureCDF, Permutation

from ._checks import checked_layers


def maf_mog(
    n_layers: int = 5,
    hidden_units: Sequence[int] = (64, 64),
    activation: str = "relu",
    n_components: int = 8,
) -> Flow:
    r"""MAF MoG: a masked autoregressive flow whose base is a MADE with mixtures of Gaussians.

    .. math:: u_i = x_i\, e^{-\alpha_i(x_{<i})} + t_i(x_{<i}), \qquad
              p(u_i \mid u_{<i}) = \sum_{k=1}^{K} w_{ik}\, \mathcal{N}(u_i;\, m_{ik}, s_{ik}^2)

    with the columns reversed after every affine layer. The affine layers are those of `maf`, the base is one more
    autoregressive layer, whose :math:`w`, :math:`m` and :math:`s` are functions of :math:`u_{<i}`: what several modes
    do to the data is left to it.

    Parameters
    ----------
    n_layers : int, default=5
        Number of affine autoregressive layers; the layer of mixtures comes after them.
    hidden_units : sequence of int, default=(64, 64)
        Widths of each MADE's hidden layers.
    activation : {"relu", "tanh", "silu", "elu"}, default="relu"
        Activation function of the hidden layers.
    n_components : int, default=8
        Gaussians of each column's mixture.

    Returns
    -------
    flow : Flow

    Raises
    ------
    ValueError
        If `n_layers` is not a positive integer, or a width, the activation or `n_components` is not valid.

    References
    ----------
    Papamakarios, Pavlakou, Murray (2017), "Masked Autoregressive Flow for Density Estimation",
    arXiv:1705.07057, sec. 4 (MAF MoG).

    Examples
    --------
    >>> from nflows_np.presets import maf_mog
    >>> maf_mog(n_layers=1).bijections
    (LinearGaussian(), Autoregressive(), Permutation(), Autoregressive(MixtureCDF()))
    """
    step: list[Bijection] = [
        Autoregressive(Affine(), hidden_units=hidden_units, activation=activation),
        Permutation("reverse"),
    ]
    mixtures = Autoregressive(MixtureCDF(n_components), hidden_units=hidden_units, activation=activation)
    return Flow([LinearGaussian(), *step * checked_layers(n_layers), mixtures])
