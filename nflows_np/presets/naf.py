"""Neural autoregressive flow."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import Autoregressive, Bijection, Flow, LinearGaussian, Permutation, Sigmoidal

from ._checks import checked_layers


def naf(
    n_layers: int = 5, hidden_units: Sequence[int] = (64, 64), activation: str = "relu", n_units: int = 8
) -> Flow:
    r"""NAF: `maf` with mixtures of sigmoids for affine maps.

    .. math:: z_i = \operatorname{logit}\Big(\sum_{k=1}^{K} w_k\, \sigma(a_k x_i + b_k)\Big), \qquad
              w_k, a_k, b_k \text{ functions of } x_{<i},

    with the columns reversed between layers: deep sigmoidal flows of one hidden layer. A single layer may have K
    modes. Slopes stay bounded far out, where one unit rules.

    Parameters
    ----------
    n_layers : int, default=5
        Number of autoregressive layers.
    hidden_units : sequence of int, default=(64, 64)
        Widths of each MADE's hidden layers.
    activation : {"relu", "tanh", "silu", "elu"}, default="relu"
        Activation function of the hidden layers.
    n_units : int, default=8
        Sigmoids K of each map. More of them cost more, and 16 fitted no better on the sets that this was chosen on.

    Returns
    -------
    flow : Flow

    Raises
    ------
    ValueError
        If `n_layers` is not a positive integer, or a width, the activation or `n_units` is not valid.

    References
    ----------
    Huang, Krueger, Lacoste, Courville (2018), "Neural Autoregressive Flows", arXiv:1804.00779.

    Examples
    --------
    >>> from nflows_np.presets import naf
    >>> naf(n_layers=1).bijections
    (LinearGaussian(), Autoregressive(Sigmoidal()), Permutation())
    """
    step: list[Bijection] = [
        Autoregressive(Sigmoidal(n_units), hidden_units=hidden_units, activation=activation),
        Permutation("reverse"),
    ]
    return Flow([LinearGaussian(), *step * checked_layers(n_layers)])
