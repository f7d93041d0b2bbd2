"""The linear flow: a Gaussian."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import Bijection, LinearGaussian

from ._preset import AUTO, preset_of


@preset_of(n_layers=1, hidden_units=())
def linear(
    n_layers: int = AUTO, hidden_units: Sequence[int] = AUTO, activation: str = AUTO
) -> list[Bijection]:
    r"""The linear flow: a Gaussian with full covariance, the baseline of every other preset.

    .. math:: z_i = \Big(x_i - b_i - \sum_{j<i} A_{ij} x_j\Big)\, e^{-\alpha_i}, \qquad
              \log|\det J| = -\sum_i \alpha_i

    A chain of linear maps is one linear map: `n_layers` has no effect.

    References
    ----------
    Papamakarios, Pavlakou, Murray (2017), "Masked Autoregressive Flow for Density Estimation",
    arXiv:1705.07057, sec. 3.1 (Gaussian conditionals, here with linear means and constant scales).

    Examples
    --------
    >>> from nflows_np.presets import linear
    >>> linear()
    Flow((LinearGaussian(),))
    """
    return [LinearGaussian()]
