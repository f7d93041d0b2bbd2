"""Inverse autoregressive flow."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import Affine, Autoregressive, Bijection, Inverse, LinearGaussian, Permutation

from ._preset import AUTO, preset_of
from ._rules import ByRows


@preset_of(n_layers=ByRows(5, 8, 2_000))
def iaf(n_layers: int = AUTO, hidden_units: Sequence[int] = AUTO, activation: str = AUTO) -> list[Bijection]:
    r"""IAF: inverted autoregressive layers with the columns reversed in between.

    .. math:: x_i = z_i\, e^{-\alpha_i(z_{<i})} + t_i(z_{<i}), \qquad
              z_i = (x_i - t_i(z_{<i}))\, e^{\alpha_i(z_{<i})}, \qquad
              \log|\det J| = \sum_i \alpha_i(z_{<i})

    where :math:`x` is the layer's input on the data's side. It is `maf` with the two directions of its layers
    swapped: sampling is parallel, and densities are computed column after column.

    References
    ----------
    Kingma, Salimans, Jozefowicz, Chen, Sutskever, Welling (2016), "Improving Variational Inference with
    Inverse Autoregressive Flow", arXiv:1606.04934.

    Examples
    --------
    >>> from nflows_np.presets import iaf
    >>> iaf(n_layers=1, hidden_units=(64, 64)).bijections
    (LinearGaussian(), Inverse(Autoregressive(activation='elu')), Permutation())
    """
    step: list[Bijection] = [
        Inverse(Autoregressive(Affine(), hidden_units=hidden_units, activation=activation)),
        Permutation("reverse"),
    ]
    return [LinearGaussian(), *step * n_layers]
