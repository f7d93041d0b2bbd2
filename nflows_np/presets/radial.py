"""Radial flow."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import Bijection, LinearGaussian, Radial

from ._preset import AUTO, preset_of


@preset_of(n_layers=16, hidden_units=())
def radial(
    n_layers: int = AUTO, hidden_units: Sequence[int] = AUTO, activation: str = AUTO
) -> list[Bijection]:
    r"""Radial flow: contractions and expansions around one point each.

    .. math:: z = x + \frac{\beta\, (x - c)}{\alpha + r}, \qquad r = \|x - c\|, \qquad
              \log|\det J| = (D - 1) \log\left(1 + \frac{\beta}{\alpha + r}\right)
              + \log\left(1 + \frac{\alpha\beta}{(\alpha + r)^2}\right)

    with :math:`\alpha > 0` and :math:`\beta > -\alpha`. Both directions are closed formulas.

    References
    ----------
    Rezende, Mohamed (2015), "Variational Inference with Normalizing Flows", arXiv:1505.05770.

    Examples
    --------
    >>> from nflows_np.presets import radial
    >>> radial(n_layers=2).bijections
    (LinearGaussian(), Radial(), Radial())
    """
    return [LinearGaussian(), *[Radial()] * n_layers]
