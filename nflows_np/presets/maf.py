"""Masked autoregressive flow."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import Affine, Autoregressive, Bijection, LinearGaussian, Permutation

from ._preset import AUTO, preset_of
from ._rules import ByRows


@preset_of(n_layers=ByRows(5, 8, 2_000))
def maf(n_layers: int = AUTO, hidden_units: Sequence[int] = AUTO, activation: str = AUTO) -> list[Bijection]:
    r"""MAF: affine masked autoregressive layers with the columns reversed in between.

    .. math:: z_i = x_i\, e^{-\alpha_i(x_{<i})} + t_i(x_{<i}), \qquad
              \log|\det J| = -\sum_i \alpha_i(x_{<i})

    where :math:`t` and :math:`\alpha` are the outputs of one MADE; the paper's conditional means are
    :math:`\mu_i = -t_i\, e^{\alpha_i}`. Densities cost one network pass a layer, and the engine's incremental inverse
    makes sampling cost about as much.

    References
    ----------
    Papamakarios, Pavlakou, Murray (2017), "Masked Autoregressive Flow for Density Estimation",
    arXiv:1705.07057.
    Germain, Gregor, Murray, Larochelle (2015), "MADE: Masked Autoencoder for Distribution Estimation",
    arXiv:1502.03509.

    Examples
    --------
    >>> from nflows_np.presets import maf
    >>> maf(n_layers=1, hidden_units=(64, 64)).bijections
    (LinearGaussian(), Autoregressive(activation='elu'), Permutation())
    """
    step: list[Bijection] = [
        Autoregressive(Affine(), hidden_units=hidden_units, activation=activation),
        Permutation("reverse"),
    ]
    return [LinearGaussian(), *step * n_layers]
