"""Neural autoregressive flow."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import Autoregressive, Bijection, LinearGaussian, Permutation, Sigmoidal

from ._preset import AUTO, preset_of


@preset_of(n_layers=5)
def naf(
    n_layers: int = AUTO, hidden_units: Sequence[int] = AUTO, activation: str = AUTO, n_units: int = 8
) -> list[Bijection]:
    r"""NAF: `maf` with mixtures of sigmoids for affine maps.

    .. math:: z_i = \operatorname{logit}\Big(\sum_{k=1}^{K} w_k\, \sigma(a_k x_i + b_k)\Big), \qquad
              w_k, a_k, b_k \text{ functions of } x_{<i},

    with the columns reversed between layers: deep sigmoidal flows of one hidden layer. A single layer may have K
    modes. Slopes stay bounded far out, where one unit rules.

    Parameters
    ----------
    n_units : int, default=8
        Sigmoids K of each map. More of them cost more, and 16 fitted no better on the sets that this was chosen on.

    References
    ----------
    Huang, Krueger, Lacoste, Courville (2018), "Neural Autoregressive Flows", arXiv:1804.00779.

    Examples
    --------
    >>> from nflows_np.presets import naf
    >>> naf(n_layers=1, hidden_units=(64, 64)).bijections
    (LinearGaussian(), Autoregressive(Sigmoidal(), activation='elu'), Permutation())
    """
    step: list[Bijection] = [
        Autoregressive(Sigmoidal(n_units), hidden_units=hidden_units, activation=activation),
        Permutation("reverse"),
    ]
    return [LinearGaussian(), *step * n_layers]
