"""The affine transformer of RealNVP and MAF."""

from __future__ import annotations

from dataclasses import dataclass

from ._spec import Transformer


@dataclass(frozen=True, repr=False)
class Affine(Transformer):
    r"""Shift and scale of one number, with a bounded log-scale.

    .. math:: z = x\, e^{-\alpha} + t, \qquad \log\left|\frac{dz}{dx}\right| = -\alpha,
              \qquad \alpha = c \tanh(a / c), \quad c = 2

    Two parameters per feature, :math:`t` and :math:`a`; the identity at :math:`t = a = 0`. The bound
    :math:`|\alpha| < c` keeps the exponential far from overflow in float32, even after many layers. On a standard
    normal base, :math:`x` has the mean :math:`\mu = -t\, e^{\alpha}` and the standard deviation :math:`e^{\alpha}`.

    References
    ----------
    Dinh, Sohl-Dickstein, Bengio (2016), "Density estimation using Real NVP", arXiv:1605.08803, sec. 3.2.
    Papamakarios, Pavlakou, Murray (2017), "Masked Autoregressive Flow for Density Estimation",
    arXiv:1705.07057, sec. 3.1.

    Examples
    --------
    >>> from nflows_np.specs import Affine, Elementwise
    >>> Elementwise(Affine()).to_dict()["transformer"]
    {'name': 'affine'}
    """

    name = "affine"
