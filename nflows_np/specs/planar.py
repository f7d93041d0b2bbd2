"""The planar flow's layer."""

from __future__ import annotations

from dataclasses import dataclass

from ._spec import Bijection


@dataclass(frozen=True, repr=False)
class Planar(Bijection):
    r"""Planar layer: rows are shifted in one direction, by how far they are beyond a plane.

    .. math:: z = x + \hat u \tanh(w^\top x + b), \qquad
              \log|\det J| = \log\bigl(1 + w^\top \hat u\, (1 - \tanh^2(w^\top x + b))\bigr)

    where :math:`\hat u` is :math:`u` with its component along :math:`w` changed so that
    :math:`w^\top \hat u > -1`, which makes the map invertible. The bound is that of the paper's appendix with the
    softplus replaced by a squareplus, :math:`m(a) = a + \sqrt{a^2 + c^2} - c` of :math:`a = w^\top u` with
    :math:`c = 1 - e^{-2}`: it is the identity to first order at the start, :math:`u = 0`, and a layer squeezes by
    :math:`e^2` at most.

    Both directions cost :math:`2D` operations a row. The inverse is exact: it solves
    :math:`t + w^\top \hat u \tanh t = w^\top z + b` for one number by Newton's method, to machine precision. A context
    is ignored.

    References
    ----------
    Rezende, Mohamed (2015), "Variational Inference with Normalizing Flows", arXiv:1505.05770, sec. 4.1 and
    appendix A.1.
    Barron (2021), "Squareplus: A Softplus-Like Algebraic Rectifier", arXiv:2112.11687.

    Examples
    --------
    >>> from nflows_np.specs import Flow, LinearGaussian, Planar
    >>> Flow([LinearGaussian(), Planar(), Planar()]).bijections
    (LinearGaussian(), Planar(), Planar())
    """

    name = "planar"
