"""Planar flow."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import Flow, LinearGaussian, Planar

from ._checks import checked_layers


def planar(n_layers: int = 16, hidden_units: Sequence[int] = (), activation: str = "relu") -> Flow:
    r"""Planar flow: shifts in one direction each, by how far a row is beyond a plane.

    .. math:: z = x + \hat u \tanh(w^\top x + b), \qquad
              \log|\det J| = \log\bigl(1 + w^\top \hat u\, (1 - \tanh^2(w^\top x + b))\bigr)

    with :math:`w^\top \hat u > -1`. The map from data to latent rows is the formula above, and sampling solves it
    for :math:`x`, by one equation for one number a layer.

    Parameters
    ----------
    n_layers : int, default=16
        Number of planar layers.
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
    >>> from nflows_np.presets import planar
    >>> planar(n_layers=2).bijections
    (LinearGaussian(), Planar(), Planar())
    """
    return Flow([LinearGaussian(), *[Planar()] * checked_layers(n_layers)])
