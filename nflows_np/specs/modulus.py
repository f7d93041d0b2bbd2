"""The modulus transformer."""

from __future__ import annotations

from dataclasses import dataclass

from ._spec import Transformer


@dataclass(frozen=True, repr=False)
class Modulus(Transformer):
    r"""Modulus power of one number: pulls both tails in or stretches both.

    .. math:: z = \operatorname{sign}(x)\, \frac{(1 + |x|)^\lambda - 1}{\lambda}, \qquad
              \log\frac{dz}{dx} = (\lambda - 1) \log(1 + |x|)

    One parameter per feature, for :math:`\lambda = 1 + c \tanh(a / c)` with :math:`c = 0.9`; the identity at
    zero. It is for symmetric columns with heavy tails; `YeoJohnson` is for skewed ones.

    References
    ----------
    John, Draper (1980), "An alternative family of transformations", Journal of the Royal Statistical Society C
    29(2), 190-197.

    Examples
    --------
    >>> from nflows_np.specs import Elementwise, Flow, LinearGaussian, Modulus
    >>> flow = Flow([Elementwise(Modulus()), LinearGaussian()])
    """

    name = "modulus"
