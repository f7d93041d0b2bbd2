"""The scaling transformer: NICE's last layer."""

from __future__ import annotations

from dataclasses import dataclass

from ._spec import Transformer


@dataclass(frozen=True, repr=False)
class Scale(Transformer):
    r"""Scale of one number, with a bounded log-scale.

    .. math:: z = x\, e^{-\alpha}, \qquad \log\left|\frac{dz}{dx}\right| = -\alpha,
              \qquad \alpha = c \tanh(a / c), \quad c = 2

    One parameter per feature, :math:`a`; the identity at :math:`a = 0`. ``Elementwise(Scale())`` is the
    diagonal scaling that ends NICE, whose couplings preserve volume.

    References
    ----------
    Dinh, Krueger, Bengio (2014), "NICE: Non-linear Independent Components Estimation", arXiv:1410.8516, sec.
    3.3.

    Examples
    --------
    >>> from nflows_np.specs import Elementwise, Scale
    >>> Elementwise(Scale())
    Elementwise(Scale())
    """

    name = "scale"
