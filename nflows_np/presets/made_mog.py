"""MADE MoG: one autoregressive layer of Gaussian mixtures."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import Autoregressive, Bijection, Flow, LinearGaussian, MixtureCDF, Permutation

from ._checks import checked_layers


def made_mog(
    n_layers: int = 1,
    hidden_units: Sequence[int] = (64, 64),
    activation: str = "relu",
    n_components: int = 8,
) -> Flow:
    r"""MADE MoG: every column is a mixture of Gaussians given the columns before it.

    .. math:: p(x_i \mid x_{<i}) = \sum_{k=1}^{K} w_{ik}\, \mathcal{N}(x_i;\, \mu_{ik}, e^{2 \alpha_{ik}}), \qquad
              z_i = \Phi^{-1}\Big(\sum_{k=1}^{K} w_{ik}\, \Phi\big((x_i - \mu_{ik})\, e^{-\alpha_{ik}}\big)\Big)

    where :math:`w`, :math:`\mu` and :math:`\alpha` are functions of :math:`x_{<i}`, the outputs of one MADE. The
    density is the mixtures' own; as a flow it also has latent rows, and samples that come from them.

    Parameters
    ----------
    n_layers : int, default=1
        Number of autoregressive layers, with the columns reversed between them. One is the paper's; `maf_mog` has
        affine ones before it.
    hidden_units : sequence of int, default=(64, 64)
        Widths of the MADE's hidden layers.
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
    Germain, Gregor, Murray, Larochelle (2015), "MADE: Masked Autoencoder for Distribution Estimation",
    arXiv:1502.03509.
    Papamakarios, Pavlakou, Murray (2017), "Masked Autoregressive Flow for Density Estimation",
    arXiv:1705.07057, sec. 4 (MADE MoG).

    Examples
    --------
    >>> from nflows_np.presets import made_mog
    >>> made_mog().bijections
    (LinearGaussian(), Autoregressive(MixtureCDF()), Permutation())
    """
    step: list[Bijection] = [
        Autoregressive(MixtureCDF(n_components), hidden_units=hidden_units, activation=activation),
        Permutation("reverse"),
    ]
    return Flow([LinearGaussian(), *step * checked_layers(n_layers)])
