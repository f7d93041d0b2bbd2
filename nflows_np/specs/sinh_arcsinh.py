"""The sinh-arcsinh transformer: skewness and tail weight."""

from __future__ import annotations

from dataclasses import dataclass

from ._spec import Transformer


@dataclass(frozen=True, repr=False)
class SinhArcsinh(Transformer):
    r"""Skewness and tail weight of one number: shift and stretch on the scale of asinh.

    .. math:: z = \sinh(\delta \operatorname{asinh}(x) - \epsilon), \qquad
              \log\left|\frac{dz}{dx}\right| = \log\delta + \log\cosh(\operatorname{asinh} z)
              - \log\cosh(\operatorname{asinh} x)

    Far out :math:`z` grows as :math:`|x|^\delta`: with :math:`\delta < 1` power-law tails become light ones,
    which no affine map achieves. Two parameters per feature, for :math:`\epsilon` and :math:`\log\delta`,
    bounded by :math:`c \tanh(a / c)` with :math:`c = 3` and :math:`c = 1`; the identity at zero.

    References
    ----------
    Jones, Pewsey (2009), "Sinh-arcsinh distributions", Biometrika 96(4), 761-780.

    Examples
    --------
    A flow whose first layer takes up skewed and heavy-tailed columns one by one:

    >>> from nflows_np.specs import Elementwise, Flow, LinearGaussian, SinhArcsinh
    >>> flow = Flow([LinearGaussian(), Elementwise(SinhArcsinh())])
    """

    name = "sinh_arcsinh"
