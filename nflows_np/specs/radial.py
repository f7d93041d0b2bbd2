"""The radial flow's layer."""

from __future__ import annotations

from dataclasses import dataclass

from ._spec import Bijection


@dataclass(frozen=True, repr=False)
class Radial(Bijection):
    r"""Radial layer: rows move towards a center or away from it, the closer they are the more.

    .. math:: z = x + \frac{\beta\, (x - c)}{\alpha + r}, \qquad r = \|x - c\|, \qquad
              \log|\det J| = (D - 1) \log\left(1 + \frac{\beta}{\alpha + r}\right)
              + \log\left(1 + \frac{\alpha\beta}{(\alpha + r)^2}\right)

    with :math:`\alpha = \sqrt{D}\, e^s`, :math:`|s| < 5`, and :math:`\beta = \alpha k`. The map is invertible for
    :math:`k > -1`; the bound of the paper's appendix is here the squareplus that `Planar` has, so that
    :math:`k = 0` at the start and a layer squeezes by :math:`e^2` at most in any direction.

    Both directions cost :math:`4D` operations a row; the inverse is the positive root of a quadratic equation for
    :math:`r`. A context is ignored.

    References
    ----------
    Rezende, Mohamed (2015), "Variational Inference with Normalizing Flows", arXiv:1505.05770, sec. 4.1 and
    appendix A.2.

    Examples
    --------
    >>> from nflows_np.specs import Flow, LinearGaussian, Radial
    >>> Flow([LinearGaussian(), Radial(), Radial()]).bijections
    (LinearGaussian(), Radial(), Radial())
    """

    name = "radial"
