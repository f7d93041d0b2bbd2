"""Sylvester flow."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import Bijection, LinearGaussian, Sylvester

from ._preset import AUTO, preset_of


@preset_of(n_layers=8, hidden_units=())
def sylvester(
    n_layers: int = AUTO, hidden_units: Sequence[int] = AUTO, activation: str = AUTO
) -> list[Bijection]:
    r"""Sylvester flow: many planar shifts a layer, in orthogonal directions and with a triangular Jacobian.

    .. math:: z = x + Q R \tanh(\tilde R Q^\top x + b), \qquad
              \log|\det J| = \sum_{i=1}^M \log\bigl(1 + R_{ii} \tilde R_{ii} \tanh'_i\bigr)

    with :math:`Q` of :math:`M = \min(D, 8)` orthonormal columns, by Householder reflections, and upper triangular
    :math:`R` and :math:`\tilde R`. The map from data to latent rows is the formula above, and sampling solves it,
    by one equation for one number for each of the :math:`M` directions of a layer.

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
    return [LinearGaussian(), *[Sylvester()] * n_layers]
