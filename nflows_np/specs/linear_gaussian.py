"""The linear autoregressive map: a full Gaussian."""

from __future__ import annotations

from dataclasses import dataclass

from ._spec import Bijection


@dataclass(frozen=True, repr=False)
class LinearGaussian(Bijection):
    r"""Linear Gaussian autoregressive layer: a triangular affine map, started at the data's Gaussian.

    .. math:: z_i = \Big(x_i - b_i - \sum_{j<i} A_{ij} x_j - (C c)_i\Big)\, e^{-\alpha_i}, \qquad
              \log|\det J| = -\sum_i \alpha_i

    with an optional context :math:`c`. Under a standard normal base this is a Gaussian with full covariance:
    column i is regressed on the columns before it. The data-dependent start solves those regressions, so a
    flow that begins with this layer begins at the likelihood of the Gaussian fit.

    References
    ----------
    Papamakarios, Pavlakou, Murray (2017), "Masked Autoregressive Flow for Density Estimation",
    arXiv:1705.07057, sec. 3.1 (Gaussian conditionals, here with linear means and constant scales).

    Examples
    --------
    >>> from nflows_np.specs import Flow, LinearGaussian
    >>> Flow([LinearGaussian()])
    Flow((LinearGaussian(),))
    """

    name = "linear_gaussian"
