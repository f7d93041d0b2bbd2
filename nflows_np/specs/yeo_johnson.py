"""The Yeo-Johnson transformer."""

from __future__ import annotations

from dataclasses import dataclass

from ._spec import Transformer


@dataclass(frozen=True, repr=False)
class YeoJohnson(Transformer):
    r"""Yeo-Johnson power of one number: stretches one side of zero and squeezes the other.

    .. math:: z = \operatorname{sign}(x)\, \frac{(1 + |x|)^e - 1}{e}, \qquad
              e = \begin{cases} \lambda & x \ge 0 \\ 2 - \lambda & x < 0 \end{cases}, \qquad
              \log\frac{dz}{dx} = (e - 1) \log(1 + |x|)

    One parameter per feature, for :math:`\lambda = 1 + c \tanh(a / c)` with :math:`c = 0.9`; the identity at
    zero. It takes the skewness out of a column, as ``sklearn.preprocessing.PowerTransformer`` does, and its
    Jacobian is counted.

    References
    ----------
    Yeo, Johnson (2000), "A new family of power transformations to improve normality or symmetry", Biometrika
    87(4), 954-959.

    Examples
    --------
    >>> from nflows_np.specs import Elementwise, Flow, LinearGaussian, YeoJohnson
    >>> flow = Flow([Elementwise(YeoJohnson()), LinearGaussian()])
    """

    name = "yeo_johnson"
