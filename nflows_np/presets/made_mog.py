"""MADE MoG: one autoregressive layer of Gaussian mixtures."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import Autoregressive, Bijection, LinearGaussian, MixtureCDF, Permutation

from ._preset import AUTO, preset_of


@preset_of(n_layers=1)
def made_mog(
    n_layers: int = AUTO,
    hidden_units: Sequence[int] = AUTO,
    activation: str = AUTO,
    n_components: int = 8,
) -> list[Bijection]:
    r"""MADE MoG: every column is a mixture of Gaussians given the columns before it.

    .. math:: p(x_i \mid x_{<i}) = \sum_{k=1}^{K} w_{ik}\, \mathcal{N}(x_i;\, \mu_{ik}, e^{2 \alpha_{ik}}), \qquad
              z_i = \Phi^{-1}\Big(\sum_{k=1}^{K} w_{ik}\, \Phi\big((x_i - \mu_{ik})\, e^{-\alpha_{ik}}\big)\Big)

    where :math:`w`, :math:`\mu` and :math:`\alpha` are functions of :math:`x_{<i}`, the outputs of one MADE. The
    density is the mixtures' own; as a flow it also has latent rows, and samples that come from them. One layer is the
    paper's, and between several the columns are reversed; `maf_mog` has affine ones before it.

    Parameters
    ----------
    n_components : int, default=8
        Gaussians of each column's mixture.

    References
    ----------
    Germain, Gregor, Murray, Larochelle (2015), "MADE: Masked Autoencoder for Distribution Estimation",
    arXiv:1502.03509.
    Papamakarios, Pavlakou, Murray (2017), "Masked Autoregressive Flow for Density Estimation",
    arXiv:1705.07057, sec. 4 (MADE MoG).

    Examples
    --------
    >>> from nflows_np.presets import made_mog
    >>> made_mog(hidden_units=(64, 64)).bijections
    (LinearGaussian(), Autoregressive(MixtureCDF(), activation='elu'), Permutation())
    """
    step: list[Bijection] = [
        Autoregressive(MixtureCDF(n_components), hidden_units=hidden_units, activation=activation),
        Permutation("reverse"),
    ]
    return [LinearGaussian(), *step * n_layers]
