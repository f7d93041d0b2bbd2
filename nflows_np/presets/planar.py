"""Planar flow."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import Bijection, LinearGaussian, Planar

from ._preset import AUTO, preset_of


@preset_of(n_layers=16, hidden_units=())
def planar(
    n_layers: int = AUTO, hidden_units: Sequence[int] = AUTO, activation: str = AUTO
) -> list[Bijection]:
    r"""Planar flow: shifts in one direction each, by how far a row is beyond a plane.

    .. math:: z = x + \hat u \tanh(w^\top x + b), \qquad
              \log|\det J| = \log\bigl(1 + w^\top \hat u\, (1 - \tanh^2(w^\top x + b))\bigr)

    with :math:`w^\top \hat u > -1`. The map from data to latent rows is the formula above, and sampling solves it
    for :math:`x`, by one equation for one number a layer.

    References
    ----------
    Rezende, Mohamed (2015), "Variational Inference with Normalizing Flows", arXiv:1505.05770.

    Examples
    --------
    >>> from nflows_np.presets import planar
    >>> planar(n_layers=2).bijections
    (LinearGaussian(), Planar(), Planar())
    """
    return [LinearGaussian(), *[Planar()] * n_layers]
