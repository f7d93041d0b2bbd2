"""MAF MoG: affine autoregressive layers over one of Gaussian mixtures."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import Affine, Autoregressive, Bijection, LinearGaussian, MixtureCDF, Permutation

from ._preset import AUTO, preset_of


@preset_of(n_layers=5)
def maf_mog(
    n_layers: int = AUTO,
    hidden_units: Sequence[int] = AUTO,
    activation: str = AUTO,
    n_components: int = 8,
) -> list[Bijection]:
    r"""MAF MoG: a masked autoregressive flow whose base is a MADE with mixtures of Gaussians.

    .. math:: u_i = x_i\, e^{-\alpha_i(x_{<i})} + t_i(x_{<i}), \qquad
              p(u_i \mid u_{<i}) = \sum_{k=1}^{K} w_{ik}\, \mathcal{N}(u_i;\, m_{ik}, s_{ik}^2)

    with the columns reversed after every affine layer. The affine layers are those of `maf`, the base is one more
    autoregressive layer, whose :math:`w`, :math:`m` and :math:`s` are functions of :math:`u_{<i}`: what several modes
    do to the data is left to it. `n_layers` counts the affine layers.

    Parameters
    ----------
    n_components : int, default=8
        Gaussians of each column's mixture.

    References
    ----------
    Papamakarios, Pavlakou, Murray (2017), "Masked Autoregressive Flow for Density Estimation",
    arXiv:1705.07057, sec. 4 (MAF MoG).

    Examples
    --------
    >>> from nflows_np.presets import maf_mog
    >>> maf_mog(n_layers=1, hidden_units=(64, 64)).bijections
    (LinearGaussian(), Autoregressive(activation='elu'), Permutation(), Autoregressive(MixtureCDF(), activation='elu'))
    """
    step: list[Bijection] = [
        Autoregressive(Affine(), hidden_units=hidden_units, activation=activation),
        Permutation("reverse"),
    ]
    mixtures = Autoregressive(MixtureCDF(n_components), hidden_units=hidden_units, activation=activation)
    return [LinearGaussian(), *step * n_layers, mixtures]
