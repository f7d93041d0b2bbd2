"""Radial flow."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import Flow, LinearGaussian, Radial

from ._checks import checked_layers


def radial(n_layers: int = 16, hidden_units: Sequence[int] = (), activation: str = "relu") -> Flow:
    r"""Radial flow: contractions and expansions around one point each.

    .. math:: z = x + \frac{\beta\, (x - c)}{\alpha + r}, \qquad r = \|x - c\|, \qquad
              \log|\det J| = (D - 1) \log\left(1 + \frac{\beta}{\alpha + r}\right)
              + \log\left(1 + \frac{\alpha\beta}{(\alpha + r)^2}\right)

    with :math:`\alpha > 0` and :math:`\beta > -\alpha`. Both directions are closed formulas.

    Parameters
    ----------
    n_layers : int, default=16
        Number of radial layers.
    hidden_units, activation
        Taken so that all presets are called alike, and without effect: there are no networks.

    Returns
    -------
    flow : Flow

    Raises
    ------
    ValueError
        If `n_layers` is not a positive integer.

    References
    ----------
    Rezende, Mohamed (2015), "Variational Inference with Normalizing Flows", arXiv:1505.05770.

    Examples
    --------
    >>> from nflows_np.presets import radial
    >>> radial(n_layers=2).bijections
    (LinearGaussian(), Radial(), Radial())
    """
    return Flow([LinearGaussian(), *[Radial()] * checked_layers(n_layers)])
