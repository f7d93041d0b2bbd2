"""Sylvester flow."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import Flow, LinearGaussian, Sylvester

from ._checks import checked_layers


def sylvester(n_layers: int = 8, hidden_units: Sequence[int] = (), activation: str = "relu") -> Flow:
    r"""Sylvester flow: many planar shifts a layer, in orthogonal directions and with a triangular Jacobian.

    .. math:: z = x + Q R \tanh(\tilde R Q^\top x + b), \qquad
              \log|\det J| = \sum_{i=1}^M \log\bigl(1 + R_{ii} \tilde R_{ii} \tanh'_i\bigr)

    with :math:`Q` of :math:`M = \min(D, 8)` orthonormal columns, by Householder reflections, and upper triangular
    :math:`R` and :math:`\tilde R`. The map from data to latent rows is the formula above, and sampling solves it,
    by one equation for one number for each of the :math:`M` directions of a layer.

    Parameters
    ----------
    n_layers : int, default=8
        Number of Sylvester layers.
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
    van den Berg, Hasenclever, Tomczak, Welling (2018), "Sylvester Normalizing Flows for Variational Inference",
    arXiv:1803.05649.

    Examples
    --------
    >>> from nflows_np.presets import sylvester
    >>> sylvester(n_layers=2).bijections
    (LinearGaussian(), Sylvester(), Sylvester())
    """
    return Flow([LinearGaussian(), *[Sylvester()] * checked_layers(n_layers)])
